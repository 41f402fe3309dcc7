"""Hashes that other software made: verified as it would, refused where they would cost too much, outdated at once."""

import hashlib
import hmac
import time
from base64 import b64encode
from statistics import median

import argon2
import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from passlib.handlers import phpass
from passlib.utils.binary import h64
from werkzeug.security import generate_password_hash

from service.adapters.passwords.argon2id import Argon2id
from service.adapters.passwords.foreign import open_foreign
from service.adapters.passwords.pool import HashPool
from service.adapters.passwords.schemes import Schemes
from tests.support.hashes import (
    FIREBASE_KEY,
    FOREIGN,
    PASSWORD,
    by_bcrypt,
    by_django_pbkdf2,
    by_wordpress,
)

SCHEMES = Schemes(Argon2id(1, 64, 1), open_foreign(firebase_signer_key=FIREBASE_KEY))

# examples the makers, or the authors of tools that test hashes, have published
PUBLISHED = {
    "phpass": ("hashcat", "$P$984478476IagS59wHZvyQMArzfx58u."),
    "phpBB": ("hashcat", "$H$984478476IagS59wHZvyQMArzfx58u."),
    "bcrypt": ("hashcat", "$2a$05$LhayLxezLhK1LhWvKxCyLOj0j1u.Kj0jZ0pEmm134uzrQlFvQJLF6"),
    "Drupal 7": ("hashcat", "$S$C33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf"),
    "Django": ("hashcat", "pbkdf2_sha256$20000$H0dPx8NeajVu$GiC4k5kqbbR9qWBlsRgDywNqC2vd9kqfk7zdorEnNas="),
    "Firebase": (
        "user1password",
        "$firebase-scrypt$ln=14,r=8$42xEC+ixf3L2lw==$Bw==$"
        "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
    ),
}
ALL = {name: (PASSWORD, password_hash) for name, password_hash in FOREIGN.items()} | {
    f"published, {name}": example for name, example in PUBLISHED.items()
}


@pytest.mark.parametrize(("password", "password_hash"), ALL.values(), ids=ALL)
def test_a_foreign_hash_opens_to_its_password_alone_and_is_outdated(
    password: str, password_hash: str
) -> None:
    assert SCHEMES.knows(password_hash)
    assert SCHEMES.outdated(password_hash)
    assert SCHEMES.verify(password_hash, password)
    for wrong in ("", password[:-1], password.upper(), f"{password}x", "another"):
        assert not SCHEMES.verify(password_hash, wrong)


@pytest.mark.parametrize(("password", "password_hash"), ALL.values(), ids=ALL)
def test_a_damaged_foreign_hash_opens_nothing(password: str, password_hash: str) -> None:
    for damaged in (password_hash[:-2], f"{password_hash}A", password_hash + "\n", password_hash.upper()):
        assert not SCHEMES.verify(damaged, password)
    assert not SCHEMES.knows(password_hash + "\n")
    changed = "A" if password_hash[-10] != "A" else "B"
    if password_hash.startswith(("scrypt:", "pbkdf2:")):
        changed = "0" if password_hash[-10] != "0" else "1"
    assert not SCHEMES.verify(f"{password_hash[:-10]}{changed}{password_hash[-9:]}", password)


BCRYPT_REST = "$" + "a" * 53
ARGON2_REST = "$c29tZXNhbHQxMjM$" + "A" * 43
TOO_DEAR = {
    "phpass, 2^19": "$P$H" + "a" * 30,
    "phpass, 2^6": "$P$4" + "a" * 30,
    "bcrypt, 2^15": "$2y$15" + BCRYPT_REST,
    "bcrypt, 2^99": "$2b$99" + BCRYPT_REST,
    "bcrypt, 2^3": "$2b$03" + BCRYPT_REST,
    "WordPress, 2^31": "$wp$2y$31" + BCRYPT_REST,
    "Drupal, 2^19": "$S$H" + "a" * 51,
    "Django PBKDF2": "pbkdf2_sha256$2000001$salt$" + "A" * 43 + "=",
    "Django PBKDF2, none": "pbkdf2_sha256$0$salt$" + "A" * 43 + "=",
    "Django Argon2, memory": "argon2$argon2id$v=19$m=262145,t=2,p=8" + ARGON2_REST,
    "Django Argon2, passes": "argon2$argon2id$v=19$m=1024,t=11,p=8" + ARGON2_REST,
    "Django Argon2, lanes": "argon2$argon2i$v=19$m=1024,t=2,p=17" + ARGON2_REST,
    "Django bcrypt": "bcrypt_sha256$$2b$15" + BCRYPT_REST,
    "Django Argon2, work": "argon2$argon2id$v=19$m=262144,t=5,p=8" + ARGON2_REST,
    "Django Argon2, no such version": "argon2$argon2id$v=99$m=1024,t=2,p=8" + ARGON2_REST,
    "Werkzeug scrypt, all lanes": "scrypt:131072:8:4$salt$" + "0" * 128,
    "Werkzeug scrypt, more than its block allows": "scrypt:65536:1:1$salt$" + "0" * 128,
    "Firebase, more than its block allows": "$firebase-scrypt$ln=16,r=1$AAAA$$" + "A" * 88,
    "Werkzeug scrypt, memory": "scrypt:4194304:8:1$salt$" + "0" * 128,
    "Werkzeug scrypt, lanes": "scrypt:32768:8:5$salt$" + "0" * 128,
    "Werkzeug scrypt, no power of two": "scrypt:32767:8:1$salt$" + "0" * 128,
    "Werkzeug PBKDF2": "pbkdf2:sha256:2000001$salt$" + "0" * 64,
    "Firebase, memory": "$firebase-scrypt$ln=17,r=8$AAAA$$" + "A" * 88,
    "Firebase, shift": "$firebase-scrypt$ln=99,r=99$AAAA$$" + "A" * 88,
    "Firebase, nothing": "$firebase-scrypt$ln=14,r=0$AAAA$$" + "A" * 88,
}


