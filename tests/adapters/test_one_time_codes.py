"""Codes of authenticator apps: the RFC's own examples, one step of tolerance, and whatever people type."""

from base64 import b32decode, b32encode
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.adapters.one_time_codes import AppCodes, digits_of

CODES = AppCodes("The Masthead")
SECRET = b32encode(b"12345678901234567890").decode()  # of the examples in RFC 6238, appendix B
STEP = timedelta(seconds=30)
SPELLINGS = (
    *("050 471", " 050471 ", "0 5 0 4 7 1", "050-471", "050\u00a0471", "\u200e050471\u200f"),
    *("０５０４７１", "٠٥٠٤٧١", "०५०४७१"),
)
NO_CODES = (
    *(
        "",
        "05047",
        "0504711",
        "05047x",
        "x050471",
        "-50471",
        "+50471",
        "0x5047",
        "5e4711",
        "050.471",
        "050,471",
    ),
    *("050471" + " " * 40, "\0" * 6, "０５０４７", "Ⅷ50471", "⁰⁵⁰⁴⁷¹", "①②③④⑤⑥"),
)
EXAMPLES = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


@pytest.mark.parametrize(("second", "code"), EXAMPLES.items())
def test_the_examples_of_the_rfc_hold(second, code):
    assert CODES.step(SECRET, code, datetime.fromtimestamp(second, UTC)) == second // 30


@pytest.mark.case("MFA-13")
@pytest.mark.parametrize(
    ("late", "good"), [(-31, False), (-30, True), (-1, True), (0, True), (59, True), (60, False)]
)
def test_a_code_is_good_in_its_step_and_the_ones_beside_it(late, good):
    began = datetime.fromtimestamp(1111111110, UTC)  # of the half minute whose code this is
    found = CODES.step(SECRET, "050471", began + timedelta(seconds=late))
    assert (found is not None) is good


def test_the_step_is_the_code_s_not_the_clock_s():
    for off in (-STEP, timedelta(), STEP):
        at = datetime.fromtimestamp(1111111111, UTC) + off
        assert CODES.step(SECRET, "050471", at) == 1111111111 // 30


@pytest.mark.case("MFA-02")
@pytest.mark.parametrize("typed", NO_CODES)
def test_what_is_no_code_is_none(typed):
    assert digits_of(typed) is None
    assert CODES.step(SECRET, typed, datetime.fromtimestamp(1111111111, UTC)) is None


@given(st.text(max_size=40))
def test_whatever_is_typed_is_six_digits_or_nothing(typed):
    digits = digits_of(typed)
    assert digits is None or (len(digits) == 6 and digits.isascii() and digits.isdigit())


def test_secrets_are_160_fresh_bits():
    secrets = {CODES.new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(b32decode(secret)) for secret in secrets} == {20}


@pytest.mark.parametrize("account", ["reader@example.org", "Ada & Ben?/#:", "読者", "a:b"])
def test_an_app_reads_who_and_where_from_the_address(account):
    uri = urlsplit(CODES.uri(SECRET, account))
    assert (uri.scheme, uri.netloc, uri.fragment) == ("otpauth", "totp", "")
    assert unquote(uri.path) == f"/The Masthead:{account}"
    assert parse_qs(uri.query) == {"secret": [SECRET], "issuer": ["The Masthead"]}
