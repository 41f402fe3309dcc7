"""The account's passkeys by pages, as a script would fill them in: the list, a new one, one less."""

import json
import re

import pytest
from pyotp import TOTP

from tests.support.authenticator import Authenticator
from tests.support.pages import hidden_fields
from tests.support.people import ADDRESS, PASSWORD, VISIT, add_reader, signed_in
from tests.web.conftest import errors_beside, heading

PAGE = "/account/passkeys"
ONLY_WAY = "This is your only way to sign in. Add a password or another provider first."
NOT_HERE = "This passkey did not work here. Try again, or sign in another way."


@pytest.fixture
def passkey(service):
    return Authenticator(service.settings.public_url)


def add(browser, passkey, name="Phone", proof=None):
    options = browser.post("/api/v1/me/passkey-options", proof or {}).json["options"]
    return browser.form(PAGE, name=name, credential=json.dumps(passkey.make(options)))


def removal_of(browser):
    (path,) = re.findall(rf'href="({PAGE}/[0-9a-f-]+/remove)"', browser.get(PAGE).text)
    return path


def without_password(service):
    """A browser of an account that signs in by mailed links."""
    user = add_reader(service, password=None)
    with service.parts.store.write() as uow:
        begun = service.parts.flows.sessions.begin(uow, user, amr=("email",), remember=False, visit=VISIT)
    client = service.client()
    client.inner.set_cookie("masthead", begun.secret)
    return client


def test_a_passkey_is_listed_by_its_name_and_removed_with_the_password(service, reader, passkey):
    assert "You have no passkey yet." in reader.get(PAGE).text
    done = add(reader, passkey, proof={"current_password": PASSWORD})
    assert (done.status_code, done.headers["Location"]) == (303, PAGE)
    page = reader.follow(done)
    for said in ("Your passkey is added.", "Phone</h2>", "Not used yet"):
        assert said in page.text
    assert "1 passkey<" in reader.get("/account/identities").text
    assert "Password, Passkey" in reader.get("/account").text
    path = removal_of(reader)
    assert "<strong>Phone</strong>" in reader.get(path).text
    assert reader.form(path, current_password="wrong").status_code == 401
    other = signed_in(service)
    gone = reader.form(path, current_password=PASSWORD)
    assert "The passkey is removed." in reader.follow(gone).text
    assert other.get("/account").status_code == 303
    assert reader.get(path).status_code == 404


@pytest.mark.case("MFA-10")
def test_a_passkey_that_may_have_been_copied_says_so(service, reader, passkey):
    passkey.counter = 5
    add(reader, passkey, proof={"current_password": PASSWORD})
    passkey.counter = 1
    other = service.client()
    options = other.post("/api/v1/login/passkey/options").json["options"]
    assert other.post("/api/v1/login/passkey", {"credential": passkey.sign(options)}).status_code == 200
    page = reader.get(PAGE)
    assert "This passkey may have been copied." in page.text
    assert "Last used just now" in page.text


@pytest.mark.parametrize("credential", ["", "{}", "[]", "null", "x", '{"id": 1}', "[" * 9000])
def test_what_is_no_passkey_s_answer_is_refused_and_the_name_kept(reader, credential):
    refused = reader.form(PAGE, name="Phone", credential=credential)
    assert refused.status_code == 400
    assert NOT_HERE in refused.text
    assert 'value="Phone"' in refused.text


def test_a_name_that_is_too_long_is_told_beside_it(reader, passkey):
    refused = add(reader, passkey, name="x" * 101, proof={"current_password": PASSWORD})
    assert refused.status_code == 422
    assert errors_beside(refused, "name") == ["Use at most 100 characters."]


@pytest.mark.case("MFA-14")
def test_the_only_way_in_stays(service, passkey):
    reader = without_password(service)
    add(reader, passkey)
    refused = reader.form(removal_of(reader))
    assert refused.status_code == 409
    assert ONLY_WAY in refused.text
    assert "Phone</h2>" in reader.get(PAGE).text


@pytest.mark.case("ADM-09")
def test_somebody_else_s_passkey_is_not_there(service, reader, passkey):
    add(reader, passkey, proof={"current_password": PASSWORD})
    path = removal_of(reader)
    add_reader(service, "other@example.org")
    other = signed_in(service, "other@example.org")
    token = hidden_fields(other.get(PAGE).text)["csrf_token"]
    for made_up in (path, f"{PAGE}/x/remove", f"{PAGE}/00000000-0000-7000-8000-000000000000/remove"):
        assert other.get(made_up).status_code == 404
        data = {"csrf_token": token, "current_password": PASSWORD}
        assert other.request("POST", made_up, data=data).status_code == 404
    assert "Phone</h2>" in reader.get(PAGE).text


def test_an_account_without_a_password_signs_in_again_when_that_is_long_ago(clock, service, passkey):
    reader = without_password(service)
    add(reader, passkey)
    path = removal_of(reader)
    clock.advance(minutes=16)
    for page in (PAGE, path, "/account/second-factor"):
        shown = reader.get(page)
        assert "Sign in again to change this." in shown.text
        assert "/login?again=1&amp;next=%2Faccount%2F" in shown.text
    assert 'data-passkey="new"' not in reader.get(PAGE).text


def test_a_passkey_is_the_second_step_on_the_page(service, reader, passkey):
    add(reader, passkey, proof={"current_password": PASSWORD})
    secret = reader.post("/api/v1/me/mfa/totp", {"current_password": PASSWORD}).json["secret"]
    reader.post("/api/v1/me/mfa/totp/confirm", {"code": TOTP(secret).now()})
    browser = service.client()
    browser.form("/login?next=/account/devices", email=ADDRESS, password=PASSWORD)
    assert "Use a passkey" in browser.get("/login/mfa").text
    wrong = browser.form("/login/mfa", credential="{}")
    assert (wrong.status_code, heading(wrong)) == (400, "One more step")
    assert NOT_HERE in wrong.text
    options = browser.post("/api/v1/login/passkey/options").json["options"]
    done = browser.form("/login/mfa", credential=json.dumps(passkey.sign(options)))
    assert (done.status_code, done.headers["Location"]) == (303, "/account/devices")
