"""Signing up, signing in and the forgotten password, as pages without scripts."""

import re
from collections.abc import Callable

import pytest

from tests.support.people import ADDRESS, ANOTHER, PASSWORD, add_reader
from tests.support.service import Client, Service
from tests.web.conftest import errors_beside, heading, value_of

Link = Callable[..., str]
EMAIL = "Enter a valid email address."


@pytest.mark.parametrize(
    ("path", "title", "inputs"),
    [
        ("/login", "Sign in", ('autocomplete="username webauthn"', 'autocomplete="current-password"')),
        ("/signup", "Create an account", ('autocomplete="email"', 'autocomplete="new-password"')),
        ("/forgot-password", None, ('autocomplete="username"',)),
        ("/logout", None, ()),
    ],
)
def test_a_page_can_be_used_by_everybody(
    client: Client, path: str, title: str | None, inputs: tuple[str, ...]
) -> None:
    page = client.get(path)
    assert page.status_code == 200
    assert heading(page) == (title or heading(page))
    assert '<html lang="en" dir="ltr">' in page.text
    for attribute in (*inputs, 'name="viewport"', 'class="skip"', 'id="main"', 'name="csrf_token"'):
        assert attribute in page.text
    assert page.text.count("<input") <= page.text.count("<label") + page.text.count('type="hidden"')


