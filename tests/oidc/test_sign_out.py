"""What ends with a session, how clients hear of it, and how they ask for it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode

import httpx2
import pytest

from service.adapters.targets import PinnedTransport, TargetRefused, is_public
from service.core.values import Session
from service.store.schema import OutboxTable, SessionRow
from tests.flows.people import count_of, is_in
from tests.oidc.test_service_tokens import decoded
from tests.support.pages import hidden_fields
from tests.support.people import ADDRESS, ANOTHER, PASSWORD, VISIT, add_reader, signed_in
from tests.support.relying_party import a_site

HOME = "https://comments.example/bye"


@pytest.fixture
def ear() -> Iterator["Ear"]:
    """A client's ear for sign-outs, on the loopback interface."""
    with Ear() as listening:
        yield listening


class Ear(ThreadingHTTPServer):
    """Takes logout tokens; answers with `status`."""

    def __init__(self):
        self.heard, self.status = [], 200
        super().__init__(("127.0.0.1", 0), Listener)
        self.url = f"http://127.0.0.1:{self.server_port}/backchannel"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Listener(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.heard.append(parse_qs(body)["logout_token"][0])
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()

    def log_message(self, *_):
        """Tests are quiet."""


def is_over(party, tokens):
    """Whether nothing of what a client got is good any more."""
    active = party.introspect(tokens["access_token"])["active"]
    userinfo = party.get("/oauth/userinfo", bearer=tokens["access_token"]).status_code
    refreshed = party.refresh(tokens["refresh_token"]).status_code
    assert (active, userinfo, refreshed) in ((True, 200, 200), (False, 401, 400))
    return not active


def change_password(service, browser, reader):
    browser.post("/api/v1/password/change", {"current_password": PASSWORD, "new_password": ANOTHER})


def reset_password(service, browser, reader):
    browser.post("/api/v1/password/forgot", {"email": ADDRESS})
    service.deliver()
    token = service.mailbox.to(ADDRESS)[-1].link("/reset-password").partition("token=")[2]
    assert browser.post("/api/v1/password/reset", {"token": token, "password": ANOTHER}).status_code == 200


ENDINGS = {
    "sign-out": lambda service, browser, reader: browser.post("/api/v1/logout"),
    "sign-out on the page": lambda service, browser, reader: browser.form("/logout"),
    "disabled": lambda service, browser, reader: service.parts.flows.accounts.disable(reader.id, VISIT),
    "reset by staff": lambda service, browser, reader: service.parts.flows.accounts.send_reset(
        reader.id, VISIT
    ),
    "reset": reset_password,
    "deletion": lambda service, browser, reader: browser.delete("/api/v1/me", {"current_password": PASSWORD}),
    "ended from another device": lambda service, browser, reader: signed_in(service).delete(
        "/api/v1/sessions"
    ),
}


@pytest.mark.case("OPV-21", "OPV-25", "RST-60", "DEL-01")
def test_every_end_of_a_session_ends_what_was_granted_in_it(service, reader):
    party = a_site(service)
    for name, end in ENDINGS.items():
        email = f"{name.replace(' ', '-')}@example.org"
        owner = add_reader(service, email) if name != "reset" else reader
        browser = signed_in(service, owner.email)
        tokens = party.tokens(browser)
        code = party.code(browser)
        if name == "ended from another device":
            signed_in(service, owner.email).delete("/api/v1/sessions")
        else:
            end(service, browser, owner)
        assert is_over(party, tokens), name
        assert party.redeem(code).status_code == 400, name


@pytest.mark.case("OPV-25")
def test_the_session_that_stays_keeps_what_was_granted_in_it(service, reader):
    party = a_site(service)
    here, elsewhere = signed_in(service), signed_in(service)
    tokens, others = party.tokens(here), party.tokens(elsewhere)
    change_password(service, here, reader)
    assert is_over(party, others)
    assert not is_over(party, tokens)


def test_what_was_granted_outlives_a_session_that_runs_out_by_itself(service, browser, reader):
    party = a_site(service)
    tokens = party.tokens(browser)
    with service.parts.store.write() as uow:
        (session,) = uow.sessions.of(reader.id, service.parts.clock())
        assert isinstance(session, Session)
        uow.sessions.touch(session.id, seen_at=session.created_at, idle_until=session.created_at, ip="")
        assert uow.sessions.purge(service.parts.clock()) == 1
    fresh = party.refresh(tokens["refresh_token"])
    assert fresh.status_code == 200
    signed_in(service).delete("/api/v1/sessions")  # everywhere else is everywhere else
    assert party.refresh(fresh.json["refresh_token"]).status_code == 400


@pytest.mark.case("OPV-25", "OPV-26")
def test_clients_that_want_to_hear_of_sign_outs_do(service, browser, reader, ear):
    party = a_site(service, backchannel_logout_uri=ear.url)
    quiet = a_site(service)
    tokens = party.tokens(browser)
    quiet.tokens(browser)
    browser.post("/api/v1/logout")
    assert service.deliver() == 1
    (token,) = ear.heard
    header, claims = decoded(service, token)
    assert (header["typ"], claims["aud"], claims["sub"]) == ("logout+jwt", party.client.id, str(reader.id))
    assert claims["sid"] == decoded(service, tokens["id_token"])[1]["sid"]
    assert list(claims["events"]) == ["http://schemas.openid.net/event/backchannel-logout"]
    assert "nonce" not in claims
    assert party.introspect(token) == {"active": False}


@pytest.mark.case("WHK-03")
def test_a_client_that_is_away_is_told_later_and_one_that_redirects_is_not_followed(service, browser, ear):
    party = a_site(service, backchannel_logout_uri=ear.url)
    party.tokens(browser)
    ear.status = 302
    browser.post("/api/v1/logout")
    assert service.deliver() == 1
    assert len(ear.heard) == 1
    waiting = (OutboxTable.letter == "backchannel_logout") & OutboxTable.settled_at.is_(None)
    assert count_of(service, OutboxTable, waiting) == 1


@pytest.mark.case("WHK-01")
@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1"),
    ],
)
def test_addresses_of_private_networks_are_not_called(address):
    assert not is_public(address)


