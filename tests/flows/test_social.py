"""Sign in with a provider: the table of product.md 1.4, from the button to the account."""

from dataclasses import replace

import pytest

from tests.flows.people import (
    letters_to,
)


def sign_in(client, issuer, *, next=None, cancel=False):
    """Press the provider's button, say yes there, and come back; the last answer."""
    start = client.get(f"/login/{issuer.name}" + (f"?next={next}" if next else ""))
    assert start.status_code == 303, start.text
    answer = issuer.bring_back(client, start, cancel=cancel)
    if answer.status_code == 303 and "handle=" in answer.headers["Location"]:
        answer = client.follow(answer)
    return answer


def me(client):
    return client.get("/api/v1/session").json["user"]


@pytest.mark.parametrize("kind", ["google", "apple", "issuer"])
def test_a_new_reader_gets_an_account_without_a_password(make_service, database, request, kind):
    issuer = request.getfixturevalue(kind)
    service = make_service(database, **issuer.settings)
    browser = service.client()
    answer = sign_in(browser, issuer, next="/account/devices")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/devices")
    user = me(browser)
    assert (user["email"], user["email_verified"], user["has_password"]) == (issuer.person.email, True, False)
    assert user["providers"] == [issuer.name]
    assert user["name"] == issuer.person.name
    service.deliver()
    (letter,) = letters_to(service, issuer.person.email)
    assert "Welcome" in letter.message["Subject"]


@pytest.mark.parametrize("kind", ["google", "apple", "issuer"])
def test_they_come_back_to_the_same_account(make_service, database, request, kind):
    issuer = request.getfixturevalue(kind)
    service = make_service(database, **issuer.settings)
    first, second = service.client(), service.client()
    sign_in(first, issuer)
    issuer.person = replace(issuer.person, email="moved@elsewhere.example")
    assert sign_in(second, issuer).status_code == 303
    assert me(second)["id"] == me(first)["id"]
    assert me(second)["email"] != "moved@elsewhere.example"
