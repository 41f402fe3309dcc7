"""The account below `/account`, the front door and signing out."""

import re
from collections.abc import Callable

import pytest

from tests.support.people import ADDRESS, ANOTHER, PASSWORD, VISIT, add_reader, signed_in
from tests.support.service import Client, Service
from tests.web.conftest import errors_beside, heading


def test_the_front_door_leads_in_or_to_the_door(reader: Client, service: Service) -> None:
    assert reader.get("/").headers["Location"] == "/account"
    assert service.client().get("/").headers["Location"] == "/login"


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/account", "/login?next=%2Faccount"),
        ("/account/devices?page=2", "/login?next=%2Faccount%2Fdevices%3Fpage%3D2"),
        ("/account/password", "/login?next=%2Faccount%2Fpassword"),
        ("/account/email", "/login?next=%2Faccount%2Femail"),
        ("/account/delete", "/login?next=%2Faccount%2Fdelete"),
    ],
)
def test_who_is_not_signed_in_signs_in_and_comes_back(service: Service, path: str, location: str) -> None:
    add_reader(service)
    client = service.client()
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, location)
    back = client.form(location, email=ADDRESS, password=PASSWORD)
    assert (back.status_code, back.headers["Location"]) == (303, path)


def test_the_overview_shows_who_the_reader_is(reader: Client) -> None:
    page = reader.get("/account")
    assert heading(page) == "Your account"
    for said in ("Ada", ADDRESS, "Confirmed", "Password", "newsletter"):
        assert said in page.text


def test_a_device_can_be_signed_out(service: Service, reader: Client) -> None:
    other = signed_in(service)
    page = reader.get("/account/devices")
    (action,) = re.findall(r'action="(/account/devices/[0-9a-f-]{36}/end)"', page.text)
    done = reader.request("POST", action, data=_token(page.text))
    assert (done.status_code, done.headers["Location"]) == (303, "/account/devices")
    assert "That device is signed out." in reader.follow(done).text
    assert other.get("/account").status_code == 303
    assert reader.get("/account").status_code == 200


@pytest.mark.case("ADM-09")
@pytest.mark.parametrize("made_up", ["x", "00000000-0000-7000-8000-000000000000", "..", "%00"])
def test_a_device_that_is_not_there_is_a_404(reader: Client, made_up: str) -> None:
    token = _token(reader.get("/account/password").text)
    assert reader.request("POST", f"/account/devices/{made_up}/end", data=token).status_code == 404


@pytest.mark.case("ADM-09")
def test_somebody_elses_device_is_not_there_either(service: Service, reader: Client) -> None:
    add_reader(service, "other@example.org")
    other = signed_in(service, "other@example.org")
    other_id = other.get("/api/v1/session").json["session"]["id"]
    token = _token(reader.get("/account/password").text)
    assert reader.request("POST", f"/account/devices/{other_id}/end", data=token).status_code == 404
    assert other.get("/account").status_code == 200


def test_all_other_devices_can_be_signed_out(service: Service, reader: Client) -> None:
    others = [signed_in(service) for _ in range(2)]
    token = _token(reader.get("/account/devices").text)
    done = reader.request("POST", "/account/devices/end-others", data=token)
    assert "You are signed out everywhere else." in reader.follow(done).text
    assert [other.get("/account").status_code for other in others] == [303, 303]


def test_the_password_can_be_changed(service: Service, reader: Client) -> None:
    other = signed_in(service)
    done = reader.form("/account/password", current_password=PASSWORD, new_password=ANOTHER)
    assert (done.status_code, done.headers["Location"]) == (303, "/account")
    assert "Your password is changed." in reader.follow(done).text
    assert other.get("/account").status_code == 303
    assert signed_in(service, password=ANOTHER).get("/account").status_code == 200


@pytest.mark.parametrize(
    ("current", "new", "status", "beside", "said"),
    [
        ("wrong", ANOTHER, 401, None, "is not right"),
        ("", ANOTHER, 401, None, "is not right"),
        (PASSWORD, "short", 422, "new_password", "at least 8 characters"),
        (PASSWORD, "password", 422, "new_password", "on lists that attackers try first"),
    ],
)
def test_a_change_that_is_refused_says_why_and_repeats_no_password(
    reader: Client, current: str, new: str, status: int, beside: str | None, said: str
) -> None:
    page = reader.form("/account/password", current_password=current, new_password=new)
    assert page.status_code == status
    assert said in (errors_beside(page, beside)[0] if beside else page.text)
    assert PASSWORD not in page.text
    assert ANOTHER not in page.text
    assert 'role="alert"' in page.text


def test_an_account_without_a_password_is_offered_one(service: Service) -> None:
    user = add_reader(service, password=None)
    with service.parts.store.write() as uow:
        begun = service.parts.flows.sessions.begin(uow, user, amr=("email",), remember=False, visit=VISIT)
    client = service.client()
    client.inner.set_cookie("masthead", begun.secret)
    page = client.get("/account/password")
    assert heading(page) == "Add a password"
    assert "current_password" not in page.text
    assert client.form("/account/password", new_password=ANOTHER).status_code == 303


def test_signing_out_takes_a_button(service: Service, reader: Client) -> None:
    page = reader.get("/logout")
    assert page.status_code == 200
    assert reader.get("/account").status_code == 200
    done = reader.form("/logout")
    assert (done.status_code, done.headers["Location"]) == (303, "/login")
    assert done.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "You are signed out." in reader.follow(done).text
    assert reader.get("/account").status_code == 303
    device = reader.inner.get_cookie("masthead-device")
    assert device is not None
    assert device.value


@pytest.mark.parametrize(
    ("next_page", "location"),
    [("/signup", "/signup"), ("https://evil.example", "/login"), ("//evil.example", "/login")],
)
def test_after_signing_out_only_known_places_are_followed(
    reader: Client, next_page: str, location: str
) -> None:
    assert reader.form(f"/logout?next={next_page}").headers["Location"] == location


def test_password_managers_find_the_page(client: Client) -> None:
    answer = client.get("/.well-known/change-password")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/password")


def test_staying_signed_in_is_a_choice(service: Service, client: Client) -> None:
    add_reader(service)
    client.form("/login", email=ADDRESS, password=PASSWORD)
    cookie = client.inner.get_cookie("masthead")
    assert cookie is not None
    assert cookie.max_age is None
    other = service.client()
    other.form("/login", email=ADDRESS, password=PASSWORD, remember="yes")
    cookie = other.inner.get_cookie("masthead")
    assert cookie is not None
    assert cookie.max_age == 90 * 86400


def test_the_dev_mailbox_exists_in_development_only(
    make_service: Callable[..., Service], sqlite_url: str, service: Service
) -> None:
    assert service.client().get("/dev/mailbox").status_code == 404
    development = make_service(sqlite_url, env="development", worker="off").client()
    assert development.get("/dev/mailbox").status_code == 200
    assert development.get("/dev/mailbox/nothing").status_code == 404


def _token(page: str) -> dict[str, str]:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return {"csrf_token": found[1]}
