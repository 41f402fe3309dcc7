"""Whose letter it is: a letter goes to the stored address of the account that was meant, or nowhere."""

import time

import pytest

from tests.flows.forgotten import (
    FORGOT,
    OLD,
    OTHER,
    READER,
    as_json,
    field_codes,
)

case = pytest.mark.case

LONG_DOMAIN = ".".join(["d" * 61, "e" * 61, "f" * 57, "example"])
LONGEST = f"{'l' * 64}@{LONG_DOMAIN}"
assert len(LONGEST) == 254


def group(name: str, id, *addresses: object) -> object:
    return pytest.param(addresses, marks=case(name), id=id)


REFUSED = [
    group(
        "RST-05",
        "two_addresses_in_one",
        *(f"{READER}{mark}{OTHER}" for mark in (",", ", ", ";", " ", "|", "%0a", "%2c", "\t")),
    ),
    group(
        "RST-07",
        "line_ends",
        *(f"{READER}{end}Bcc: {OTHER}" for end in ("\r\n", "\n", "\r", "\u2028", "\x85", "\v", "\f")),
        f"{READER}%0d%0aBcc:{OTHER}",
        f"reader\r\nBcc: {OTHER}\r\n@example.org",
        f"{READER}\r\n",
        f"\n{READER}",
    ),
    group("RST-15", "normalised_into_a_semicolon", "reader\u037eother@example.org"),
    group("RST-16", "normalised_into_an_at", "reader\uff20example.net@example.org", "a\ufe6bb@example.org"),
    group("RST-17", "encoded_word", "=?utf-8?q?reader=40example.org=3e=20?=@example.net"),
    group(
        "RST-20",
        "invisible",
        "read\u200ber@example.org",
        f"\u202e{READER}",
        "reader\u2066@example.org",
        "reader\U000e0041@example.org",
        "reader@exam\u00adple.org",
        f"\ufeff{READER}",
    ),
    group("RST-22", "too_long", "l" + LONGEST, "a" * 60_000),
    group(
        "RST-24",
        "unusual_syntax",
        '"reader"@example.org',
        '"read er"@example.org',
        "reader(comment)@example.org",
        "user@[127.0.0.1]",
        "user@[IPv6:::1]",
        "user@localhost",
        f"Reader <{READER}>",
        f"<{READER}>",
        f"mailto:{READER}",
        f"{READER}.",
        "reader.@example.org",
        "re..ader@example.org",
        "@example.org",
        "reader@",
        "reader",
    ),
]


@pytest.mark.parametrize("addresses", REFUSED)
def test_what_is_not_exactly_one_plain_address_is_refused_and_no_server_hears_of_it(
    forgotten_on_sqlite, addresses
):
    forgotten = forgotten_on_sqlite
    forgotten.join()
    for address in addresses:
        assert field_codes(forgotten.ask(address)) == ["invalid_email"], ascii(address)
        assert forgotten.ask_by_page(("email", address)).status_code == 422, ascii(address)
    assert forgotten.rows("outbox") == []
    assert forgotten.nobody_heard()


@pytest.mark.parametrize(
    "addresses",
    [
        group(
            "RST-18", "nul", f"{READER}\0@example.net", f"{READER}\0", f"\0{READER}", "read\0er@example.org"
        ),
        group(
            "RST-19",
            "unpaired_surrogate",
            "a\ud800@example.org",
            "a@ex\udfff.org",
            "\udc00\ud800@example.org",
        ),
    ],
)
def test_what_a_database_cannot_hold_is_refused_before_it_gets_there(forgotten, addresses):
    for address in addresses:
        assert field_codes(forgotten.ask(address)) == ["invalid_email"], ascii(address)
        assert forgotten.ask_by_page(("email", address)).status_code in (200, 422), ascii(address)
    assert forgotten.nobody_heard()


LOOKALIKES = {
    "mike": ["m\u0131ke", "m\u0130ke"],
    "kevin": ["\u212aevin"],
    "susi": ["\u017fusi", "su\u017fi"],
    "strasse": ["stra\u00dfe", "stra\u1e9ee"],
    "off": ["o\ufb00"],
    "office": ["o\ufb03ce"],
    "finn": ["\ufb01nn"],
    "flo": ["\ufb02o"],
    "waffle": ["wa\ufb04e"],
    "astor": ["a\ufb05or", "a\ufb06or"],
    "anna": ["\uff41nna", "\u0430nna", "a\u0301nna"],
}


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["mike"], marks=case("RST-09"), id="dotless_i"),
        pytest.param(["kevin"], marks=case("RST-10"), id="kelvin_sign"),
        pytest.param([name for name in LOOKALIKES if name not in ("mike", "kevin")], marks=case("RST-11")),
    ],
)
def test_an_address_that_only_folds_into_a_readers_is_somebody_elses(forgotten, names):
    for name in names:
        forgotten.join(f"{name}@example.org")
        for lookalike in LOOKALIKES[name]:
            assert forgotten.ask(f"{lookalike}@example.org").status_code == 202
    assert forgotten.nobody_heard()
    assert set(forgotten.outcomes()) == {"no_account"}
    for name in names:
        assert forgotten.ask(f"{name}@example.org").status_code == 202
    forgotten.service.deliver()
    assert [letter.recipients for letter in forgotten.mailbox.messages] == [
        (f"{name}@example.org",) for name in names
    ]