@pytest.mark.parametrize("password_hash", TOO_DEAR.values(), ids=TOO_DEAR)
def test_a_hash_that_would_cost_too_much_or_nothing_is_not_computed(password_hash: str) -> None:
    assert not SCHEMES.knows(password_hash)
    begun = time.thread_time()
    assert SCHEMES.verify(password_hash, PASSWORD) is False
    assert time.thread_time() - begun < 0.05


NOT_ASCII = {
    "bcrypt": "$2b$\u0661\u0660" + BCRYPT_REST,
    "Argon2id": "$argon2id$v=19$m=\u0668\u0668\u0668,t=1,p=2" + ARGON2_REST,
    "Django Argon2": "argon2$argon2id$v=19$m=\u0668\u0668\u0668,t=1,p=2" + ARGON2_REST,
    "Django PBKDF2": "pbkdf2_sha256$\u0661$salt$" + "A" * 43 + "=",
    "Django PBKDF2, NUL in the salt": "pbkdf2_sha256$1$\0$" + "A" * 43 + "=",
    "Django PBKDF2, half a character": "pbkdf2_sha256$1$\ud800$" + "A" * 43 + "=",
    "Werkzeug scrypt": "scrypt:\u0662:8:1$salt$" + "0" * 128,
    "Werkzeug PBKDF2": "pbkdf2:sha256:\u0661$salt$" + "0" * 64,
    "Firebase": "$firebase-scrypt$ln=\u0664,r=8$AAAA$$" + "A" * 88,
}


@pytest.mark.parametrize("password_hash", NOT_ASCII.values(), ids=NOT_ASCII)
def test_other_digits_and_control_characters_are_in_no_hash(password_hash: str) -> None:
    assert not SCHEMES.knows(password_hash)
    assert SCHEMES.verify(password_hash, PASSWORD) is False


