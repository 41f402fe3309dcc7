"""Posted forms: from our own pages, by the browser that opened them, every field once."""

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from tests.support.pages import hidden_fields
from tests.support.people import ADDRESS, ANOTHER, PASSWORD, add_reader
from tests.support.service import Client, Service
from tests.web.conftest import heading

FIELDS = {
    "/login": {"email": ADDRESS, "password": PASSWORD},
    "/signup": {"email": "new@example.org", "password": PASSWORD},
    "/forgot-password": {"email": ADDRESS},
    "/logout": {},
    "/account/password": {"current_password": PASSWORD, "new_password": ANOTHER},
    "/login/mfa": {"code": "123456"},
    "/account/second-factor/begin": {"current_password": PASSWORD},
    "/account/passkeys": {"credential": "{}", "name": "Phone"},
}
# Pages that lead a reader who is signed in elsewhere.
ELSEWHERE = {"/login", "/login/mfa", "/account/second-factor/begin"}


def post(client: Client, path: str, fields: dict[str, str], **options: object) -> TestResponse:
    return client.request("POST", path, data=fields, **options)


@pytest.mark.case("WEB-01", "WEB-04")
@pytest.mark.parametrize("path", FIELDS)
@pytest.mark.parametrize("token", [None, "", "x", "made.up.token"])
def test_a_form_without_its_token_changes_nothing(
    service: Service, reader: Client, path: str, token: str | None
) -> None:
    page = reader.get("/account/password" if path in ELSEWHERE else path)
    assert "csrf_token" in page.text
    fields = FIELDS[path] | ({} if token is None else {"csrf_token": token})
    answer = post(reader, path, fields)
    assert answer.status_code == 403
    assert heading(answer) == "Please try again"
    assert reader.get("/api/v1/session").status_code == 200
    assert service.deliver() == 0


@pytest.mark.case("WEB-01", "WEB-04")
@pytest.mark.parametrize("path", ["/login", "/signup", "/forgot-password"])
def test_somebody_elses_token_changes_nothing(service: Service, client: Client, path: str) -> None:
    client.get(path)
    foreign = hidden_fields(service.client().get(path).text)["csrf_token"]
    answer = post(client, path, FIELDS[path] | {"csrf_token": foreign})
    assert answer.status_code == 403
    assert service.deliver() == 0


@pytest.mark.case("WEB-04")
def test_a_token_without_its_cookie_changes_nothing(service: Service, client: Client) -> None:
    token = hidden_fields(client.get("/login").text)["csrf_token"]
    assert post(service.client(), "/login", FIELDS["/login"] | {"csrf_token": token}).status_code == 403


@pytest.mark.case("WEB-01")
def test_a_token_from_before_signing_in_is_worth_nothing_after(service: Service) -> None:
    add_reader(service)
    client = service.client()
    earlier = hidden_fields(client.get("/login").text)["csrf_token"]
    assert client.form("/login", **FIELDS["/login"]).status_code == 303
    answer = post(client, "/account/password", FIELDS["/account/password"] | {"csrf_token": earlier})
    assert answer.status_code == 403


@pytest.mark.case("WEB-03", "WEB-04")
@pytest.mark.parametrize(
    "said", [{"Origin": "https://evil.example"}, {"Origin": None, "Sec-Fetch-Site": "cross-site"}]
)
@pytest.mark.parametrize("path", ["/login", "/logout", "/account/password"])
def test_even_the_right_token_is_refused_from_another_site(
    reader: Client, path: str, said: dict[str, str | None]
) -> None:
    token = hidden_fields(reader.get("/account/password").text)["csrf_token"]
    answer = post(reader, path, FIELDS[path] | {"csrf_token": token}, headers=said)
    assert answer.status_code == 403
    assert "another site" in answer.text


def test_a_form_out_of_date_leads_back_to_itself(client: Client) -> None:
    answer = post(client, "/login", FIELDS["/login"] | {"next": "/account/devices"})
    assert answer.status_code == 403
    assert 'href="/login?next=%2Faccount%2Fdevices"' in answer.text


