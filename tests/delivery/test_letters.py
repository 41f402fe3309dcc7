"""Letters in words: which template, which language, and what becomes of what people typed."""

from datetime import UTC, datetime
from gettext import NullTranslations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import TemplateNotFound, UndefinedError

from service.core.values import Letter
from service.delivery.letters import Letters
from service.delivery.user_text import harmless, one_line, unlinked
from tests.delivery.office import BRAND, TEMPLATES

LINK = "https://example.org/reset-password?token=abc.def-_"


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    """A letter that shows what it gets."""
    folder = tmp_path / "templates"
    write(
        folder,
        "greeting",
        "Hello\n  {{ name }}\n",
        "{{ name }} {{ link }}",
        "<p>{{ name }} <a>{{ link }}</a>",
    )
    return folder


def write(folder: Path, name: str, subject: str, text: str, html: str) -> None:
    place = folder / "letters" / name
    place.mkdir(parents=True)
    for part, content in (("subject.txt", subject), ("body.txt", text), ("body.html", html)):
        (place / part).write_text(content)


def letter(kind: str = "greeting", /, locale: str = "en", **context: Any) -> Letter:
    return Letter(kind, "ada@example.org", locale, {"name": "Ada", "link": LINK, **context})


def test_a_letter_has_a_subject_on_one_line_a_text_and_a_page(templates: Path) -> None:
    rendered = Letters(templates, None, BRAND).render(letter())
    assert rendered.subject == "Hello Ada"
    assert rendered.text == f"Ada {LINK}\n"
    assert rendered.html == f"<p>Ada <a>{LINK}</a>"


def test_a_publisher_overrides_single_files(templates: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "letters" / "greeting").mkdir(parents=True)
    (own / "letters" / "greeting" / "subject.txt").write_text("Dear {{ name }} of {{ brand.site_name }}")
    rendered = Letters(templates, own, BRAND).render(letter())
    assert rendered.subject == "Dear Ada of The Masthead"
    assert rendered.text == f"Ada {LINK}\n"


@pytest.mark.case("FLT-08")
def test_a_value_that_is_missing_is_an_error_and_not_a_gap(templates: Path) -> None:
    with pytest.raises(UndefinedError):
        Letters(templates, None, BRAND).render(Letter("greeting", "ada@example.org", "en", {"name": "Ada"}))


@pytest.mark.case("INJ-08")
@pytest.mark.parametrize("name", ["../greeting", "greeting/..", "/etc", "Greeting", "", "gre\0eting"])
def test_a_letter_s_name_leads_nowhere_else(templates: Path, name: str) -> None:
    with pytest.raises(ValueError):
        Letters(templates, None, BRAND).render(letter(name))


def test_an_unknown_letter_is_an_error(templates: Path) -> None:
    with pytest.raises(TemplateNotFound):
        Letters(templates, None, BRAND).render(letter("other"))


@pytest.mark.case("INJ-08")
@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("DE_at", "de"),
        ("ar-EG", "ar"),
        ("pt-BR", "pt-BR"),
        ("pt", "en"),
        ("xx", "en"),
        ("", "en"),
        ("../de", "en"),
    ],
)
def test_a_letter_is_in_the_nearest_language_there_is(tmp_path: Path, asked: str, written: str) -> None:
    write(tmp_path, "greeting", "{{ locale }} {{ direction }}", "{{ _('Hello,') }}", "x")
    letters = Letters(tmp_path, None, BRAND, locales=("en", "de", "ar", "pt-BR"), translations=Upper)
    rendered = letters.render(letter(locale=asked))
    assert rendered.locale == written
    assert rendered.subject == f"{written} {'rtl' if written == 'ar' else 'ltr'}"
    assert rendered.text == f"{written}: HELLO,\n"


class Upper(NullTranslations):
    """A language that shouts."""

    def __init__(self, locale: str) -> None:
        super().__init__()
        self.locale = locale

    def gettext(self, message: str) -> str:
        return f"{self.locale}: {message.upper()}"


def test_translated_sentences_escape_their_values_in_pages_only(tmp_path: Path) -> None:
    sentence = "{% trans name=name %}Hello {{ name }}{% endtrans %}"
    write(tmp_path, "greeting", sentence, sentence, sentence)
    rendered = Letters(tmp_path, None, BRAND).render(letter(name="A & <b>"))
    assert rendered.subject == "Hello A & <b>"
    assert rendered.html == "Hello A &amp; &lt;b&gt;"


@pytest.mark.case("INJ-01", "RST-30")
@pytest.mark.parametrize("name", ["{{ 7*7 }}", "{% raw %}", "${7*7}", "#{7*7}", "%(link)s", "{{ config }}"])
def test_a_name_is_no_template(templates: Path, name: str) -> None:
    rendered = Letters(templates, None, BRAND).render(letter(name=name))
    assert name in rendered.text
    assert "49" not in rendered.text + rendered.html + rendered.subject


