"""Links that prove something: for one purpose, for a time, under the keys of today."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import ExpiredToken, InvalidToken
from service.core.tokens import LONGEST_TOKEN, Purpose, Tokens, derive_key

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
OLD, NEW = b"an old secret of thirty-two bytes.", b"a new secret of thirty-two bytes.."
PAYLOADS = st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=20) | st.none(), max_size=5)


class Watch:
    """A clock that stands where it is put."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


TOKENS = Tokens([NEW], Watch())
TOKEN = TOKENS.sign(Purpose.PASSWORD_RESET, {"user": "ada", "epoch": 3}, at=NOW)


def test_signing_the_same_again_gives_the_same_token() -> None:
    assert TOKENS.sign(Purpose.PASSWORD_RESET, {"user": "ada", "epoch": 3}, at=NOW) == TOKEN


@given(PAYLOADS, st.sampled_from(Purpose), st.integers(0, 3600))
def test_what_was_signed_is_read_back(payload: dict, purpose: Purpose, age: int) -> None:
    token = TOKENS.sign(purpose, payload, at=NOW - timedelta(seconds=age))
    assert TOKENS.read(purpose, token, lifetime=HOUR) == payload
    assert len(token) < LONGEST_TOKEN


@pytest.mark.case("RST-47", "SEC-03")
def test_a_token_means_nothing_to_another_purpose() -> None:
    for signed in Purpose:
        token = TOKENS.sign(signed, {"a": 1}, at=NOW)
        for read in set(Purpose) - {signed}:
            with pytest.raises(InvalidToken):
                TOKENS.read(read, token, lifetime=HOUR)


@pytest.mark.case("RST-50")
@pytest.mark.parametrize(("age", "alive"), [(0, True), (3599, True), (3600, True), (3601, False)])
def test_a_token_lives_as_long_as_it_was_promised(age: int, alive: bool) -> None:
    tokens = Tokens([NEW], Watch(NOW + timedelta(seconds=age)))
    if alive:
        assert tokens.read(Purpose.PASSWORD_RESET, TOKEN, lifetime=HOUR)["user"] == "ada"
    else:
        with pytest.raises(ExpiredToken):
            tokens.read(Purpose.PASSWORD_RESET, TOKEN, lifetime=HOUR)


@pytest.mark.case("RST-51")
def test_a_token_from_the_future_is_refused() -> None:
    tokens = Tokens([NEW], Watch(NOW - HOUR))
    with pytest.raises(InvalidToken):
        tokens.read(Purpose.PASSWORD_RESET, TOKEN, lifetime=HOUR)


@pytest.mark.case("SEC-09", "RST-55")
def test_the_newest_key_signs_and_all_verify() -> None:
    both = Tokens([NEW, OLD], Watch())
    by_old = Tokens([OLD], Watch()).sign(Purpose.SIGNUP, {"a": 1}, at=NOW)
    by_both = both.sign(Purpose.SIGNUP, {"a": 1}, at=NOW)
    assert both.read(Purpose.SIGNUP, by_old, lifetime=HOUR) == {"a": 1}
    assert Tokens([NEW], Watch()).read(Purpose.SIGNUP, by_both, lifetime=HOUR) == {"a": 1}
    with pytest.raises(InvalidToken):
        Tokens([NEW], Watch()).read(Purpose.SIGNUP, by_old, lifetime=HOUR)


@pytest.mark.case("RST-52")
def test_no_changed_character_goes_unnoticed() -> None:
    payload, stamp, signature = TOKEN.split(".")
    for place in range(len(payload) + len(stamp) + 1 + len(signature)):
        if TOKEN[place] != ".":
            changed = TOKEN[:place] + ("A" if TOKEN[place] != "A" else "B") + TOKEN[place + 1 :]
            with pytest.raises(InvalidToken):
                TOKENS.read(Purpose.PASSWORD_RESET, changed, lifetime=HOUR)


@pytest.mark.case("RST-52")
def test_no_shorter_token_works() -> None:
    for length in range(len(TOKEN)):
        with pytest.raises(InvalidToken):
            TOKENS.read(Purpose.PASSWORD_RESET, TOKEN[:length], lifetime=HOUR)


@pytest.mark.case("RST-52")
@pytest.mark.parametrize(
    "changed",
    [
        TOKEN + " ",
        TOKEN + "\n",
        "\n" + TOKEN,
        TOKEN + "\0",
        TOKEN + ".",
        TOKEN + "===",
        TOKEN.upper(),
        TOKEN.replace(".", "!."),
        ".".join(reversed(TOKEN.split("."))),
        "." + TOKEN,
        TOKEN + "\ud800",
        "é" + TOKEN,
        "x" * (LONGEST_TOKEN + 1),
    ],
)
def test_no_decorated_token_works(changed: str) -> None:
    with pytest.raises(InvalidToken):
        TOKENS.read(Purpose.PASSWORD_RESET, changed, lifetime=HOUR)


PLACES = st.integers(0, len(TOKEN))
SIGNS = st.sampled_from("AQgw019-_.= \n\0é") | st.characters()


@pytest.mark.case("RST-52")
@given(st.lists(st.tuples(PLACES, PLACES, st.text(SIGNS, max_size=3)), min_size=1, max_size=3))
def test_no_edit_makes_a_token_say_something_else(edits: list[tuple[int, int, str]]) -> None:
    changed = TOKEN
    for start, end, put in edits:
        changed = changed[:start] + put + changed[max(start, end) :]
    try:
        payload = TOKENS.read(Purpose.PASSWORD_RESET, changed, lifetime=HOUR)
    except InvalidToken:
        return
    assert payload == {"user": "ada", "epoch": 3}
    assert changed.rpartition(".")[0] == TOKEN.rpartition(".")[0]


@pytest.mark.case("RST-47", "RST-52")
@given(
    st.lists(st.tuples(PAYLOADS, st.sampled_from(Purpose), st.integers(0, 3000)), min_size=2, max_size=4),
    st.lists(st.integers(0, 3), min_size=3, max_size=3),
)
def test_parts_of_several_tokens_make_no_other_token(
    signed: list[tuple[dict, Purpose, int]], picked: list[int]
) -> None:
    tokens = [
        TOKENS.sign(purpose, payload, at=NOW - timedelta(seconds=age)) for payload, purpose, age in signed
    ]
    parts = [tokens[pick % len(tokens)].rsplit(".", 2)[place] for place, pick in enumerate(picked)]
    made = ".".join(parts)
    for purpose in Purpose:
        try:
            payload = TOKENS.read(purpose, made, lifetime=HOUR)
        except InvalidToken:
            continue
        assert made in tokens
        assert (payload, purpose) in [(known, meant) for known, meant, _ in signed]


@given(
    st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", fullmatch=True)
)
def test_no_text_made_up_is_a_token(made_up: str) -> None:
    with pytest.raises(InvalidToken):
        TOKENS.read(Purpose.PASSWORD_RESET, made_up, lifetime=HOUR)


@pytest.mark.case("SEC-03")
def test_every_use_of_a_secret_has_a_key_of_its_own() -> None:
    uses = ["forms", "csrf", *(f"token/{purpose}" for purpose in Purpose)]
    keys = {derive_key(NEW, use) for use in uses}
    assert len(keys) == len(uses)
    assert all(len(key) == 32 for key in keys)
    assert NEW not in keys
