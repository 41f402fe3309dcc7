"""Secrets of others at rest: locked with the newest key, opened with any of ours, and with no other."""

import pytest

from service.adapters.vault import FernetVault

FIRST, SECOND = b"first-key-0123456789abcdef-0123456789", b"second-key-0123456789abcdef-012345678"


def test_what_is_locked_opens_again_and_shows_nothing():
    vault = FernetVault([FIRST])
    locked = vault.lock("the refresh token é")
    assert "refresh" not in locked
    assert vault.unlock(locked) == "the refresh token é"
    assert vault.lock("the refresh token é") != locked


def test_keys_turn_without_losing_anything():
    old = FernetVault([FIRST]).lock("secret")
    both = FernetVault([SECOND, FIRST])
    assert both.unlock(old) == "secret"
    new = both.lock("secret")
    assert FernetVault([FIRST]).unlock(new) is None
    assert FernetVault([SECOND]).unlock(new) == "secret"
    assert FernetVault([SECOND]).unlock(old) is None


@pytest.mark.parametrize("odd", ["", "x", "é", "\ud800", "\0", "x" * 10_000])
def test_what_was_not_locked_by_us_does_not_open(odd):
    assert FernetVault([FIRST]).unlock(odd) is None


def test_what_was_changed_does_not_open():
    locked = FernetVault([FIRST]).lock("secret")
    assert (
        FernetVault([FIRST]).unlock(locked[:-6] + ("A" if locked[-6] != "A" else "B") + locked[-5:]) is None
    )