@pytest.mark.parametrize(
    ("path", "fields", "beside"),
    [
        ("/signup", {"email": "nobody", "password": PASSWORD}, {"email": EMAIL}),
        (
            "/signup",
            {"email": "nobody", "password": "short"},
            {"email": EMAIL, "password": "Use at least 8 characters."},
        ),
        (
            "/signup",
            {"email": ADDRESS, "password": PASSWORD, "name": "x" * 101},
            {"name": "Use at most 100 characters."},
        ),
        ("/login", {"email": "nobody", "password": "x"}, {"email": EMAIL}),
        ("/forgot-password", {"email": "nobody"}, {"email": EMAIL}),
        ("/forgot-password", {"email": ""}, {"email": EMAIL}),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    client: Client, path: str, fields: dict[str, str], beside: dict[str, str]
) -> None:
    page = client.form(path, **fields)
    assert page.status_code == 422
    for field, message in beside.items():
        assert errors_beside(page, field) == [message]
        assert f'<a href="#{field}">{message}</a>' in page.text
    assert "<title>Error:" in page.text
    assert value_of(page, "email") == (fields["email"] or None)
    if "password" in fields:
        assert value_of(page, "password") is None


@pytest.mark.case("WEB-11")
def test_what_was_typed_comes_back_as_text(client: Client) -> None:
    nasty = '"><script>alert(1)</script>{{7*7}}'
    page = client.form("/signup", email=nasty, password="x", name=nasty)
    assert page.status_code == 422
    assert "<script>alert" not in page.text
    assert page.text.count("&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}") == 2


@pytest.mark.parametrize("who", [{"password": "wrong"}, {"email": "nobody@example.org"}])
def test_a_wrong_sign_in_says_one_thing_and_keeps_the_address(
    service: Service, client: Client, who: dict[str, str]
) -> None:
    add_reader(service)
    fields = {"email": ADDRESS, "password": PASSWORD, "remember": "yes"} | who
    page = client.form("/login?next=/account/devices", **fields)
    assert page.status_code == 401
    assert "The email address or the password is not right." in page.text
    assert value_of(page, "email") == fields["email"]
    assert value_of(page, "next") == "/account/devices"
    assert value_of(page, "password") is None


@pytest.mark.parametrize(
    ("next_page", "location"),
    [
        ("/account/devices", "/account/devices"),
        ("http://localhost:8000/account/password", "http://localhost:8000/account/password"),
        ("https://evil.example/", "/account"),
        ("//evil.example", "/account"),
        ("/\\evil.example", "/account"),
        ("javascript:alert(1)", "/account"),
        ("", "/account"),
        ("/" + "x" * 5000, "/account"),
    ],
)
@pytest.mark.case("RST-29")
def test_signing_in_leads_on_to_known_places_only(
    service: Service, client: Client, next_page: str, location: str
) -> None:
    add_reader(service)
    done = client.form("/login", email=ADDRESS, password=PASSWORD, next=next_page)
    assert (done.status_code, done.headers["Location"]) == (303, location)
    again = client.get("/login", query_string={"next": next_page})
    assert (again.status_code, again.headers["Location"]) == (303, location)


def test_signing_up_by_pages(service: Service, client: Client, link: Link) -> None:
    sent = client.form(
        "/signup?next=/account/devices", email=ADDRESS, password=PASSWORD, name="Ada", newsletter="yes"
    )
    assert sent.status_code == 200
    assert ADDRESS in sent.text
    moved = client.get(link("/signup/confirm"))
    assert (moved.status_code, moved.headers["Location"]) == (303, "/signup/confirm")
    assert heading(client.get("/signup/confirm")) == "Confirm your account"
    assert client.get("/account").status_code == 303
    done = client.form("/signup/confirm")
    assert (done.status_code, done.headers["Location"]) == (303, "/account/devices")
    assert "Welcome." in client.follow(done).text
    assert "checked" in client.get("/account").text


def test_another_browser_chooses_a_password_on_the_page(service: Service, client: Client, link: Link) -> None:
    client.form("/signup", email=ADDRESS, password=PASSWORD)
    other = service.client()
    page = other.follow(other.get(link("/signup/confirm")))
    assert 'autocomplete="new-password"' in page.text
    refused = other.form("/signup/confirm", password="short")
    assert refused.status_code == 422
    assert errors_beside(refused, "password") == ["Use at least 8 characters."]
    assert other.form("/signup/confirm", password=ANOTHER).status_code == 303
    assert other.get("/account").status_code == 200


@pytest.mark.case("RST-37", "RST-53", "SEC-06")
def test_the_link_of_a_letter_is_moved_out_of_the_address(
    service: Service, client: Client, link: Link
) -> None:
    add_reader(service)
    client.form("/forgot-password", email=ADDRESS)
    address = link("/reset-password")
    for _ in range(3):
        scanner = service.client()
        assert scanner.get(address).status_code == 303
        assert scanner.request("HEAD", "/reset-password?" + address.partition("?")[2]).status_code == 303
        assert scanner.get("/reset-password").status_code == 200
    moved = client.get(address)
    assert (moved.status_code, moved.headers["Location"]) == (303, "/reset-password")
    (cookie,) = moved.headers.getlist("Set-Cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert not cookie.startswith("masthead=")
    page = client.get("/reset-password")
    assert heading(page) == "Choose a new password"
    assert address.partition("token=")[2] not in page.text
    assert client.get("/account").status_code == 303


def test_a_forgotten_password_by_pages(service: Service, client: Client, link: Link) -> None:
    add_reader(service)
    sent = client.form("/forgot-password?next=/account/devices", email=ADDRESS)
    assert sent.status_code == 200
    assert "Reset password instructions sent." in sent.text
    client.get(link("/reset-password"))
    refused = client.form("/reset-password", password="short")
    assert refused.status_code == 422
    assert errors_beside(refused, "password") == ["Use at least 8 characters."]
    done = client.form("/reset-password", password=ANOTHER)
    assert (done.status_code, done.headers["Location"]) == (303, "/login?next=%2Faccount%2Fdevices")
    assert client.get("/account").status_code == 303
    dead = client.get("/reset-password")
    assert dead.status_code == 400
    back = client.form(done.headers["Location"], email=ADDRESS, password=ANOTHER)
    assert back.headers["Location"] == "/account/devices"


@pytest.mark.parametrize(
    ("path", "button"), [("/reset-password", "/forgot-password"), ("/signup/confirm", "/signup")]
)
@pytest.mark.parametrize("token", ["", "x", "a.b.c", "%00", "%ff", "x" * 7000, "<script>alert(1)</script>"])
def test_a_dead_link_is_a_calm_page_with_one_way_on(
    client: Client, path: str, button: str, token: str
) -> None:
    page = client.follow(client.get(f"{path}?token={token}"))
    assert page.status_code == 400
    assert heading(page) == "This link no longer works"
    assert f'href="{button}"' in page.text
    assert "<script>alert" not in page.text
    assert client.get(path).status_code == 400


def test_a_throttled_page_says_how_long_to_wait(
    make_service: Callable[..., Service], sqlite_url: str
) -> None:
    client = make_service(sqlite_url, rate_limit_scale=1, rate_limits="login_per_account=1/minute").client()
    pages = [client.form("/login", email=ADDRESS, password="wrong") for _ in range(2)]
    assert [page.status_code for page in pages] == [401, 429]
    assert 1 <= int(pages[1].headers["Retry-After"]) <= 60
    assert "Too many tries." in pages[1].text


def test_the_publishers_name_colour_and_templates_are_shown(
    make_service: Callable[..., Service], sqlite_url: str, tmp_path
) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "logout.html").write_text(
        "{% extends 'layout.html' %}{% block card %}Ours{% endblock %}"
    )
    (tmp_path / "theme.css").write_text(".nameplate { font-style: italic }")
    client = make_service(
        sqlite_url, site_name="Gazette & Söhne", accent_color="#123456", templates_dir=str(tmp_path)
    ).client()
    page = client.get("/login")
    assert "Gazette &amp; Söhne" in page.text
    (sheet,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)
    assert "--fill:#123456;--fill-ink:#ffffff;" in client.get(sheet).text
    assert client.get(sheet).text.endswith(".nameplate { font-style: italic }")
    assert "Ours" in client.get("/logout").text


def test_over_https_the_cookies_of_forms_are_bound_to_the_host(
    make_service: Callable[..., Service], sqlite_url: str
) -> None:
    answer = make_service(sqlite_url, public_url="https://accounts.example.org").client().get("/login")
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-masthead-forms=")
    for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert attribute in cookie
    assert "Domain" not in cookie
