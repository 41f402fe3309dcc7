"""Passwords that are known elsewhere: refused by every story that takes a new one, alike for everybody."""

import logging

import pytest
from sqlalchemy import event

from tests.flows.forgotten import NEW, OLD, OTHER, READER, Forgotten, field_codes

BREACHED = "correct horse battery staple"
SIGNUP, CHANGE = "/api/v1/signup", "/api/v1/password/change"


@pytest.fixture
def forgotten(make_service, sqlite_url, ranges):
    """A service that asks Have I Been Pwned, which knows one more password than everybody."""
    ranges.add(BREACHED, count=2)
    return Forgotten(make_service(sqlite_url, password_breach_check="hibp", password_hibp_url=ranges.url))


@pytest.mark.case("RST-59")
def test_every_story_refuses_a_password_that_is_known_elsewhere_and_may_be_gone_on_with(forgotten, ranges):
    forgotten.join()
    token = forgotten.token()
    assert field_codes(forgotten.reset(token, BREACHED)) == ["password_breached"]
    assert forgotten.reset(token, NEW).status_code == 200

    reader = forgotten.sign_in(NEW)
    answer = reader.post(CHANGE, {"current_password": NEW, "new_password": BREACHED})
    assert field_codes(answer) == ["password_breached"]
    assert answer.json["errors"][0]["field"] == "new_password"

    stranger = forgotten.service.client()
    assert stranger.post(SIGNUP, {"email": OTHER, "password": OLD}).status_code == 202
    forgotten.service.deliver()
    link = forgotten.mailbox.to(OTHER)[0].link("/signup/confirm")
    elsewhere = forgotten.service.client()
    elsewhere.get(link)
    page = elsewhere.form("/signup/confirm", password=BREACHED)
    assert page.status_code == 422
    assert "lists that attackers try first" in page.text
    assert elsewhere.form("/signup/confirm", password=NEW).status_code == 303


@pytest.mark.case("ENU-05")
def test_asking_elsewhere_tells_nothing_about_accounts(forgotten, ranges):
    forgotten.join()
    asked = []
    for email in (READER, OTHER):
        for password in (BREACHED, OLD):
            ranges.requests.clear()
            answer = forgotten.service.client().post(SIGNUP, {"email": email, "password": password})
            asked.append((password, answer.status_code, len(ranges.requests)))
    assert asked == [(BREACHED, 422, 1), (OLD, 202, 1)] * 2


def test_nobody_is_asked_about_what_is_refused_anyway_nor_while_the_database_waits(
    forgotten, ranges, monkeypatch
):
    forgotten.join()
    ranges.requests.clear()
    client = forgotten.service.client()
    for fields in (
        {"email": OTHER, "password": "short"},
        {"email": OTHER, "password": "trustno1"},
        {"email": OTHER, "password": "other.example.net"},
        {"email": "nobody", "password": OLD},
    ):
        assert client.post(SIGNUP, fields).status_code == 422
    assert forgotten.reset("made up", OLD).status_code == 400
    reader = forgotten.sign_in(OLD)
    wrong = reader.post(CHANGE, {"current_password": "not the password", "new_password": NEW})
    assert wrong.status_code == 401
    assert ranges.requests == []

    open_now, seen = set(), []
    engine = forgotten.service.parts.store.engine
    event.listen(engine, "begin", lambda connection: open_now.add(id(connection)))
    for ending in ("commit", "rollback"):
        event.listen(engine, ending, lambda connection: open_now.discard(id(connection)))
    ask = ranges._range
    monkeypatch.setitem(
        ranges._app.view_functions, "range", lambda prefix: seen.append(set(open_now)) or ask(prefix)
    )
    assert reader.post(CHANGE, {"current_password": OLD, "new_password": NEW}).status_code == 200
    assert client.post(SIGNUP, {"email": OTHER, "password": OLD}).status_code == 202
    assert seen == [set(), set()]


@pytest.mark.case("FLT-29")
def test_while_it_is_away_readers_sign_up_and_common_passwords_stay_refused(forgotten, ranges, caplog):
    ranges.stop()
    client = forgotten.service.client()
    with caplog.at_level(logging.WARNING):
        assert field_codes(client.post(SIGNUP, {"email": OTHER, "password": "trustno1"})) == [
            "password_breached"
        ]
        assert client.post(SIGNUP, {"email": OTHER, "password": BREACHED}).status_code == 202
        assert client.post(SIGNUP, {"email": READER, "password": BREACHED}).status_code == 202
    away = [record for record in caplog.records if record.message == "breach_list_away"]
    assert [vars(record)["cause"] for record in away] == ["ConnectError"]


@pytest.mark.case("RST-59")
def test_a_publishers_own_list_is_refused_even_where_nothing_else_is(make_service, sqlite_url, tmp_path):
    (tmp_path / "ours.txt").write_text("The Quiet Harbour\n")
    forgotten = Forgotten(
        make_service(
            sqlite_url,
            password_breach_check="off",
            password_min_strength=0,
            password_blocklist=str(tmp_path / "ours.txt"),
        )
    )
    forgotten.join()
    token = forgotten.token()
    assert field_codes(forgotten.reset(token, "the quiet harbour")) == ["password_breached"]
    assert field_codes(forgotten.reset(token, "TheMasthead2039")) == ["password_guessable"]
    assert field_codes(forgotten.reset(token, "Reader+example1")) == ["password_guessable"]
    assert forgotten.reset(token, "trustno1").status_code == 200