@pytest.mark.case("INJ-02", "RST-30")
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("http://evil.example/x", "http: //evil. example/x"),
        ("HTTPS:\\\\evil.example", "HTTPS: \\\\evil. example"),
        ("www.evil.example", "www. evil. example"),
        ("evil.xn--p1ai", "evil. xn--p1ai"),
        ("evil\uff0eexample", "evil\uff0e example"),
        ("eve@evil.example", "eve@ evil. example"),
        ("mailto:eve@evil", "mailto:eve@ evil"),
        ("Ev\u200bil\u202e\u2066 \ufeffMallory\u00ad", "Evil Mallory"),
        ("Eve\r\nBcc: x\u2028y\x85z\x00", "Eve Bcc: x y z"),
        ("\U000e0041\U000e0042Eve\u3164\u115f", "Eve"),
        ("J.R.R. Tolkien", "J. R. R. Tolkien"),
        ("Zoë Ångström-O'Neil, Jr.", "Zoë Ångström-O'Neil, Jr."),
        ("小説家", "小説家"),
        ("دانيال", "دانيال"),
        ("At 12:30 from 192.0.2.7 or 2001:db8::7", "At 12:30 from 192.0.2.7 or 2001:db8::7"),
    ],
)
def test_a_name_is_no_link_and_hides_nothing(templates: Path, name: str, shown: str) -> None:
    rendered = Letters(templates, None, BRAND).render(letter(name=name))
    assert rendered.text == f"{shown} {LINK}\n"
    assert rendered.subject == f"Hello {shown}"


@pytest.mark.case("INJ-02")
def test_only_what_is_a_link_or_address_keeps_its_form_under_that_name() -> None:
    assert harmless(
        {
            "link": LINK,
            "forgot_link": "javascript:alert(1).evil.example",
            "site_url": "https://evil.example and more.evil.example",
            "email": "ada@example.org",
            "new_email": "look at http://evil.example",
            "providers": ["Google", "evil.example"],
            "nested": {"link": LINK, "name": "evil.example"},
            "at": datetime(2026, 11, 22, tzinfo=UTC),
            "minutes": 60,
            "verified": True,
            "nothing": None,
            "object": Path("evil.example"),
        }
    ) == {
        "link": LINK,
        "forgot_link": "javascript:alert(1). evil. example",
        "site_url": "https: //evil. example and more. evil. example",
        "email": "ada@example.org",
        "new_email": "look at http: //evil. example",
        "providers": ["Google", "evil. example"],
        "nested": {"link": LINK, "name": "evil. example"},
        "at": datetime(2026, 11, 22, tzinfo=UTC),
        "minutes": 60,
        "verified": True,
        "nothing": None,
        "object": "evil. example",
    }


@pytest.mark.case("INJ-02")
@settings(deadline=None)
@given(st.text())
@example("a \u200b\rb")
def test_any_text_becomes_one_printable_line(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert one_line(line) == line
    assert unlinked(unlinked(line)) == unlinked(line)


CONTEXTS: dict[str, dict[str, Any]] = {
    "password_reset": {"link": LINK, "minutes": 60, "has_password": True, "providers": [], "verified": True},
    "password_changed": {"when_text": "now", "device": "Firefox", "ip": "::1", "forgot_link": LINK},
    "signup_confirm": {"link": LINK, "hours": 24},
    "already_registered": {"login_link": LINK, "forgot_link": LINK, "has_password": True},
    "account_disabled": {"reason": "disabled"},
    "no_account": {"signup_link": LINK},
    "mail_test": {"server": "SmtpTransport(smtp:25)"},
}


@pytest.mark.case("RST-30")
@pytest.mark.parametrize("name", sorted(CONTEXTS))
def test_every_letter_of_ours_can_be_written_to_somebody_nasty(name: str) -> None:
    context = {"name": "<b>http://evil.example\u202e</b>", **CONTEXTS[name]}
    rendered = Letters(TEMPLATES, None, BRAND).render(Letter(name, "ada@example.org", "en", context))
    everything = rendered.subject + rendered.text + rendered.html
    assert rendered.subject
    assert "<b>" not in rendered.html
    assert "evil.example" not in everything
    assert "\u202e" not in everything
    assert [word for word in rendered.text.split() if word.startswith("http")] in ([], [LINK], [LINK, LINK])


def test_every_folder_of_letters_is_among_them() -> None:
    folders = {place.name for place in (TEMPLATES / "letters").iterdir() if place.is_dir()}
    assert folders == set(CONTEXTS)
