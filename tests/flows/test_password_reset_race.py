"""A hundred browsers spend one token at the same instant, against real processes: one of them wins."""

import threading

import httpx2
import pytest

from service.core.errors import Unavailable
from tests.flows.forgotten import NEW, NEWER, OLD, READER, RESET, Forgotten, refused_token
from tests.flows.together import insist

BROWSERS = 100


def password_of(number: int) -> str:
    return f"umbrella {number:03} for a quiet harbour"


@pytest.mark.case("RST-39")
def test_of_a_hundred_uses_of_one_token_exactly_one_succeeds(live, make_service, database):
    # hashes at the cost of production, so that many have passed every check before the first one commits
    running = live(database, processes=2, argon2_time_cost=2, argon2_memory_kib=19456)
    forgotten = Forgotten(make_service(database, public_url=running.url))
    forgotten.join()
    token = forgotten.token()
    together = threading.Barrier(BROWSERS)
    statuses: list[int | str] = [""] * BROWSERS

    def spend(number: int) -> None:
        with running.client() as client:
            client.get("/healthz")
            together.wait(30)
            try:
                body = {"token": token, "password": password_of(number)}
                # the hash queues hold 104 where the kernel shares the browsers out evenly, which it may not
                statuses[number] = insist(lambda: client.post(RESET, json=body)).status_code
            except httpx2.TransportError as error:
                statuses[number] = repr(error)

    browsers = [threading.Thread(target=spend, args=(number,)) for number in range(BROWSERS)]
    for browser in browsers:
        browser.start()
    for browser in browsers:
        browser.join()
    assert statuses.count(200) == 1, statuses
    assert statuses.count(400) + statuses.count(409) == BROWSERS - 1, statuses

    winner = password_of(statuses.index(200))
    (user,) = forgotten.rows("users")
    hashes = forgotten.service.parts.flows.password_reset.new_passwords.passwords
    assert hashes.verify(user.password_hash, winner)
    assert user.credential_epoch == 1
    assert forgotten.opens(winner)
    assert not forgotten.opens(OLD)
    assert len(forgotten.audit("password.reset")) == 1
    forgotten.service.deliver()
    subjects = [letter.message["Subject"] for letter in forgotten.mailbox.to(READER)]
    assert [subject for subject in subjects if "was changed" in subject] == subjects[1:]
    assert len(subjects) == 2
    assert token not in running.log()
    assert "umbrella" not in running.log()


@pytest.mark.case("RST-39")
@pytest.mark.parametrize("used_meanwhile", [True, False])
def test_who_queued_for_a_hash_in_vain_learns_whether_the_link_is_used(
    forgotten_on_sqlite, monkeypatch, used_meanwhile
):
    forgotten = forgotten_on_sqlite
    forgotten.join()
    token = forgotten.token()
    pool = forgotten.service.parts.flows.password_reset.new_passwords.passwords

    def no_room(_password: str) -> str:
        monkeypatch.undo()
        if used_meanwhile:
            assert forgotten.reset(token).status_code == 200
        raise Unavailable

    monkeypatch.setattr(pool, "hash", no_room)
    answer = forgotten.reset(token, NEWER)
    if used_meanwhile:
        assert refused_token(answer)
    else:
        assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
        assert forgotten.reset(token).status_code == 200
    assert forgotten.opens(NEW)
