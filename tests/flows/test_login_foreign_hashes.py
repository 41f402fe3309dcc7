"""Readers who come along with a hash of other software: they sign in, and have one of ours from then on."""

import pytest
from sqlalchemy import update

from service.store.schema import UserRow
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    PASSWORD,
    change,
    is_in,
    join,
    log_in,
    signed_in,
    user_row,
)
from tests.support.hashes import FIREBASE_SIGNER_KEY, FOREIGN, by_bcrypt


@pytest.fixture
def moved_in(make_service, database):
    """A service with one reader, who has a hash of other software."""

    def start(password_hash):
        service = make_service(database, firebase_signer_key=FIREBASE_SIGNER_KEY)
        join(service)
        change(service, update(UserRow).values(password_hash=password_hash))
        return service

    return start


@pytest.mark.case("LOG-21")
@pytest.mark.parametrize("password_hash", FOREIGN.values(), ids=FOREIGN)
def test_the_first_sign_in_renews_the_hash_and_a_wrong_password_never(moved_in, password_hash):
    service = moved_in(password_hash)
    before = user_row(service)
    for wrong in (OTHER_PASSWORD, PASSWORD + " x", ""):
        assert log_in(service.client(), password=wrong).status_code == 401
    assert user_row(service) == before
    assert is_in(signed_in(service))
    after = user_row(service)
    assert after["password_hash"].startswith("$argon2id$")
    assert after | {"password_hash": password_hash} == before
    assert is_in(signed_in(service))
    assert log_in(service.client(), password=OTHER_PASSWORD).status_code == 401
    assert user_row(service) == after


def test_a_password_is_looked_at_in_nfc_as_everywhere(moved_in):
    service = moved_in(by_bcrypt("crème brûlée à midi"))
    assert log_in(service.client(), password="cre\u0300me bru\u0302le\u0301e a\u0300 midi").status_code == 200


def test_an_imported_password_is_asked_for_again_before_it_was_renewed(moved_in):
    service = moved_in(FOREIGN["Drupal 7"])
    browser = signed_in(service)
    change(service, update(UserRow).values(password_hash=FOREIGN["WordPress 6.8"]))
    body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
    answer = browser.post("/api/v1/password/change", body)
    assert answer.status_code < 300, answer.text
    assert log_in(service.client(), ADDRESS, OTHER_PASSWORD).status_code == 200


def test_a_firebase_hash_without_its_key_opens_nothing(make_service, database):
    service = make_service(database)
    join(service)
    change(service, update(UserRow).values(password_hash=FOREIGN["Firebase"]))
    assert log_in(service.client()).status_code == 401
