"""A hundred browsers spend one token at the same instant, against real processes: one of them wins."""

import threading

import httpx
import pytest

from tests.flows.forgotten import OLD, READER, RESET, Forgotten

BROWSERS = 100


def password_of(number: int) -> str:
    return f"umbrella {number:03} for a quiet harbour"


@pytest.mark.case("RST-39")
def test_of_a_hundred_uses_of_one_token_exactly_one_succeeds(live, make_service, database):
    running = live(database, processes=2)
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
                statuses[number] = client.post(RESET, json=body).status_code
            except httpx.TransportError as error:
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
    hashes = forgotten.service.parts.flows.password_reset.passwords
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
