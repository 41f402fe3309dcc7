"""Every sentence readers see, and the catalogues that translate them: `python -m tests.support.messages [language...]`.

Reads the messages out of templates and code as `[tool.babel]` in pyproject.toml says, brings every catalogue up to
date, and begins one for each language named. What is new waits empty, never guessed; what is gone is taken out.
Catalogues name files but no lines, and dates stay, so that a diff shows sentences.
"""

import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from service.languages import CATALOGUES, SOURCE, shipped
from tests.support.live import ROOT

TRANSLATED = tuple(name for name in shipped() if name != SOURCE)
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "sentence": None,
    "FieldError": (3,),
    "_refuse": (3,),
}


def extract() -> Catalog:
    """Return all messages of the source."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    found = Catalog(charset="utf-8")
    method_map = [(one["pattern"], one["method"]) for one in mappings]
    options = {
        one["pattern"]: {k: v for k, v in one.items() if k not in ("pattern", "method")} for one in mappings
    }
    for folder in ("service", "templates"):
        for file, line, message, comments, context in extract_from_dir(
            ROOT / folder, method_map, options, KEYWORDS, comment_tags=("Translators:",)
        ):
            found.add(message, None, [(f"{folder}/{file}", line)], auto_comments=comments, context=context)
    return found


def read(language: str) -> Catalog:
    """Return a catalogue as it lies there."""
    with catalogue_file(language).open("rb") as file:
        return read_po(file, locale=language)


def catalogue_file(language: str) -> Path:
    return CATALOGUES / language / "LC_MESSAGES" / "messages.po"


def begin(language: str) -> Catalog:
    """Return an empty catalogue, with nothing in its head that would change by itself."""
    return Catalog(
        language,
        header_comment=f"# Masthead in {Locale.parse(language).english_name}.",
        project="Masthead",
        version="1",
        last_translator="Masthead",
        language_team=language,
        msgid_bugs_address="-",
        fuzzy=False,
    )


def bring_up_to_date(language: str, source: Catalog) -> int:
    """Write the catalogue of a language anew; return how many messages wait for a translation."""
    catalogue = read(language) if catalogue_file(language).exists() else begin(language)
    catalogue.update(source, no_fuzzy_matching=True, update_creation_date=False)
    catalogue_file(language).parent.mkdir(parents=True, exist_ok=True)
    with catalogue_file(language).open("wb") as file:
        write_po(file, catalogue, width=100, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    return len(missing(catalogue))


def missing(catalogue: Catalog) -> list[str]:
    """Return the messages without a translation, or without all their plural forms."""
    return [
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalogue
        if message.id and (message.fuzzy or not all(_forms(message.string)))
    ]


def _forms(translation: str | Sequence[str] | None) -> Sequence[str | None]:
    return (translation,) if isinstance(translation, str | None) else translation


def main(begun: list[str]) -> int:
    """Bring all catalogues up to date."""
    source = extract()
    for language in sorted({*TRANSLATED, *begun}):
        waiting = bring_up_to_date(language, source)
        print(f"{language:<6} {len(source)} messages, {waiting or 'none'} to be translated")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