@pytest.mark.case("WHK-01", "WHK-02")
def test_a_call_goes_nowhere_private_by_name_or_number(ear):
    transport = PinnedTransport(httpx2.HTTPTransport(), private=False)
    with httpx2.Client(transport=transport) as client:
        for url in (
            ear.url,
            ear.url.replace("127.0.0.1", "localhost"),
            "http://2130706433/",
            "http://nobody.invalid/",
        ):
            with pytest.raises(TargetRefused):
                client.post(url, data={"logout_token": "x"})
    assert ear.heard == []
    assert is_public("93.184.216.34")
    assert is_public("2606:4700::1111")


def log_out(browser, **parameters):
    return browser.get(f"/oauth/logout?{urlencode(parameters)}")


@pytest.mark.case("OPV-34")
def test_a_client_with_the_reader_s_id_token_signs_the_reader_out(service, browser):
    party = a_site(service, post_logout_redirect_uris=(HOME,))
    tokens = party.tokens(browser)
    answer = log_out(browser, id_token_hint=tokens["id_token"], post_logout_redirect_uri=HOME, state="x y")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{HOME}?state=x+y")
    assert not is_in(browser)
    assert is_over(party, tokens)


@pytest.mark.case("OPV-34", "OPV-26")
def test_without_a_good_id_token_the_reader_is_asked_and_goes_nowhere_unknown(service, browser):
    party, other = a_site(service, post_logout_redirect_uris=(HOME,)), a_site(service)
    tokens = party.tokens(browser)
    hint = tokens["id_token"]
    asked = [
        {},
        {"post_logout_redirect_uri": HOME},
        {"id_token_hint": hint[:-6] + "aaaaaa", "post_logout_redirect_uri": HOME},
        {"id_token_hint": tokens["access_token"], "post_logout_redirect_uri": HOME},
        {"id_token_hint": hint, "client_id": other.client.id, "post_logout_redirect_uri": HOME},
        {"client_id": party.client.id, "post_logout_redirect_uri": f"{HOME}?more"},
        {"client_id": party.client.id, "post_logout_redirect_uri": HOME},
    ]
    for parameters in asked:
        page = log_out(browser, **parameters)
        assert (page.status_code, is_in(browser)) == (200, True), parameters
    forged = browser.request("POST", "/oauth/logout/confirm", data={"client_id": party.client.id})
    assert (forged.status_code, is_in(browser)) == (403, True)
    nowhere = log_out(browser, id_token_hint=hint, post_logout_redirect_uri=f"{HOME}?more")
    assert (nowhere.status_code, "Location" in nowhere.headers, is_in(browser)) == (200, False, False)
    page = log_out(signed_in(service), **asked[-1])
    assert " https://comments.example" in page.headers["Content-Security-Policy"]
    done = browser.request("POST", "/oauth/logout/confirm", data=hidden_fields(page.text))
    assert done.status_code == 403  # another browser's form


@pytest.mark.case("OPV-34")
def test_a_reader_who_agrees_goes_back_to_a_registered_page(service, browser):
    party = a_site(service, post_logout_redirect_uris=(HOME,))
    add_reader(service, "other@example.org")
    hint = party.tokens(signed_in(service, "other@example.org"))["id_token"]
    form = {"id_token_hint": hint, "post_logout_redirect_uri": HOME, "state": "s"}
    sent = browser.request("POST", "/oauth/logout", data=form, headers={"Origin": "https://comments.example"})
    page = browser.follow(sent)
    assert (page.status_code, is_in(browser)) == (200, True)  # it names another reader
    done = browser.request("POST", "/oauth/logout/confirm", data=hidden_fields(page.text))
    assert (done.status_code, done.headers["Location"]) == (303, f"{HOME}?state=s")
    assert not is_in(browser)
    assert count_of(service, SessionRow, SessionRow.user_id.is_not(None)) == 1