@pytest.mark.parametrize(
    ("stored", "spellings"),
    [
        pytest.param(
            READER,
            [
                "reader@example\uff0eorg",
                "reader@example\u3002org",
                "reader@\u212fxample.org",
                "reader@ex\u00aample.org",
            ],
            marks=case("RST-12"),
            id="compatibility_forms",
        ),
        pytest.param(
            "leser@m\u00fcnchen.example",
            ["leser@xn--mnchen-3ya.example", "leser@M\u00dcNCHEN.example", "LESER@mu\u0308nchen.example"],
            marks=case("RST-14"),
            id="punycode",
        ),
        pytest.param(
            "Mike@example.org",
            ["mike@example.org", "MIKE@EXAMPLE.ORG", "  mike@example.org\t", "mike@Example.Org"],
            marks=case("RST-21"),
            id="case_and_spaces",
        ),
    ],
)
def test_every_spelling_of_an_address_is_one_account_and_the_stored_one_gets_the_letter(
    forgotten, stored, spellings
):
    forgotten.join(stored)
    on_the_wire = stored.replace("m\u00fcnchen", "xn--mnchen-3ya")
    for number, spelling in enumerate(spellings, start=1):
        assert forgotten.ask(spelling).status_code == 202
        forgotten.service.deliver()
        assert len(forgotten.mailbox.messages) == number, ascii(spelling)
        assert forgotten.mailbox.messages[-1].recipients == (on_the_wire,), ascii(spelling)
    twin = {"email": spellings[0], "password": OLD}
    assert forgotten.service.client().post("/api/v1/signup", twin).status_code == 202
    forgotten.service.deliver()
    letter = forgotten.mailbox.messages[-1]
    assert letter.recipients == (on_the_wire,)
    assert "/signup/confirm" not in letter.raw.decode()
    assert len(forgotten.rows("users")) == 1


@case("RST-13")
def test_a_domain_that_only_looks_like_the_readers_is_another_one(forgotten):
    forgotten.join()
    assert forgotten.ask("reader@\u0435xample.org").status_code == 202
    assert forgotten.nobody_heard()


@case("RST-25")
def test_a_pattern_matches_nobody(forgotten):
    forgotten.join()
    for pattern in ("%@example.org", "_eader@example.org", "'or'1'='1@example.org", "*@example.org"):
        assert forgotten.ask(pattern).status_code == 202
    for statement in ("' OR 1=1--", '") OR (""="', f"{READER}'; DROP TABLE users; --"):
        assert forgotten.ask(statement).status_code == 422
    assert forgotten.nobody_heard()
    assert forgotten.outcomes() == ["no_account"] * 4


@case("RST-22")
def test_the_longest_address_gets_its_letter(forgotten):
    forgotten.join(LONGEST)
    assert forgotten.ask(LONGEST).status_code == 202
    forgotten.service.deliver()
    assert [letter.recipients for letter in forgotten.mailbox.messages] == [(LONGEST,)]


@pytest.mark.parametrize(
    ("email", "statuses"),
    [
        pytest.param("a" * 65_536, {413}, marks=case("RST-22"), id="64_KiB"),
        pytest.param("\u0301\u0327" * 15_000 + "@example.org", {413, 422}, marks=case("RST-23"), id="marks"),
        pytest.param(
            "a\u0301\u0327" * 60 + "@example.org", {422}, marks=case("RST-23"), id="marks_in_the_cap"
        ),
    ],
)
def test_a_huge_address_costs_next_to_nothing(forgotten_on_sqlite, email, statuses):
    client = forgotten_on_sqlite.service.client()
    client.post(FORGOT, **as_json(email="warm-up"))
    began = time.thread_time()
    for _ in range(5):
        assert client.post(FORGOT, **as_json(email=email)).status_code in statuses
    assert (time.thread_time() - began) / 5 < 0.05, "seconds of CPU"
