"""Accounts: unique by address, changed only from the state somebody looked at."""

import threading

import pytest

from service.core.values import NewsletterConsent, User, new_id
from service.store.store import SqlStore
from tests.store.conftest import HOUR, NOW, a_user


def saved(store: SqlStore, **details: object) -> User:
    user = a_user(**details)
    with store.write() as uow:
        assert uow.users.add(user)
    return user


def again(store: SqlStore, user: User) -> User:
    with store.read() as uow:
        found = uow.users.by_id(user.id)
    assert found is not None
    return found


def test_an_account_comes_back_as_it_was(store: SqlStore) -> None:
    user = saved(
        store,
        email_verified_at=NOW,
        name="Zoë 李小龙 🦊",
        locale="de-AT",
        roles=("editor", "admin"),
        password_hash="$argon2id$",
        newsletter=NewsletterConsent(NOW, "192.0.2.7", "Yes, send me the newsletter."),
    )
    assert again(store, user) == user
    with store.read() as uow:
        assert uow.users.by_address(user.canonical) == user
        assert uow.users.by_address(user.canonical.upper()) is None
        assert uow.users.by_address("%") is None
        assert uow.users.by_id(new_id()) is None


def test_an_address_belongs_to_one_account(store: SqlStore) -> None:
    saved(store)
    with store.write() as uow:
        assert uow.users.add(a_user()) is False
        assert uow.users.add(a_user("mıke@example.org")) is True
        assert uow.users.add(a_user("mike@example.org")) is True


def test_of_many_who_take_an_address_at_once_one_gets_it(store: SqlStore) -> None:
    outcomes: list[bool] = []

    def take() -> None:
        with store.write() as uow:
            outcomes.append(uow.users.add(a_user()))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 7 + [True]


def test_a_password_is_set_only_at_the_epoch_it_was_asked_for(store: SqlStore) -> None:
    user = saved(store)
    with store.write() as uow:
        assert uow.users.set_password(user.id, "new", if_epoch=1, at=NOW) is False
        assert uow.users.set_password(new_id(), "new", if_epoch=0, at=NOW) is False
        assert uow.users.set_password(user.id, "new", if_epoch=0, at=NOW) is True
        assert uow.users.set_password(user.id, "newer", if_epoch=0, at=NOW) is False
    assert (again(store, user).password_hash, again(store, user).credential_epoch) == ("new", 1)


@pytest.mark.case("RST-39")
def test_of_many_who_spend_one_link_one_succeeds(store: SqlStore) -> None:
    user, letter = saved(store), new_id()
    with store.write() as uow:
        assert uow.users.newest_reset_letter(user.id, letter)
    winners: list[str] = []

    def spend(password: str) -> None:
        with store.write() as uow:
            if uow.users.set_password(user.id, password, if_epoch=0, if_reset_letter=letter, at=NOW):
                winners.append(password)

    threads = [threading.Thread(target=spend, args=(f"password {n}",)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert winners == [again(store, user).password_hash]


def test_only_the_newest_letter_sets_a_password(store: SqlStore) -> None:
    user, older, newer = saved(store), new_id(), new_id()
    with store.write() as uow:
        assert uow.users.newest_reset_letter(user.id, newer) is True
        assert uow.users.newest_reset_letter(user.id, older) is False
        assert uow.users.newest_reset_letter(user.id, newer) is True
        assert uow.users.set_password(user.id, "x", if_epoch=0, if_reset_letter=older, at=NOW) is False
        assert uow.users.set_password(user.id, "x", if_epoch=0, if_reset_letter=newer, at=NOW) is True
    assert again(store, user).reset_letter is None


def test_a_closed_account_takes_no_password_until_it_is_opened(store: SqlStore) -> None:
    user = saved(store)
    with store.write() as uow:
        assert uow.users.set_disabled(user.id, NOW) is True
        assert uow.users.set_disabled(user.id, NOW) is False
        assert uow.users.set_password(user.id, "x", if_epoch=1, at=NOW) is False
        assert uow.users.set_disabled(user.id, None) is True
        assert uow.users.set_disabled(user.id, None) is False
        assert uow.users.set_password(user.id, "x", if_epoch=1, at=NOW) is True
    assert again(store, user).disabled is False


def test_a_mailbox_is_proven_once(store: SqlStore) -> None:
    user = saved(store)
    with store.write() as uow:
        assert uow.users.verify_email(user.id, at=NOW) is True
        assert uow.users.verify_email(user.id, at=NOW + HOUR) is False
    assert again(store, user).email_verified_at == NOW


def test_a_rehash_replaces_only_the_hash_it_was_made_from(store: SqlStore) -> None:
    user = saved(store, password_hash="old")
    with store.write() as uow:
        assert uow.users.rehash(user.id, "newer", if_hash="other") is False
        assert uow.users.rehash(user.id, "newer", if_hash="old") is True
    assert (again(store, user).password_hash, again(store, user).credential_epoch) == ("newer", 0)


def test_raising_the_epoch_retires_the_letter(store: SqlStore) -> None:
    user = saved(store)
    with store.write() as uow:
        uow.users.newest_reset_letter(user.id, new_id())
        assert uow.users.raise_epoch(user.id) == 1
        assert uow.users.raise_epoch(new_id()) is None
    assert again(store, user).reset_letter is None


@pytest.mark.case("INJ-03")
@pytest.mark.parametrize(
    "text", ["' OR 1=1--", "'; DROP TABLE users;--", '") OR (""="', "%", "_eader@example.org"]
)
def test_sql_in_a_value_is_a_value(store: SqlStore, text: str) -> None:
    user = saved(store)
    with store.read() as uow:
        assert uow.users.by_address(text) is None
    assert again(store, user) == user
