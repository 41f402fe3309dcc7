"""How long a link lives: by the clock, by the keys, and how often one may guess."""

from datetime import timedelta

import pytest
from itsdangerous import base64_decode

from tests.flows.forgotten import NEW, OLD, RESET, Forgotten, refused_token, signed_in

case = pytest.mark.case

FIRST_KEY, SECOND_KEY = "first-key-0123456789-abcdefghijkl", "second-key-9876543210-zyxwvutsrq"


def signed_at(token: str) -> int:
    return int.from_bytes(base64_decode(token.rsplit(".", 2)[1]), "big")


@case("RST-50")
@pytest.mark.parametrize(("seconds", "works"), [(-2, True), (2, False)])
def test_a_link_lives_for_its_time_from_the_moment_its_letter_leaves(clock, forgotten, seconds, works):
    forgotten.join()
    assert forgotten.ask().status_code == 202
    clock.advance(minutes=50)
    token = forgotten.token_of()
    browser = forgotten.opened(token)
    lifetime = timedelta(hours=1).total_seconds()
    clock.advance(seconds=signed_at(token) + lifetime + seconds - clock().timestamp())
    answer = forgotten.reset(token)
    if works:
        assert answer.status_code == 200
        return
    assert (answer.status_code, answer.json["code"]) == (400, "expired_token")
    newcomer = forgotten.service.client()
    pages = browser.get("/reset-password"), newcomer.follow(newcomer.get(f"/reset-password?token={token}"))
    for page in pages:
        assert page.status_code == 400
        assert "This link has expired" in page.text
        assert 'href="/forgot-password"' in page.text
    assert forgotten.opens(OLD)


@case("RST-51")
def test_a_token_from_the_future_is_refused_until_the_clock_is_right_and_gains_no_time(clock, forgotten):
    forgotten.join()
    first = forgotten.token()
    clock.advance(hours=-1)
    assert refused_token(forgotten.reset(first))
    clock.advance(hours=1, seconds=1)
    assert forgotten.reset(first).status_code == 200
    second = forgotten.token()
    clock.advance(hours=-1)
    assert refused_token(forgotten.reset(second))
    clock.advance(hours=2, seconds=2)
    assert forgotten.reset(second).json["code"] == "expired_token"


@case("RST-55")
def test_a_link_works_while_its_key_is_listed_and_the_first_key_signs(make_service, database):
    before = Forgotten(make_service(database, secret_keys=FIRST_KEY))
    before.join()
    before.join("second@example.org")
    both = Forgotten(make_service(database, secret_keys=f"{SECOND_KEY},{FIRST_KEY}"))
    after = Forgotten(make_service(database, secret_keys=SECOND_KEY))
    old, new = before.token(), both.token("second@example.org")
    assert refused_token(after.reset(old))
    assert refused_token(before.reset(new))
    assert after.reset(new).status_code == 200
    assert both.reset(old).status_code == 200


@case("RST-56")
def test_changing_all_keys_ends_links_but_signs_nobody_out(make_service, database):
    before = Forgotten(make_service(database, secret_keys=FIRST_KEY))
    before.join()
    token, browser = before.token(), before.sign_in(OLD)
    after = Forgotten(make_service(database, secret_keys=SECOND_KEY))
    same_browser = after.service.client()
    same_browser.inner.set_cookie("masthead", browser.inner.get_cookie("masthead").value)
    assert signed_in(same_browser)
    assert refused_token(after.reset(token))


@case("RST-58")
@pytest.mark.parametrize("shape", ["well_formed", "malformed"])
def test_guessing_tokens_ends_at_the_limit(make_service, sqlite_url, shape):
    forgotten = Forgotten(make_service(sqlite_url, rate_limit_scale=1, trusted_proxies=1))
    forgotten.join()
    token = forgotten.token()
    guess = token[:-8] + "AAAAAAAA" if shape == "well_formed" else "guess"
    client = forgotten.service.client()
    answers = [client.post(RESET, {"token": guess, "password": NEW}) for _ in range(151)]
    assert [answer.status_code for answer in answers] == [400] * 150 + [429]
    assert answers[-1].json["code"] == "rate_limited"
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 300
    by_page = forgotten.opened(token).form("/reset-password", password=NEW)
    assert by_page.status_code == 429
    elsewhere = {"X-Forwarded-For": "2001:db8::7"}
    assert client.post(RESET, {"token": token, "password": NEW}, headers=elsewhere).status_code == 200