@pytest.mark.case("RST-02")
@pytest.mark.parametrize("path", ["/login", "/signup", "/forgot-password"])
def test_a_field_given_twice_is_refused(service: Service, client: Client, path: str) -> None:
    token = hidden_fields(client.get(path).text)["csrf_token"]
    pairs = [("csrf_token", token), ("password", PASSWORD), ("email", ADDRESS), ("email", "b@example.org")]
    answer = client.request(
        "POST", path, data=urlencode(pairs), content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 400
    assert service.deliver() == 0


def test_fields_in_the_address_do_not_count(client: Client) -> None:
    answer = client.form(f"/login?email={ADDRESS}&password=x")
    assert answer.status_code == 422
    assert ADDRESS not in answer.text


@pytest.mark.case("DOS-06")
@pytest.mark.parametrize("path", ["/login", "/forgot-password"])
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(
            b"&".join(b"f%d=1" % n for n in range(100_000)), "application/x-www-form-urlencoded", id="fields"
        ),
        pytest.param(b"email=" + b"a" * 1_000_000, "application/x-www-form-urlencoded", id="a long field"),
        pytest.param(
            b"".join(
                b'--x\r\nContent-Disposition: form-data; name="f%d"\r\n\r\n1\r\n' % n for n in range(200)
            )
            + b"--x--\r\n",
            "multipart/form-data; boundary=x",
            id="parts",
        ),
        pytest.param(
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
            + b"a" * 1_000_000
            + b"\r\n--x--",
            "multipart/form-data; boundary=x",
            id="a file",
        ),
    ],
)
def test_too_much_of_a_form_is_a_413(client: Client, path: str, body: bytes, content_type: str) -> None:
    answer = client.request("POST", path, data=body, content_type=content_type)
    assert answer.status_code == 413
    assert heading(answer) == "That did not work"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"email=%ff%fe&csrf_token=x", "application/x-www-form-urlencoded"),
        (b"email=%00", "application/x-www-form-urlencoded"),
        (b"%", "application/x-www-form-urlencoded"),
        (b"--y", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        (b'{"email":"a"}', "application/json"),
        (b"\x00" * 100, "application/octet-stream"),
    ],
)
def test_a_body_that_is_no_form_is_refused_without_a_fuss(
    client: Client, body: bytes, content_type: str
) -> None:
    answer = client.request("POST", "/login", data=body, content_type=content_type)
    assert answer.status_code in (400, 403)
    assert heading(answer) in ("That did not work", "Please try again")


@pytest.mark.parametrize("text", ["\0", "a\0b@example.org", "\ud7ff\ufffe", "\u202e" * 50, "x" * 12_000])
@pytest.mark.parametrize("path", ["/login", "/signup", "/forgot-password"])
def test_odd_text_in_a_form_is_a_422(client: Client, path: str, text: str) -> None:
    answer = client.form(path, email=text, password=text, name=text, next=text)
    assert answer.status_code == 422
    assert len(answer.data) < 20_000


@pytest.mark.case("SEC-09", "RST-56")
def test_forms_opened_under_the_key_before_work_under_the_new_one(
    make_service: Callable[..., Service], sqlite_url: str
) -> None:
    old, new = "an-old-key-of-forms-0123456789abcdef", "a-new-key-of-forms-fedcba9876543210!"
    before = make_service(sqlite_url, secret_keys=old)
    client = before.client()
    client.get("/reset-password?token=x")
    cookie = client.inner.get_cookie("masthead-forms")
    assert cookie is not None
    for keys, kept in ((f"{new},{old}", True), (new, False)):
        after = make_service(sqlite_url, secret_keys=keys).client()
        after.inner.set_cookie("masthead-forms", cookie.value)
        again = after.get("/reset-password")
        dropped = "masthead-forms=" in str(again.headers.getlist("Set-Cookie"))
        assert dropped is kept  # who could read the dead token forgets it
