"""The new password: what it takes, what it ends, whom it tells."""

import logging
import re

import pytest
from sqlalchemy import event

from tests.flows.forgotten import (
    NEW,
    NEWER,
    OLD,
    OTHER,
    READER,
    RESET,
    Forgotten,
    field_codes,
    letter_text,
    refused_token,
    signed_in,
)
from tests.flows.people import everything_stored
from tests.support.pages import hidden_fields

case = pytest.mark.case


@case("RST-57")
def test_the_token_is_at_rest_nowhere(make_service, database, caplog):
    forgotten = Forgotten(make_service(database, log_level="DEBUG"))
    logging.getLogger().addHandler(caplog.handler)
    forgotten.join()
    forgotten.ask()
    token = forgotten.token_of()
    signature = token.rpartition(".")[2]
    assert signature in forgotten.mailbox.messages[0].message.as_string().replace("=\n", "")
    stored = [everything_stored(forgotten.service)]
    assert forgotten.rows("outbox")[0].context == {}
    assert forgotten.reset(token).status_code == 200
    forgotten.service.deliver()
    stored.append(everything_stored(forgotten.service))
    logging.getLogger().removeHandler(caplog.handler)
    ours = [record for record in caplog.records if record.name != "mail.log"]
    assert "outbox.settled" in {vars(record).get("event") for record in ours}
    stored += [str(vars(record)) for record in ours]
    for text in stored:
        for secret in (token, signature[:-1], NEW, OLD):
            assert secret not in text


BAD = {
    "short1": "password_too_short",
    "p" * 257: "password_too_long",
    "password123": "password_breached",
    "aaaaaaaaaaaaaaaa": "password_guessable",
    "quiet\0harbour at noon": "invalid_text",
    "": "password_too_short",
}


@case("RST-59")
def test_a_password_that_is_not_good_enough_leaves_the_link_usable(forgotten):
    forgotten.join()
    token = forgotten.token()
    browser = forgotten.opened(token)
    for password, code in BAD.items():
        assert field_codes(forgotten.reset(token, password)) == [code]
        page = browser.form("/reset-password", password=password)
        assert page.status_code == 422
        assert 'aria-invalid="true"' in page.text
    assert forgotten.opens(OLD)
    assert browser.form("/reset-password", password=NEW).status_code == 303
    assert forgotten.opens(NEW)


@case("RST-59")
def test_words_about_the_reader_or_the_site_make_no_password(forgotten):
    forgotten.join("zephyrine@quillfeather.example")
    forgotten.join(OTHER, name="Ottoline Brackenbury")
    first, second = forgotten.token("zephyrine@quillfeather.example"), forgotten.token(OTHER)
    assert field_codes(forgotten.reset(first, "zephyrine@quillfeather.example")) == ["password_guessable"]
    assert field_codes(forgotten.reset(second, "Ottoline Brackenbury")) == ["password_guessable"]
    assert field_codes(forgotten.reset(second, "The Masthead")) == ["password_guessable"]
    assert forgotten.reset(second, "zephyrine@quillfeather.example").status_code == 200
    assert forgotten.reset(first, "Ottoline Brackenbury").status_code == 200


@case("RST-60", "RST-61")
@pytest.mark.parametrize("by_page", [False, True])
def test_a_reset_ends_every_session_and_link_and_begins_none(forgotten, by_page):
    forgotten.join()
    forgotten.join(OTHER)
    laptop, phone = forgotten.sign_in(OLD), forgotten.sign_in(OLD, remember=True)
    bystander = forgotten.sign_in(OLD, OTHER)
    forgotten.service.client().post("/api/v1/signup", {"email": READER, "password": OLD})
    token = forgotten.token()
    if by_page:
        laptop.follow(laptop.get(f"/reset-password?token={token}"))
        answer = laptop.form("/reset-password", password=NEW)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    else:
        answer = forgotten.reset(token, client=laptop)
        assert answer.json == {"status": "password_changed", "next": None}
    assert not any(cookie.startswith("masthead=") for cookie in answer.headers.getlist("Set-Cookie"))
    assert not signed_in(laptop)
    assert not signed_in(phone)
    assert signed_in(bystander)
    assert [row.kind for row in forgotten.rows("audit_events") if row.kind.startswith("password")] == [
        "password.reset"
    ]
    assert forgotten.rows("pending_signups") == []
    assert refused_token(forgotten.reset(token, NEWER))
    assert not forgotten.opens(OLD)
    assert forgotten.opens(NEW)


