"""The way back to the old address: for whoever reads its mail, for a week, once."""

import pytest
from sqlalchemy import insert, update

from service.core.errors import Refusal
from service.core.values import new_id
from service.store.schema import IdentityRow, SessionRow, UserRow
from tests.flows.movers import NEW, UNDO, asked, confirm, moved, subjects, undo, undo_token
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    PASSWORD,
    STAFF,
    change,
    count_of,
    join,
    letters_to,
    log_in,
    signed_in,
    token_in,
    user_row,
)
from tests.flows.together import at_once

ANOTHER = "third@example.org"


@pytest.fixture
def taken(service):
    """An account whose address a thief with the password has changed; the thief's browser."""
    join(service, name="Ada")
    thief = signed_in(service)
    moved(service, thief)
    return thief


@pytest.mark.case("SGN-09")
def test_going_back_leaves_the_thief_with_nothing(service, taken):
    done = undo(service, undo_token(service))
    assert (done.status_code, done.headers["Location"]) == (303, "/forgot-password")
    assert count_of(service, SessionRow) == 0
    assert user_row(service)["password_hash"] is None
    assert user_row(service, NEW) is None
    assert [log_in(service.client(), email).status_code for email in (ADDRESS, NEW)] == [401, 401]
    undone = "A change of address at The Masthead was undone"
    assert subjects(service, ADDRESS)[-1] == subjects(service, NEW)[-1] == undone
    service.client().post("/api/v1/password/forgot", {"email": ADDRESS})
    token = token_in(letters_to(service)[-1], "/reset-password")
    service.client().post("/api/v1/password/reset", {"token": token, "password": OTHER_PASSWORD})
    assert log_in(service.client(), password=OTHER_PASSWORD).status_code == 200


def test_a_thief_who_also_changed_the_password_gains_nothing(service, taken):
    body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
    assert taken.post("/api/v1/password/change", body).status_code == 200
    assert undo(service, undo_token(service)).status_code == 303
    assert log_in(service.client(), password=OTHER_PASSWORD).status_code == 401


def test_going_back_retires_the_links_of_later_changes(service, taken):
    moved(service, taken, ANOTHER)
    thiefs = undo_token(service, NEW)
    assert undo(service, undo_token(service)).status_code == 303
    assert undo(service, thiefs).status_code == 400
    assert user_row(service)["email"] == ADDRESS


def test_a_change_that_waits_dies_with_going_back(service, taken):
    waiting = asked(service, taken, ANOTHER)
    assert undo(service, undo_token(service)).status_code == 303
    assert confirm(service.client(), waiting).status_code == 400


def test_what_was_linked_since_the_change_goes_and_what_was_before_stays(service, taken):
    user_id = user_row(service, NEW)["id"]
    created_at = user_row(service, NEW)["created_at"]
    for provider, at in (("google", created_at), ("apple", user_row(service, NEW)["updated_at"])):
        about = {"id": new_id(), "user_id": user_id, "provider": provider, "issuer": provider, "subject": "1"}
        change(service, insert(IdentityRow).values(created_at=at, **about))
    assert undo(service, undo_token(service)).status_code == 303
    with service.parts.store.read() as uow:
        assert uow.users.by_id(user_id).providers == ("google",)


def test_the_link_works_once_even_when_used_at_once(service, taken):
    token = undo_token(service)
    flow = service.parts.flows.email_undo
    assert sorted(at_once(lambda: attempt(flow, token), *([] for _ in range(8)))) == [
        "",
        *["invalid_token"] * 7,
    ]
    assert undo(service, token).status_code == 400


def attempt(flow, token):
    """What the flow answers: the code of its refusal, none for success."""
    try:
        flow.undo(token=token, visit=STAFF)
    except Refusal as refusal:
        return refusal.code
    return ""


@pytest.mark.parametrize(("days", "status"), [(6.9, 200), (7.1, 400)])
def test_the_link_lives_for_seven_days(clock, service, days, status):
    join(service)
    moved(service, signed_in(service))
    token = undo_token(service)
    clock.advance(days=days)
    browser = service.client()
    assert browser.follow(browser.get(f"{UNDO}?token={token}")).status_code == status


def test_an_address_somebody_else_has_by_now_cannot_be_brought_back(service, taken):
    token = undo_token(service)
    join(service, ADDRESS, OTHER_PASSWORD)
    assert undo(service, token).status_code == 409
    assert user_row(service, NEW) is not None
    assert log_in(service.client(), password=OTHER_PASSWORD).status_code == 200


def test_going_back_keeps_an_account_the_thief_wanted_erased(service, taken):
    user = user_row(service, NEW)
    change(service, update(UserRow).where(UserRow.id == user["id"]).values(erases_at=user["created_at"]))
    assert undo(service, undo_token(service)).status_code == 303
    assert user_row(service)["erases_at"] is None


def test_the_worker_forgets_the_way_back_when_its_time_is_over(clock, service):
    join(service)
    moved(service, signed_in(service))
    with service.parts.store.write() as uow:
        assert uow.addresses.purge(clock()) == 0
        clock.advance(days=11)
        assert uow.addresses.purge(clock()) == 1
