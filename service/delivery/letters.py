"""From a core `Letter` to subject, text and HTML, by Jinja templates a publisher may override.

Templates live in `letters/<name>/{subject.txt,body.txt,body.html}`. They see the letter's context, made
harmless first (`service.delivery.user_text`), and `brand`, `locale`, `direction` and `_`. Instants and the name of
a device arrive written out in the letter's language. `light`, `dark`, `fonts` and `sizes` are the design of
`service.core.design`.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from gettext import NullTranslations
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape

from service.core.brand import Brand
from service.core.design import SIZES, Fonts, Palette
from service.core.values import Letter
from service.delivery.compiled import CompiledOnce
from service.delivery.user_text import harmless, one_line
from service.delivery.wrapping import wrapped
from service.languages import direction, nearest, write_choice, write_day, write_device, write_instant

LETTER_NAME = re.compile(r"[a-z][a-z0-9_]*")
BLANK_LINES = re.compile(r"\n{3,}")
COMPILED = CompiledOnce()


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
        self._loader = ChoiceLoader([FileSystemLoader(folder) for folder in folders])
        self._brand = brand
        self._locales = tuple(locales)
        self._translations = translations
        self._pens: dict[str, _Pen] = {}

    def render(self, letter: Letter) -> RenderedLetter:
        """Render all parts.

        Raises what Jinja raises (`TemplateNotFound`, `UndefinedError`, ...): such a letter is broken.
        """
        if not LETTER_NAME.fullmatch(letter.name):
            raise ValueError("not the name of a letter")
        locale = nearest(letter.locale, self._locales) or self._locales[0]
        pen = self._pen(locale)
        context = {name: pen.write_out(name, value) for name, value in harmless(letter.context).items()}
        subject, text, html = (
            pen.environment.get_template(f"letters/{letter.name}/{part}").render(context)
            for part in ("subject.txt", "body.txt", "body.html")
        )
        return RenderedLetter(one_line(subject), BLANK_LINES.sub("\n\n", text.strip()) + "\n", html, locale)

    def _pen(self, locale: str) -> "_Pen":
        """What writes a language, made when it is first written."""
        if locale not in self._pens:
            translations = self._translations(locale) if self._translations else NullTranslations()
            environment = _environment(self._loader, self._brand, locale, translations)
            self._pens[locale] = _Pen(locale, environment, translations)
        return self._pens[locale]


@dataclass(frozen=True)
class _Pen:
    """Writes one language."""

    locale: str
    environment: Environment
    translations: NullTranslations

    def write_out(self, name: str, value: object) -> object:
        """Return a value of a letter's context in words."""
        if isinstance(value, datetime):
            return write_instant(value, self.locale)
        if isinstance(value, date):
            return write_day(value, self.locale)
        if name == "device" and isinstance(value, str):
            return write_device(value, self.translations.gettext)
        return value


def _environment(
    loader: ChoiceLoader, brand: Brand, locale: str, translations: NullTranslations
) -> Environment:
    environment = Environment(
        loader=loader,
        autoescape=select_autoescape(enabled_extensions=("html",), default=False),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
        bytecode_cache=COMPILED,
    )
    palette = Palette.of(brand.accent)
    environment.globals.update(
        brand=brand,
        locale=locale,
        direction=direction(locale),
        light=palette.light,
        dark=palette.dark,
        fonts=Fonts(),
        sizes={name: step.px for name, step in SIZES.items()},
    )
    environment.filters.update(choice=lambda names: write_choice(list(names), locale), wrapped=wrapped)
    environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    return environment
