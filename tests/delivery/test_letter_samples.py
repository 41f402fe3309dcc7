"""Every letter in every variant and every language, as mail programs need it."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from service.delivery.letters import Letters
from service.delivery.samples import SAMPLES, Sample
from service.delivery.wrapping import columns, wrapped
from service.languages import catalogue, direction, shipped
from tests.delivery.office import BRAND, TEMPLATES

VOID = {"meta", "br", "img", "hr", "link", "input"}
every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
every_language = pytest.mark.parametrize("language", shipped())


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters(TEMPLATES, None, BRAND, locales=shipped(), translations=catalogue)


def test_every_folder_of_letters_has_a_sample() -> None:
    folders = {place.name for place in (TEMPLATES / "letters").iterdir() if place.is_dir()}
    assert folders == {sample.letter for sample in SAMPLES}


def test_samples_have_names_of_their_own() -> None:
    assert len({sample.name for sample in SAMPLES}) == len(SAMPLES)


@every_language
@every_sample
def test_every_sample_can_be_written(letters: Letters, sample: Sample, language: str) -> None:
    rendered = letters.render(sample.in_language(language))
    links = [value for value in sample.context.values() if str(value).startswith("https:")]
    assert rendered.locale == language
    assert rendered.subject
    assert "\n" not in rendered.subject
    assert "%(" not in rendered.text + rendered.html
    in_text, in_html = ([link for link in links if link in part] for part in (rendered.text, rendered.html))
    assert in_text == in_html
    assert bool(in_text) == bool(links)


@every_language
@every_sample
def test_lines_of_text_are_short_but_for_links(letters: Letters, sample: Sample, language: str) -> None:
    text = letters.render(sample.in_language(language)).text
    assert [line for line in text.splitlines() if columns(line) > 78 and "://" not in line] == []


class Checker(HTMLParser):
    """Knows what is open, what is remote, and what mail programs cannot do."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tables: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert tag not in ("img", "script", "link", "svg", "iframe", "form", "video")
        assert not {"src", "background", "onclick"} & given.keys()
        assert "url(" not in (given.get("style") or "")
        if tag == "table":
            self.tables.append(given)
            assert given.get("role") == "presentation"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@every_language
@every_sample
def test_pages_are_whole_remote_nothing_and_say_their_direction(
    letters: Letters, sample: Sample, language: str
) -> None:
    html = letters.render(sample.in_language(language)).html
    checker = Checker()
    checker.feed(re.sub(r"<!--\[if mso\]>.*?<!\[endif\]-->", "", html))
    assert checker.open == []
    # web mail drops html and body, so the tables below say it again
    assert [table.get("dir") for table in checker.tables[:2]] == [direction(language)] * 2
    assert checker.tables[0].get("bgcolor")
    assert f'<html lang="{language}" dir="{direction(language)}">' in html
    assert f'align="{"right" if direction(language) == "rtl" else "left"}"' in html
    assert "prefers-color-scheme: dark" in html


def test_times_and_devices_are_in_the_language_of_the_letter(letters: Letters) -> None:
    changed = next(sample for sample in SAMPLES if sample.letter == "password_changed")
    english, german = (letters.render(changed.in_language(language)).text for language in ("en", "de"))
    assert "When: 22 November 2026, 21:10 UTC" in english
    assert "Firefox on Windows" in english
    assert "Wann: 22. November 2026, 21:10 UTC" in german
    assert "Firefox unter Windows" in german


def test_providers_are_joined_as_the_language_does(letters: Letters) -> None:
    providers_only = next(sample for sample in SAMPLES if sample.name == "password_reset-providers_only")
    assert "Apple oder Google" in letters.render(providers_only.in_language("de-CH")).text


def test_a_publisher_overrides_one_part_and_the_others_stay_translated(tmp_path: Path) -> None:
    part = tmp_path / "letters" / "password_reset" / "body.txt"
    part.parent.mkdir(parents=True)
    part.write_text("{{ _('Hello,') }} {{ link }}")
    own = Letters(TEMPLATES, tmp_path, BRAND, locales=shipped(), translations=catalogue)
    rendered = own.render(SAMPLES[0].in_language("de"))
    assert rendered.text == f"Guten Tag, {SAMPLES[0].context['link']}\n"
    assert "Wählen Sie ein neues Passwort" in rendered.subject
    assert "Wählen Sie ein neues Passwort" in rendered.html


def test_scripts_without_spaces_are_wrapped_and_links_stay_whole() -> None:
    link = "https://accounts.example.org/reset-password?token=" + "a" * 90
    lines = wrapped("これは長い文です。" * 12 + "\n" + link).splitlines()
    assert lines[-1] == link
    assert len(lines) > 2
    assert all(columns(line) <= 72 for line in lines[:-1])
    assert not any(line.startswith("。") for line in lines)
    assert "".join(lines[:-1]) == "これは長い文です。" * 12
