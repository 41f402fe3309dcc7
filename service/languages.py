"""The languages Masthead speaks: which there are, which fits a reader, their catalogues and ways of writing.

English is the source: a message's id is its English sentence, so English needs no catalogue. The catalogues are
`translations/<language>/LC_MESSAGES/messages.po`, read when a language is first used: nothing to compile, nothing
that could be out of date. `make messages` keeps them; see CONTRIBUTING.md.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_time, format_timedelta, get_datetime_format
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from service.core.devices import BOTH

CATALOGUES = Path(__file__).parent / "translations"
SOURCE = "en"
DATES = {"en": "en_GB"}  # day, month, year: what most readers of English expect, and nobody misreads


def shipped() -> tuple[str, ...]:
    """Every language there is, the source first."""
    return (SOURCE, *sorted(file.parents[1].name for file in CATALOGUES.glob("*/LC_MESSAGES/messages.po")))


def nearest(tag: str | None, offered: Iterable[str]) -> str | None:
    """Return the offered language that a language tag (BCP 47) asks for, with or without its region."""
    if not tag:
        return None
    wanted = tag.replace("_", "-").lower()
    known = _by_tag(tuple(offered))
    return known.get(wanted) or known.get(wanted.partition("-")[0])


@lru_cache(maxsize=16)
def _by_tag(names: tuple[str, ...]) -> dict[str, str]:
    return {name.replace("_", "-").lower(): name for name in names}


@dataclass(frozen=True)
class Languages:
    """The languages a publisher offers, the default first."""

    offered: tuple[str, ...]

    @property
    def default(self) -> str:
        return self.offered[0]

    def best(self, tags: Iterable[str | None]) -> str:
        """Return the first language offered among `tags`, the default when there is none."""
        return next(filter(None, (nearest(tag, self.offered) for tag in tags)), self.default)


def choose(default: str, wanted: Sequence[str]) -> Languages:
    """Offer the languages of `AUTH_DEFAULT_LOCALE` and `AUTH_LOCALES`. Raises `ValueError` with the mend."""
    there = shipped()
    unknown = [tag for tag in wanted if nearest(tag, there) is None]
    if unknown:
        raise ValueError(f"AUTH_LOCALES: {', '.join(unknown)} not among {', '.join(there)}; leave it out")
    offered = tuple(dict.fromkeys(nearest(tag, there) or SOURCE for tag in wanted)) or there
    first = nearest(default, offered)
    if first is None:
        raise ValueError(f"AUTH_DEFAULT_LOCALE: {default} is not offered; choose one of {', '.join(offered)}")
    return Languages((first, *(name for name in offered if name != first)))


@lru_cache
def catalogue(language: str) -> NullTranslations:
    """Return the translations into a shipped language."""
    if language == SOURCE:
        return NullTranslations()
    compiled = BytesIO()
    with (CATALOGUES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def direction(language: str) -> str:
    """Return "rtl" or "ltr"."""
    return Locale.parse(language.replace("-", "_")).text_direction


def write_day(at: date, language: str) -> str:
    """22 November 2026."""
    return format_date(at, "long", locale=_dates(language))


def write_instant(at: datetime, language: str) -> str:
    """22 November 2026, 21:10 UTC."""
    locale = _dates(language)
    at = at.astimezone(UTC)
    time = format_time(at, "short", tzinfo=UTC, locale=locale)
    pattern = str(get_datetime_format("long", locale=locale))
    return pattern.replace("{0}", f"{time} UTC").replace("{1}", format_date(at, "long", locale=locale))


def write_ago(at: datetime, now: datetime, language: str) -> str:
    """3 hours ago."""
    return format_timedelta(at - now, add_direction=True, locale=_dates(language))


def write_choice(names: Sequence[str], language: str) -> str:
    """Apple or Google."""
    return format_list(names, style="or", locale=_dates(language))


def write_device(description: str, gettext: Callable[[str], str]) -> str:
    """Translate what `service.core.devices` says: "Firefox unter Windows"."""
    browser, on, system = description.partition(" on ")
    if not on:
        return gettext(description)
    return gettext(BOTH) % {"browser": browser, "system": system}


def _dates(language: str) -> str:
    return DATES.get(language, language.replace("-", "_"))
