"""The main job, on both databases: join, confirm, sign in, forget, reset, sign in again."""

import re

import pytest

ADDRESS = "reader@example.org"
FIRST, SECOND = "sepia lantern forty-two", "quiet harbour at noon"
ARTICLE = "/account/devices"


@pytest.fixture
def tell(service):
    """Deliver what is due and return the newest letter to the reader."""

    def newest():
        service.deliver()
        return service.mailbox.to(ADDRESS)[-1]

    return newest


def link(service, message, path):
    return service.mailbox.link(message, path)


def token_of(url):
    return re.search(r"token=([^&]+)", url)[1]


def test_by_api(service, tell):
    client = service.client()
    answer = client.post("/api/v1/signup", {"email": ADDRESS, "password": FIRST, "name": "Ada"})
    assert answer.status_code == 202
    assert answer.json["status"] == "accepted"
    confirm = token_of(link(service, tell(), "/signup/confirm"))
    answer = client.post("/api/v1/signup/confirm", {"token": confirm})
    assert answer.status_code == 201
    assert answer.json["user"]["email"] == ADDRESS
    assert answer.json["user"]["email_verified"] is True
    assert client.get("/api/v1/session").json == answer.json
    assert client.post("/api/v1/logout").status_code == 204
    assert client.get("/api/v1/session").status_code == 401

    answer = client.post("/api/v1/login", {"email": ADDRESS, "password": FIRST})
    assert answer.status_code == 200
    answer = client.post("/api/v1/password/forgot", {"email": ADDRESS, "next": ARTICLE})
    assert answer.status_code == 202
    assert answer.json["message"] == (
        "Reset password instructions sent."
        " If you have an account with us, you will receive an email within a few minutes."
    )
    reset = token_of(link(service, tell(), "/reset-password"))
    answer = client.post("/api/v1/password/reset", {"token": reset, "password": SECOND})
    assert answer.json == {"status": "password_changed", "next": ARTICLE}
    assert client.get("/api/v1/session").status_code == 401
    assert client.post("/api/v1/login", {"email": ADDRESS, "password": FIRST}).json["code"] == (
        "invalid_credentials"
    )
    assert client.post("/api/v1/login", {"email": ADDRESS, "password": SECOND}).status_code == 200
    assert "was changed" in str(tell().message["Subject"])


def test_by_pages_without_scripts(service, tell):
    client = service.client()
    page = client.form("/signup", email=ADDRESS, password=FIRST, name="Ada")
    assert page.status_code == 200
    assert ADDRESS in page.text
    page = client.follow(client.get(link(service, tell(), "/signup/confirm")))
    assert page.status_code == 200
    account = client.follow(client.form("/signup/confirm"))
    assert ADDRESS in account.text
    client.follow(client.form("/logout"))
    assert client.follow(client.form("/login", email=ADDRESS, password=FIRST)).status_code == 200

    page = client.form(f"/forgot-password?next={ARTICLE}", email=ADDRESS)
    assert "Reset password instructions sent." in page.text
    assert client.follow(client.get(link(service, tell(), "/reset-password"))).status_code == 200
    done = client.form("/reset-password", password=SECOND)
    assert done.headers["Location"] == "/login?next=%2Faccount%2Fdevices"
    assert "changed" in client.follow(done).text
    back = client.form(done.headers["Location"], email=ADDRESS, password=SECOND)
    assert back.headers["Location"] == ARTICLE
