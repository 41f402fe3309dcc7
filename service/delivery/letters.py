"""From a core `Letter` to subject, text and HTML, by Jinja templates a publisher may override.

Templates live in `letters/<name>/{subject.txt,body.txt,body.html}`. They see the letter's context, made
harmless first (`service.delivery.user_text`), and `brand`, `locale`, `direction` and `_`.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from gettext import NullTranslations
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape

from service.core.brand import Brand
from service.core.values import Letter
from service.delivery.user_text import harmless, one_line

LETTER_NAME = re.compile(r"[a-z][a-z0-9_]*")
RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class RenderedLetter:
    """What a letter says, in the language `locale`."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    locale: str


class Letters:
    """The letters of one publisher.

    `templates` is the folder that holds `letters/`; `overrides`, laid out alike, is searched first.
    `locales` are the languages written in, the default first: a letter in another one falls back to its
    language without region, then to the default. `translations` gives the catalogue of a
    locale; without it letters are in the language they were written in.
    """

    def __init__(
        self,
        templates: Path,
        overrides: Path | None,
        brand: Brand,
        *,
        locales: Collection[str] = ("en",),
        translations: Callable[[str], NullTranslations] | None = None,
    ) -> None:
        folders = [folder for folder in (overrides, templates) if folder is not None]
        loader = ChoiceLoader([FileSystemLoader(folder) for folder in folders])
        self._default = next(iter(locales))
        self._environments = {
            locale: _environment(
                loader, brand, locale, translations(locale) if translations else NullTranslations()
            )
            for locale in locales
        }

    def render(self, letter: Letter) -> RenderedLetter:
        """Render all parts.

        Raises what Jinja raises (`TemplateNotFound`, `UndefinedError`, ...): such a letter is broken.
        """
        if not LETTER_NAME.fullmatch(letter.name):
            raise ValueError("not the name of a letter")
        locale = self._written(letter.locale)
        environment = self._environments[locale]
        context = harmless(letter.context)
        subject, text, html = (
            environment.get_template(f"letters/{letter.name}/{part}").render(context)
            for part in ("subject.txt", "body.txt", "body.html")
        )
        return RenderedLetter(one_line(subject), BLANK_LINES.sub("\n\n", text.strip()) + "\n", html, locale)

    def _written(self, locale: str) -> str:
        wanted = locale.replace("_", "-").lower()
        known = {name.replace("_", "-").lower(): name for name in self._environments}
        return known.get(wanted) or known.get(wanted.partition("-")[0]) or self._default


def _environment(
    loader: ChoiceLoader, brand: Brand, locale: str, translations: NullTranslations
) -> Environment:
    environment = Environment(
        loader=loader,
        autoescape=select_autoescape(enabled_extensions=("html",), default=False),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    environment.globals.update(brand=brand, locale=locale, direction=_direction(locale))
    environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    return environment


def _direction(locale: str) -> str:
    language = re.split("[-_]", locale)[0].lower()
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"
