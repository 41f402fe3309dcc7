"""Sign in by mail: one answer for everybody, one session for one link, and nothing a stranger left behind."""

import pytest
from sqlalchemy import insert

from service.core.values import new_id
from service.store.schema import IdentityRow, SessionRow
from service.store.schema_mail import OutboxTable
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    PASSWORD,
    STAFF,
    STRANGER,
    change,
    code_of,
    count_of,
    everything_stored,
    is_in,
    join,
    letters_to,
    log_in,
    problems_of,
    signed_in,
    token_in,
    user_row,
)
from tests.flows.together import at_once

CONFIRM = "/login/link/confirm"
DEVICES = "/account/devices"


def ask(service, email=ADDRESS, **more):
    return service.client().post("/api/v1/login/link", {"email": email, **more})


def link_token(service, **more):
    assert ask(service, **more).status_code == 202
    return token_in(letters_to(service)[-1], CONFIRM)


def use(browser, token):
    return browser.post(f"/api/v1{CONFIRM}", {"token": token})


@pytest.mark.parametrize("password", [PASSWORD, None])
def test_the_link_signs_in_with_or_without_a_password(service, password):
    join(service, password=password)
    browser = service.client()
    answer = use(browser, link_token(service))
    assert answer.status_code == 200
    assert answer.json["user"]["email"] == ADDRESS
    assert answer.json["session"]["amr"] == ["email"]
    assert is_in(browser)


@pytest.mark.case("ENU-01", "ENU-02")
def test_everybody_gets_the_same_answer_and_only_the_mailbox_learns_more(service):
    join(service)
    banned = join(service, "reader3@example.org")
    service.parts.flows.accounts.disable(banned.id, STAFF)
    answers = [ask(service, email) for email in (ADDRESS, STRANGER, "reader3@example.org")]
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1
    service.deliver()
    assert service.mailbox.to(STRANGER) == []
    (told,) = service.mailbox.to("reader3@example.org")
    assert told.message["Subject"] == "About your account at The Masthead"


def test_what_is_no_address_is_refused(service):
    assert problems_of(ask(service, "nobody")) == {"email": "invalid_email"}


@pytest.mark.case("SGN-06")
def test_a_link_works_once_for_its_time_and_its_purpose(clock, service):
    join(service)
    token = link_token(service)
    assert token not in everything_stored(service)
    as_reset = service.client().post("/api/v1/password/reset", {"token": token, "password": OTHER_PASSWORD})
    assert code_of(as_reset) == "invalid_token"
    assert use(service.client(), token).status_code == 200
    assert code_of(use(service.client(), token)) == "invalid_token"
    late = link_token(service)
    clock.advance(minutes=15, seconds=2)
    assert code_of(use(service.client(), late)) == "expired_token"


@pytest.mark.case("RST-42")
def test_only_the_newest_letter_s_link_works(service):
    join(service)
    first, second = link_token(service), link_token(service)
    assert code_of(use(service.client(), first)) == "invalid_token"
    assert use(service.client(), second).status_code == 200


