"""Which addresses are accepted, and when two of them are one."""

import time
import unicodedata
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.addresses import LONGEST_ADDRESS, parse_address, parse_own_address
from service.core.errors import ValidationFailed

LOCAL = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789_+-", min_size=1, max_size=40)
DOMAIN = st.from_regex(r"[a-z][a-z0-9]{0,20}\.(org|example|com)", fullmatch=True)


@pytest.mark.parametrize(
    ("typed", "email", "canonical"),
    [
        ("reader@example.org", "reader@example.org", "reader@example.org"),
        ("Reader@EXAMPLE.org", "Reader@example.org", "reader@example.org"),
        ("  reader@example.org\t", "reader@example.org", "reader@example.org"),
        ("o'hara+news@example.org", "o'hara+news@example.org", "o'hara+news@example.org"),
        ("reader@bücher.example", "reader@bücher.example", "reader@xn--bcher-kva.example"),
        ("reader@xn--bcher-kva.example", "reader@bücher.example", "reader@xn--bcher-kva.example"),
        ("reader@BÜCHER.example", "reader@bücher.example", "reader@xn--bcher-kva.example"),
        ("reader@example．com", "reader@example.com", "reader@example.com"),
        ("reader@example。com", "reader@example.com", "reader@example.com"),
        ("%@example.com", "%@example.com", "%@example.com"),
    ],
)
def test_an_address_is_kept_as_typed_and_compared_in_one_form(typed: str, email: str, canonical: str) -> None:
    address = parse_own_address(typed)
    assert (address.email, address.canonical) == (email, canonical)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "reader",
        "reader@",
        "@example.org",
        "reader@localhost",
        "reader@[127.0.0.1]",
        "reader@example.org.",
        "reader@example..org",
        "reader@-example.org",
        "re ader@example.org",
        '"a b"@example.org',
        "reader(comment)@example.org",
        "Reader <reader@example.org>",
        "reader@example.org,other@example.org",
        "reader@example.org;other@example.org",
        "reader@example.org other@example.org",
        "reader@example.org\nother@example.org",
        "reader@example.org\r\nBcc: other@example.org",
        "reader@example.org%0d%0aBcc:other@example.org",
        "reader\u2028@example.org",
        "reader\x85@example.org",
        "reader\x0b@example.org",
        "reader\0@example.org",
        "reader@example.org\0",
        "reader\ud800@example.org",
        "reader\u200b@example.org",
        "reader\u202e@example.org",
        "reader\U000e0041@example.org",
        "re\u037eader@example.org",
        "reader\uff20evil@example.org",
        "reader\ufe6bevil@example.org",
        "=?utf-8?q?reader=40example.org?=@evil.example",
        f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 20}.org",
    ],
)
def test_what_could_be_read_in_another_way_is_refused(typed: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        parse_address(typed)
    assert [(e.field, e.code) for e in refused.value.errors] == [("email", "invalid_email")]


@pytest.mark.parametrize(
    "typed",
    [
        "mıke@example.org",
        "\u212aevin@example.org",
        "\u017fam@example.org",
        "stra\u00dfe@example.org",
        "o\ufb00ice@example.org",
    ],
)
def test_an_international_address_is_nobody_elses_and_gets_no_account(typed: str) -> None:
    address = parse_address(typed)
    assert address.international
    assert not address.canonical.isascii()
    with pytest.raises(ValidationFailed):
        parse_own_address(typed)


def test_a_domain_that_only_looks_the_same_is_another_domain() -> None:
    assert parse_address("reader@еxample.com").canonical == "reader@xn--xample-2of.com"


def test_the_longest_address_is_accepted_and_one_more_character_is_not() -> None:
    domain = ".".join(["b" * 60, "c" * 60, "d" * 60, "org"])
    longest = f"{'a' * (LONGEST_ADDRESS - len(domain) - 1)}@{domain}"
    assert len(parse_address(longest).email) == LONGEST_ADDRESS
    with pytest.raises(ValidationFailed):
        parse_address("a" + longest)


@pytest.mark.parametrize("typed", ["\u0301\u0327" * 30_000 + "@x.org", "a" * 1_000_000, " " * 1_000_000])
def test_an_endless_address_is_refused_before_anything_reads_it(typed: str) -> None:
    begun = time.thread_time()
    with pytest.raises(ValidationFailed):
        parse_address(typed)
    assert time.thread_time() - begun < 0.05


@given(st.text())
def test_any_text_is_an_address_or_refused(typed: str) -> None:
    try:
        address = parse_address(typed)
    except ValidationFailed:
        return
    assert len(address.email) <= LONGEST_ADDRESS
    assert address.email.count("@") >= 1
    assert not any(unicodedata.category(character).startswith("C") for character in address.canonical)


PIECES = st.sampled_from(
    [
        *(
            "reader",
            "other",
            "Ada Lovelace",
            "@",
            "example.org",
            "bücher.example",
            "xn--bcher-kva",
            "@evil.example",
        ),
        *(
            ",",
            ";",
            ":",
            "<",
            ">",
            "(",
            ")",
            '"',
            "\\",
            " ",
            "\t",
            "\r\n",
            "\0",
            "%0a",
            "=?utf-8?q?",
            "?=",
            "'",
        ),
        *(
            "Bcc:",
            "mailto:",
            "?cc=",
            "&",
            "!",
            "%",
            "*",
            "|",
            "\uff20",
            "\ufe6b",
            "\u200b",
            "\u202e",
            "。",
            "．",
            "ß",
        ),
    ]
)
TYPED = st.lists(PIECES | st.characters(), max_size=8).map("".join) | st.lists(PIECES, max_size=3).map(
    lambda pieces: "reader" + "".join(pieces) + "@example.org"
)


@pytest.mark.case("RST-05", "RST-15", "RST-16")
@given(TYPED)
def test_what_is_accepted_is_one_address_to_everybody_who_reads_it(typed: str) -> None:
    try:
        address = parse_address(typed)
    except ValidationFailed:
        return
    for spelling in (address.email, address.canonical):
        assert [found for _, found in getaddresses([spelling])] == [spelling]
        assert [found for _, found in getaddresses([f"{spelling}, second@example.net"])] == [
            spelling,
            "second@example.net",
        ]
    read_again = parse_address(address.email)
    assert read_again == address
    assert parse_address(address.canonical).canonical == address.canonical
    assert address.canonical.rpartition("@")[2].isascii()


@given(LOCAL, DOMAIN)
def test_reading_an_address_again_changes_nothing(local: str, domain: str) -> None:
    address = parse_own_address(f"{local}@{domain}")
    assert parse_own_address(address.email) == address
    assert parse_own_address(address.canonical).canonical == address.canonical


@given(LOCAL, DOMAIN)
def test_capitals_make_no_other_account(local: str, domain: str) -> None:
    canonicals = {
        parse_own_address(f"{spelling}@{domain.upper()}").canonical
        for spelling in (local, local.upper(), local.lower())
    }
    assert len(canonicals) == 1


@given(st.characters(min_codepoint=0x80, exclude_categories=["Cs"]), DOMAIN)
def test_no_character_beyond_ascii_turns_into_somebody_elses_address(character: str, domain: str) -> None:
    try:
        canonical = parse_address(f"a{character}b@{domain}").canonical
    except ValidationFailed:
        return
    assert not canonical.partition("@")[0].isascii()