@pytest.mark.parametrize("password_hash", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("password", ["", "\0", f"\0{PASSWORD}", f"{PASSWORD}\0x"])
def test_nul_and_nothing_are_wrong_like_any_other_password(password: str, password_hash: str) -> None:
    right_once_trimmed = password.strip("\0") == PASSWORD and password_hash.startswith(("$P$", "$wp$"))
    assert SCHEMES.verify(password_hash, password) is right_once_trimmed


@pytest.mark.parametrize("password_hash", FOREIGN.values(), ids=FOREIGN)
def test_a_password_longer_than_any_here_is_wrong(password_hash: str) -> None:
    assert not SCHEMES.verify(password_hash, "x" * 1025)


def test_no_two_schemes_share_a_prefix() -> None:
    prefixes = [
        prefix for scheme in open_foreign(firebase_signer_key=FIREBASE_KEY) for prefix in scheme.prefixes
    ]
    clashes = [
        (one, other) for one in prefixes for other in prefixes if one != other and one.startswith(other)
    ]
    assert len(prefixes) == len(set(prefixes))
    assert clashes == []


def test_firebase_is_not_known_without_the_project_s_key() -> None:
    without = Schemes(Argon2id(1, 64, 1), open_foreign())
    assert not without.knows(FOREIGN["Firebase"])
    assert not without.verify(FOREIGN["Firebase"], PASSWORD)
    other = Schemes(Argon2id(1, 64, 1), open_foreign(firebase_signer_key=bytes(64)))
    assert not other.verify(FOREIGN["Firebase"], PASSWORD)


@pytest.mark.parametrize("typed", ['it\'s "quoted" \\ here', " spaces around ", " it's\t"])
@pytest.mark.parametrize("slashed", [False, True])
@pytest.mark.parametrize("newer", [False, True])
def test_wordpress_trims_and_may_have_added_slashes(typed: str, slashed: bool, newer: bool) -> None:
    kept = typed.replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"') if slashed else typed
    kept = kept.strip()
    password_hash = by_wordpress(kept) if newer else phpass.phpass.using(rounds=7).hash(kept)
    assert SCHEMES.verify(password_hash, typed)
    assert not SCHEMES.verify(password_hash, typed.replace("s", "z"))


def test_only_wordpress_trims() -> None:
    for password_hash in (by_bcrypt("harbour "), by_django_pbkdf2("harbour ")):
        assert SCHEMES.verify(password_hash, "harbour ")
        assert not SCHEMES.verify(password_hash, "harbour")


def test_bcrypt_reads_72_bytes_as_it_always_did() -> None:
    password_hash = by_bcrypt("x" * 72)
    assert SCHEMES.verify(password_hash, "x" * 72 + "anything")
    assert not SCHEMES.verify(password_hash, "x" * 71)


def test_bits_of_a_salt_that_count_for_nothing_do_not_matter() -> None:
    tidy = by_bcrypt(PASSWORD)
    last = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    untidy = tidy[:28] + last[last.index(tidy[28]) + 5] + tidy[29:]
    assert SCHEMES.verify(untidy, PASSWORD)
    assert not SCHEMES.verify(untidy, "another")


def test_drupal_6_s_md5_within_drupal_7_s_hash() -> None:
    inner = hashlib.md5(b"hashcat").hexdigest()
    setting = "$S$5abcdefgh"
    digest = hashlib.sha512(b"abcdefgh" + inner.encode()).digest()
    for _ in range(1 << 7):
        digest = hashlib.sha512(digest + inner.encode()).digest()
    password_hash = ("U" + setting + h64.encode_bytes(digest).decode())[:56]
    assert SCHEMES.verify(password_hash, "hashcat")
    assert not SCHEMES.verify(password_hash, inner)


def test_many_passes_over_much_memory_are_too_dear_together() -> None:
    assert SCHEMES.knows("$argon2id$v=19$m=262144,t=4,p=1" + ARGON2_REST)
    assert not SCHEMES.knows("$argon2id$v=19$m=262144,t=5,p=1" + ARGON2_REST)


@given(st.text(max_size=300))
def test_no_text_makes_it_stumble(text: str) -> None:
    for prefix in ("", "$P$", "$wp$2y$", "$2b$", "$S$", "argon2$argon2id$", "pbkdf2_sha256$", "scrypt:"):
        if not SCHEMES.knows(prefix + text):
            assert SCHEMES.verify(prefix + text, PASSWORD) is False


def test_what_is_new_is_argon2id_and_ours_stay_current() -> None:
    pool = HashPool(SCHEMES, concurrency=1)
    made = pool.hash(PASSWORD)
    assert made.startswith("$argon2id$")
    assert pool.verify(made, PASSWORD)
    assert not pool.outdated(made)
    assert pool.knows(argon2.PasswordHasher(2, 1024, 1).hash(PASSWORD))
    assert pool.knows(FOREIGN["WordPress 6.8"])
    assert pool.outdated(FOREIGN["WordPress 6.8"])
    assert pool.verify(FOREIGN["WordPress 6.8"], PASSWORD)


@pytest.mark.case("ENU-04")
@pytest.mark.parametrize(
    "cheap",
    [
        pytest.param(phpass.phpass.using(rounds=7).hash(PASSWORD), id="phpass"),
        pytest.param(by_bcrypt(PASSWORD), id="bcrypt"),
        pytest.param(by_django_pbkdf2(PASSWORD), id="pbkdf2"),
    ],
)
def test_a_cheaper_scheme_takes_as_long_as_today_s(cheap: str) -> None:
    schemes = Schemes(Argon2id(2, 16384, 1), open_foreign())
    hashes = [schemes.hash(PASSWORD), cheap]
    times: list[list[float]] = [[], []]
    for _ in range(15):
        for password_hash, taken in zip(hashes, times, strict=True):
            begun = time.thread_time()
            schemes.verify(password_hash, "wrong")
            taken.append(time.thread_time() - begun)
    today, foreign = map(median, times)
    assert 0.7 < foreign / today < 1.4


def test_the_wrapper_of_wordpress_is_what_its_announcement_says() -> None:
    digest = b64encode(hmac.digest(b"wp-sha384", PASSWORD.encode(), "sha384"))
    assert bcrypt.checkpw(digest, by_wordpress(PASSWORD).removeprefix("$wp").encode())
    assert SCHEMES.verify(generate_password_hash(PASSWORD, "scrypt:1024:8:1"), PASSWORD)
