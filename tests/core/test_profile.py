"""What a reader may be called, and which language tags we read."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import ValidationFailed
from service.core.profile import LONGEST_NAME, accept_locale, accept_name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (None, None),
        ("", None),
        ("   ", None),
        (" Ada Lovelace ", "Ada Lovelace"),
        ("Zoe\u0308", "Zoë"),
        ("李小龙", "李小龙"),
        ("O'Brien-Smith Jr.", "O'Brien-Smith Jr."),
        ("نیم\u200cفاصله", "نیم\u200cفاصله"),
        ("<b>{{7*7}}</b>", "<b>{{7*7}}</b>"),
        ("${x} {% y %}", "${x} {% y %}"),
        ("x" * LONGEST_NAME, "x" * LONGEST_NAME),
    ],
)
def test_a_name_is_whatever_somebody_is_called(typed: str | None, name: str | None) -> None:
    assert accept_name(typed) == name


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("x" * (LONGEST_NAME + 1), "name_too_long"),
        ("\u0301\u0327" * 30_000, "name_too_long"),
        ("Ada\nBcc: x", "invalid_text"),
        ("Ada\rx", "invalid_text"),
        ("Ada\0", "invalid_text"),
        ("Ada\x1b[31m", "invalid_text"),
        ("Ada\u202egpj.exe", "invalid_text"),
        ("Ada\u2066x", "invalid_text"),
        ("Ada\u200b", "invalid_text"),
        ("Ada\ufeff", "invalid_text"),
        ("Ada\u2028", "invalid_text"),
        ("Ada\U000e0041", "invalid_text"),
        ("Ada\ud800", "invalid_text"),
        ("Ada\ue000", "invalid_text"),
        ("Ada\uffff", "invalid_text"),
    ],
)
@pytest.mark.case("INJ-02", "INJ-05")
def test_what_nobody_is_called_is_refused(typed: str, code: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        accept_name(typed)
    assert [(e.field, e.code) for e in refused.value.errors] == [("name", code)]


@given(st.text())
def test_an_accepted_name_is_printable_normal_and_stays(typed: str) -> None:
    try:
        name = accept_name(typed)
    except ValidationFailed:
        return
    if name is not None:
        assert name == accept_name(name)
        assert name == name.strip()
        assert unicodedata.is_normalized("NFC", name)
        assert len(name.splitlines()) == 1
        assert name.encode()


@pytest.mark.parametrize(
    ("typed", "locale"),
    [
        ("en", "en"),
        ("de-AT", "de-AT"),
        ("zh_Hant_TW", "zh-Hant-TW"),
        ("es-419", "es-419"),
        (None, None),
        ("", None),
        ("english", None),
        ("EN", None),
        ("../../etc/passwd", None),
        ("de-AT\n", None),
        ("*", None),
        ("de\0", None),
        ("x" * 5000, None),
    ],
)
@pytest.mark.case("INJ-08")
def test_a_language_tag_is_read_or_ignored(typed: str | None, locale: str | None) -> None:
    assert accept_locale(typed) == locale
