"""Recovery codes: long enough to need no slow hash, and read as people write them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.recovery_codes import LONGEST, new_codes, plain
from service.core.second_factors import Method, method_of

BITS_PER_SIGN = 5


@pytest.mark.case("MFA-05")
def test_there_are_ten_of_a_hundred_and_twenty_bits_and_none_twice():
    codes = [code for _ in range(50) for code in new_codes()]
    assert len(codes) == len(set(codes)) == 500
    for code in codes:
        assert re.fullmatch("[a-z2-7]{6}(-[a-z2-7]{6}){3}", code)
        assert len(plain(code)) * BITS_PER_SIGN >= 112


def test_every_sign_appears_at_every_place():
    codes = [plain(code) for _ in range(60) for code in new_codes()]
    assert {len({code[at] for code in codes}) for at in range(24)} == {32}


@pytest.mark.case("MFA-05", "MFA-02")
@pytest.mark.parametrize(
    "typed",
    [
        "k3vq7x-ram2ph-c4tzwd-oy5bne",
        "K3VQ7X-RAM2PH-C4TZWD-OY5BNE",
        "k3vq7xram2phc4tzwdoy5bne",
        " k3vq7x ram2ph\tc4tzwd oy5bne\n",
        "k3vq7x–ram2ph—c4tzwd−oy5bne",
    ],
)
def test_a_code_is_the_same_however_it_is_typed(typed):
    assert plain(typed) == "k3vq7xram2phc4tzwdoy5bne"
    assert method_of(typed) is Method.RECOVERY_CODE


@pytest.mark.parametrize("typed", ["123456", "123 456", "１２３４５６", "", "-" * 60, "12345678"])
def test_what_is_short_is_an_app_s_code(typed):
    assert method_of(typed) is Method.TOTP


@given(st.text(max_size=200))
def test_whatever_is_typed_is_compared_as_short_plain_text(typed):
    found = plain(typed)
    assert len(found) <= LONGEST
    assert re.fullmatch("[a-z0-9]*", found)
    assert plain(found) == found