@case("RST-62")
def test_the_owner_is_told_when_and_from_where_and_what_to_do(forgotten):
    forgotten.join("Reader@example.org")
    token = forgotten.token("Reader@example.org")
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    answer = forgotten.service.client().post(
        RESET, {"token": token, "password": NEW}, headers={"User-Agent": agent}
    )
    assert answer.status_code == 200
    forgotten.service.deliver()
    _, changed = forgotten.mailbox.messages
    assert changed.recipients == ("Reader@example.org",)
    assert "was changed" in changed.message["Subject"]
    text = letter_text(changed)
    for words in ("Firefox on Linux", "127.0.0.1", "UTC", "If it was not you", "/forgot-password"):
        assert words in text
    whole = changed.message.as_string().replace("=\n", "")
    for secret in (token, token.rpartition(".")[2], NEW, OLD, "token="):
        assert secret not in whole
    (told,) = forgotten.audit("password.reset")
    assert (told.ip, told.agent) == ("127.0.0.1", agent)


@case("RST-63")
def test_a_reader_whom_somebody_locked_out_is_in_again_after_the_reset(make_service, database):
    forgotten = Forgotten(make_service(database, rate_limit_scale=1, trusted_proxies=1))
    forgotten.join()
    body = {"email": READER, "password": "not this one"}
    statuses = [
        forgotten.service.client()
        .post("/api/v1/login", body, headers={"X-Forwarded-For": f"2001:db8:{number:x}::1"})
        .status_code
        for number in range(14)
    ]
    assert statuses == [401] * 10 + [429] * 4
    right = {"email": READER, "password": OLD}
    assert forgotten.service.client().post("/api/v1/login", right).status_code == 429
    assert forgotten.reset(forgotten.token()).status_code == 200
    assert forgotten.opens(NEW)


@case("RST-64")
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": None, "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": None, "Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_cannot_spend_a_token_in_a_readers_browser(forgotten_on_sqlite, headers):
    forgotten = forgotten_on_sqlite
    forgotten.join()
    token = forgotten.token()
    victim = forgotten.service.client()
    sent = {"token": token, "password": NEW}
    answers = [
        victim.post(RESET, sent, headers=headers),
        victim.post(RESET, data=sent, headers=headers),
        victim.post("/reset-password", data=sent, headers=headers),
        victim.post(f"/reset-password?token={token}", data=sent, headers=headers),
    ]
    reader = forgotten.opened(token)
    fields = hidden_fields(reader.get("/reset-password").text) | {"password": NEW}
    answers.append(reader.post("/reset-password", data=fields, headers=headers))
    assert {answer.status_code for answer in answers} == {403}
    assert all(answer.headers.getlist("Set-Cookie") == [] for answer in answers)
    without_the_csrf_token = reader.post("/reset-password", data={"password": NEW})
    assert without_the_csrf_token.status_code == 403
    assert forgotten.opens(OLD)
    assert reader.post("/reset-password", data=fields).status_code == 303


@case("RST-66")
def test_a_database_that_dies_before_the_commit_leaves_everything_as_it_was(forgotten):
    forgotten.join()
    browser = forgotten.sign_in(OLD)
    token = forgotten.token()
    engine = forgotten.service.parts.store.engine
    before = everything_stored(forgotten.service)

    def die(connection, _cursor, statement, *_rest):
        """Hit the last statement of the transaction: the connection, or what it was doing, is gone."""
        if not statement.startswith("INSERT INTO audit_events"):
            return
        struck.append(statement)
        driver = connection.connection.dbapi_connection
        if engine.dialect.name == "sqlite":
            driver.set_progress_handler(lambda: 1, 1)
        else:
            with engine.connect() as other:
                other.exec_driver_sql(f"SELECT pg_terminate_backend({driver.info.backend_pid})")

    struck: list[str] = []
    event.listen(engine, "before_cursor_execute", die)
    answer = forgotten.reset(token)
    event.remove(engine, "before_cursor_execute", die)
    assert struck
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    engine.dispose()
    assert everything_stored(forgotten.service) == before
    assert signed_in(browser)
    assert forgotten.opens(OLD)
    assert forgotten.reset(token).status_code == 200
    assert forgotten.opens(NEW)


@case("RST-67")
def test_a_strangers_waiting_pages_never_come_to_life(forgotten):
    forgotten.join(verified=False)
    stranger = forgotten.service.client()
    assert stranger.form("/forgot-password", email=READER).status_code == 200
    assert stranger.form("/signup", email=READER, password=NEWER).status_code == 200
    assert stranger.inner.get_cookie("masthead-signup") is not None
    token = forgotten.token()
    confirm = next(
        letter.link("/signup/confirm")
        for letter in forgotten.mailbox.messages
        if "/signup/confirm" in letter_text(letter)
    )
    assert forgotten.reset(token).status_code == 200
    assert stranger.get("/reset-password").status_code == 400
    assert stranger.get("/signup/confirm").status_code == 400
    assert stranger.follow(stranger.get(confirm)).status_code == 400
    fields = hidden_fields(stranger.get("/login").text)
    assert stranger.post("/signup/confirm", data=fields | {"password": NEWER}).status_code == 400
    body = {"token": re.findall(r"token=(.+)", confirm)[0], "password": NEWER}
    assert refused_token(stranger.post("/api/v1/signup/confirm", body))
    assert not signed_in(stranger)
    assert not forgotten.opens(NEWER)
    assert forgotten.opens(NEW)