@pytest.mark.case("RST-39", "SGN-06")
def test_of_many_uses_at_once_exactly_one_signs_in(service):
    join(service)
    token = link_token(service)
    answers = at_once(lambda browser: use(browser, token), *([service.client()] for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 11
    assert count_of(service, SessionRow) == 1


@pytest.mark.case("RST-37", "RST-53")
def test_looking_at_a_link_signs_nobody_in_and_uses_nothing_up(service):
    join(service)
    token = link_token(service)
    scanner = service.client()
    for _ in range(3):
        assert scanner.follow(scanner.get(f"{CONFIRM}?token={token}")).status_code == 200
    assert not is_in(scanner)
    assert use(service.client(), token).status_code == 200


@pytest.mark.case("RST-43")
@pytest.mark.parametrize("by", ["password", "disabling", "sign out everywhere"])
def test_what_raises_the_epoch_kills_the_link(service, by):
    user = join(service)
    browser = signed_in(service)
    token = link_token(service)
    if by == "password":
        browser.post(
            "/api/v1/password/change", {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
        )
    elif by == "disabling":
        service.parts.flows.accounts.disable(user.id, STAFF)
    else:
        browser.delete("/api/v1/sessions")
    assert code_of(use(service.client(), token)) == "invalid_token"


@pytest.mark.case("RST-32", "SGN-02", "SGN-07")
def test_an_unproven_account_passes_to_its_mailbox_without_what_a_stranger_left(service):
    user = join(service, verified=False)
    with service.parts.store.write() as uow:
        stranger = service.parts.flows.sessions.begin(uow, user, amr=("pwd",), remember=True, visit=STAFF)
    about = {"id": new_id(), "user_id": user.id, "provider": "google", "issuer": "x", "subject": "1"}
    change(service, insert(IdentityRow).values(created_at=user.created_at, **about))
    service.client().post("/api/v1/signup", {"email": ADDRESS, "password": OTHER_PASSWORD})
    service.deliver()
    owner = service.client()
    answer = use(owner, link_token(service))
    assert answer.status_code == 200
    assert (
        answer.json["user"] | {"email_verified": True, "has_password": False, "providers": []}
        == (answer.json["user"])
    )
    thief = service.client()
    thief.inner.set_cookie("masthead", stranger.secret)
    assert [is_in(owner), is_in(thief)] == [True, False]
    assert log_in(service.client()).status_code == 401
    assert count_of(service, IdentityRow) == 0


def test_a_role_that_cannot_reset_by_itself_cannot_sign_in_by_mail_either(make_service, database):
    service = make_service(database, reset_excluded_roles="staff")
    join(service, roles=("staff",))
    assert ask(service).status_code == 202
    (letter,) = letters_to(service)
    assert letter.message["Subject"] == "About your account at The Masthead"


@pytest.mark.case("RST-36")
def test_letters_have_a_limit_of_their_own_that_is_not_heard(make_service, database):
    service = make_service(database, rate_limit_scale=1)
    join(service)
    assert [ask(service).status_code for _ in range(4)] == [202] * 4
    assert len(letters_to(service)) == 3
    assert count_of(service, OutboxTable, OutboxTable.outcome == "throttled") == 1
    service.client().post("/api/v1/password/forgot", {"email": ADDRESS})
    assert len(letters_to(service)) == 4


def test_a_link_keeps_an_account_that_was_to_be_erased(service):
    join(service)
    signed_in(service).delete("/api/v1/me", {"current_password": PASSWORD})
    service.deliver()
    token = link_token(service)
    assert use(service.client(), token).status_code == 200
    assert user_row(service)["erases_at"] is None


def test_the_pages_lead_back_to_the_article_and_keep_signed_in_if_wanted(service):
    join(service)
    browser = service.client()
    assert (
        f'href="/login/link?next={DEVICES.replace("/", "%2F")}"' in browser.get(f"/login?next={DEVICES}").text
    )
    sent = browser.form(f"/login/link?next={DEVICES}", email=ADDRESS)
    assert "you will receive a sign-in link" in sent.text
    page = browser.follow(browser.get(letters_to(service)[-1].link(CONFIRM)))
    assert (page.status_code, ADDRESS in page.text) == (200, True)
    done = browser.form(CONFIRM, remember="yes")
    assert (done.status_code, done.headers["Location"]) == (303, DEVICES)
    assert browser.inner.get_cookie("masthead").max_age == 90 * 86400
    again = service.client()
    dead = again.follow(again.get(f"{CONFIRM}?token=broken"))
    assert (dead.status_code, 'href="/login/link"' in dead.text) == (400, True)


@pytest.mark.parametrize("path", ["/account/email", "/account/delete", "/account/password"])
def test_who_must_sign_in_again_is_shown_the_way_and_can_go_on(clock, service, path):
    join(service, password=None)
    browser = service.client()
    use(browser, link_token(service))
    clock.advance(minutes=16)
    fields = {"email": "new@example.org", "new_password": OTHER_PASSWORD}
    stale = browser.form(path, **fields)
    assert (stale.status_code, "Sign in again to do this." in stale.text) == (401, True)
    again = f"/login?again=1&amp;next={path.replace('/', '%2F')}"
    assert f'href="{again}"' in stale.text
    page = browser.get(again.replace("&amp;", "&"))
    assert (page.status_code, f'value="{ADDRESS}"' in page.text) == (200, True)
    assert browser.get(f"/login?next={path}").headers["Location"] == path
    browser.form(f"/login/link?next={path}", email=ADDRESS)
    browser.follow(browser.get(letters_to(service)[-1].link(CONFIRM)))
    assert browser.form(CONFIRM).headers["Location"] == path
    assert browser.form(path, **fields).status_code in (200, 303)
