"""nginx, Caddy and Traefik with the configuration of their recipes: who gets through to the site, and as whom."""

import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

import httpx2
import pytest

from tests.support.databases import SqliteDatabases
from tests.support.guarded_site import GuardedSite, Visit
from tests.support.live import LiveService
from tests.support.pages import hidden_fields
from tests.support.people import PASSWORD, add_reader
from tests.support.processes import free_port
from tests.support.proxies import PROXIES, Place, Proxy, files_of
from tests.support.service import Service
from tests.support.smtp import SmtpSink

LETTERS = "/members/letters?page=2&from=front"
NAVIGATES = {"Sec-Fetch-Mode": "navigate", "Accept": "text/html,*/*;q=0.8"}
READER, SUBSCRIBER = "reader@example.org", "subscriber@example.org"
LIES = [
    (name, "evil")
    for part in ("User", "Email", "Name", "Roles")
    for name in (f"Remote-{part}", f"Remote_{part}", f"remote_{part}", f"REMOTE-{part}", f"Remote.{part}")
]


@dataclass
class Magazine:
    """The address readers know, with everything behind it."""

    url: str
    certificate: Path
    site: GuardedSite
    ids: dict[str, str]

    def browser(self, address: str | None = None) -> httpx2.Client:
        """A new browser, signed in as `address` at the proxy's own address."""
        context = ssl.create_default_context(cafile=self.certificate)
        browser = httpx2.Client(base_url=self.url, verify=context, timeout=30, trust_env=False)
        if address is not None:
            assert self.sign_in(browser, "/login", address).status_code == 303
        return browser

    def sign_in(self, browser: httpx2.Client, at: str, address: str) -> httpx2.Response:
        """Fill in the form that stands there, and send it."""
        page = browser.get(at, headers=NAVIGATES)
        fields = hidden_fields(page.text) | {"email": address, "password": PASSWORD}
        return browser.post("/login", data=fields, headers={"Origin": self.url})

    def got_through(self) -> list[Visit]:
        """What has reached the site since this was last asked."""
        visits = self.site.visits[:]
        self.site.visits.clear()
        return visits


@pytest.fixture(scope="module")
def place(certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, GuardedSite]]:
    """One address for all proxies, one after the other."""
    with GuardedSite() as site:
        folder = tmp_path_factory.mktemp("proxies")
        yield Place(folder, certificate, free_port(), free_port(), site.port), site


@pytest.fixture(scope="module")
def ids(
    place: tuple[Place, GuardedSite],
    sqlite_databases: SqliteDatabases,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, str]]:
    """Masthead runs at the proxies' address; these are its readers' ids."""
    database, sink = sqlite_databases.new(tmp_path_factory.mktemp("database")), SmtpSink()
    where = {"public_url": f"https://localhost:{place[0].port}", "trusted_proxies": 1}
    sink.start()
    with Service(database, sink, **where) as staff:
        reader = add_reader(staff, READER, name="Zoë 李 100%")
        subscriber = add_reader(staff, SUBSCRIBER, roles=("subscriber", "editor"))
    with LiveService(database, sink, port=place[0].masthead, **where):
        yield {READER: str(reader.id), SUBSCRIBER: str(subscriber.id)}
    sink.stop()


@pytest.fixture(scope="module", params=PROXIES)
def magazine(
    request: pytest.FixtureRequest, place: tuple[Place, GuardedSite], ids: dict[str, str]
) -> Iterator[Magazine]:
    where, site = place
    folder = where.folder / request.param
    folder.mkdir()
    with Proxy(request.param, replace(where, folder=folder)) as proxy:
        site.visits.clear()
        yield Magazine(proxy.url, where.certificate, site, ids)


def test_a_reader_signs_in_and_is_back_where_they_wanted_to_be(magazine: Magazine) -> None:
    browser = magazine.browser()
    sent = browser.get(LETTERS, headers=NAVIGATES)
    assert sent.status_code == 302
    to = urlsplit(sent.headers["Location"])
    assert f"{to.scheme}://{to.netloc}{to.path}" == f"{magazine.url}/login"
    assert parse_qs(to.query) == {"next": [magazine.url + LETTERS]}
    assert magazine.got_through() == []

    back = magazine.sign_in(browser, sent.headers["Location"], READER)
    assert (back.status_code, back.headers["Location"]) == (303, magazine.url + LETTERS)
    assert browser.get(back.headers["Location"], headers=NAVIGATES).json() == {"page": LETTERS}
    (visit,) = magazine.got_through()
    assert visit.identity["REMOTE_USER"] == [magazine.ids[READER]]
    assert visit.identity["REMOTE_EMAIL"] == [READER]
    assert [unquote(name) for name in visit.identity["REMOTE_NAME"]] == ["Zoë 李 100%"]
    assert visit.identity.get("REMOTE_ROLES", [""]) == [""]

    page = browser.get("/logout", headers=NAVIGATES)
    browser.post("/logout", data=hidden_fields(page.text), headers={"Origin": magazine.url})
    assert browser.get(LETTERS, headers=NAVIGATES).status_code == 302
    assert magazine.got_through() == []


@pytest.mark.case("WEB-05")
def test_programs_hear_401_and_whoever_sends_a_form_loses_nothing(magazine: Magazine) -> None:
    stranger = magazine.browser()
    for method, headers in (
        ("GET", {}),
        ("GET", {"Sec-Fetch-Mode": "cors"}),
        ("POST", NAVIGATES),
        ("PUT", {}),
    ):
        refused = stranger.request(method, LETTERS, headers=headers)
        assert refused.status_code == 401
        assert "Location" not in refused.headers
    assert magazine.got_through() == []
    text = {"letter": "ø" * 20_000}
    assert magazine.browser(READER).post("/members/letters", data=text).status_code == 200
    (visit,) = magazine.got_through()
    assert (visit.method, visit.body) == ("POST", f"letter={quote('ø' * 20_000)}")
    assert visit.identity["REMOTE_USER"] == [magazine.ids[READER]]


def test_what_visitors_say_of_themselves_never_arrives(magazine: Magazine) -> None:
    taken_out = ("Close", "Remote-User, remote-email", "Keep-Alive, REMOTE-USER", "Cookie")
    for address in (None, READER):
        browser = magazine.browser(address)
        for path in ("/", "/members/letters", "/subscribers/"):
            for names in taken_out:
                browser.get(path, headers=[*LIES, *NAVIGATES.items(), ("Connection", names)])
        visits = magazine.got_through()
        assert [visit.path for visit in visits if visit.path == "/"] == ["/"] * len(taken_out)
        assert {visit.path for visit in visits} == {"/"} | ({"/members/letters"} if address else set())
        for visit in visits:
            assert "evil" not in str(visit.identity)
            told = {name: value for name, (value,) in visit.identity.items() if value}
            told.pop("REMOTE_NAME", None)
            true = {"REMOTE_USER": magazine.ids[READER], "REMOTE_EMAIL": READER}
            assert told == ({} if visit.path == "/" else true)


def test_a_role_is_asked_for(magazine: Magazine) -> None:
    assert magazine.browser().get("/subscribers/", headers=NAVIGATES).status_code == 302
    reader = magazine.browser(READER)
    for headers in ({}, NAVIGATES):
        assert reader.get("/subscribers/", headers=headers).status_code == 403
        assert reader.get("/subscribers/?role=reader", headers=headers).status_code == 403
    assert magazine.got_through() == []
    assert magazine.browser(SUBSCRIBER).get("/subscribers/").status_code == 200
    (visit,) = magazine.got_through()
    assert visit.identity["REMOTE_ROLES"] == ["subscriber,editor"]


@pytest.mark.case("LOG-17", "RST-27")
def test_a_visitor_cannot_have_the_next_one_sent_elsewhere(magazine: Magazine) -> None:
    lies = {
        "X-Forwarded-Host": "evil.example",
        "X-Original-URL": "https://evil.example/",
        "Forwarded": "host=evil",
    }
    for name, value in lies.items():
        answer = magazine.browser().get(LETTERS, headers=NAVIGATES | {name: value})
        assert "evil" not in answer.headers.get("Location", "")
    for host in ("evil.example", "localhost@evil.example"):
        answer = magazine.browser().get(LETTERS, headers=NAVIGATES | {"Host": host})
        assert "evil" not in answer.headers.get("Location", "")
    assert magazine.got_through() == []


def test_no_spelling_of_the_path_goes_round_the_question(magazine: Magazine) -> None:
    target = urlsplit(magazine.url)
    context = ssl.create_default_context(cafile=magazine.certificate)
    with httpx2.Client(verify=context, trust_env=False) as client:
        for path in (
            "//members/x",
            "/./members/x",
            "/open/../members/x",
            "/%6dembers/x",
            "/members%2fx",
            "/members%2F..%2Fmembers%2Fx",
            "/%2e/members/x",
            "/open/%2e%2e/members/x",
            "/members/;/x",
        ):
            client.get(httpx2.URL(magazine.url, raw_path=path.encode()), headers={"Host": target.netloc})
    assert [visit.path for visit in magazine.got_through() if "members" in unquote(visit.path)] == []


def test_the_session_stays_with_masthead(request: pytest.FixtureRequest, magazine: Magazine) -> None:
    browser = magazine.browser(READER)
    others = ("forms=link", "device=known", "signup=binding", "provider=attempt")
    cookies = "; basket=7; ".join([cookie_of(browser), *(f"__Host-masthead-{other}" for other in others)])
    assert browser.get("/members/letters", headers={"Cookie": f"{cookies}; last=8"}).status_code == 200
    (visit,) = magazine.got_through()
    assert visit.cookies.count("basket=7") == len(others)
    assert visit.cookies.endswith("last=8")
    keeps = request.node.callspec.params["magazine"] != "traefik"  # its page says that it cannot
    assert ("__Host-masthead" not in visit.cookies) == keeps


def cookie_of(browser: httpx2.Client) -> str:
    return "__Host-masthead=" + browser.cookies["__Host-masthead"]


def test_without_masthead_nobody_gets_through(
    request: pytest.FixtureRequest, magazine: Magazine, place: tuple[Place, GuardedSite], tmp_path: Path
) -> None:
    kind = request.node.callspec.params["magazine"]
    cookie = {"Cookie": cookie_of(magazine.browser(SUBSCRIBER))}
    alone = replace(place[0], folder=tmp_path, port=free_port(), masthead=free_port())
    with (
        Proxy(kind, alone) as proxy,
        Magazine(proxy.url, alone.certificate, place[1], {}).browser() as browser,
    ):
        magazine.got_through()
        for path in ("/members/letters", "/subscribers/"):
            assert browser.get(path, headers=NAVIGATES | cookie).status_code >= 500
    assert magazine.got_through() == []


NOT_FOR_READERS = {"/", "/forward-auth", "/healthz", "/readyz", "/metrics"}


def test_the_recipes_lead_to_all_of_masthead_that_readers_and_services_need(
    sqlite_databases: SqliteDatabases, tmp_path: Path
) -> None:
    """And to nothing else of the site, nor to the staff pages."""
    shown = {
        re.search(r"\^/\(login\|.*\)\(/\|\$\)", files_of(page)[name])[0]
        for page, name in (("nginx", "site.conf"), ("caddy", "Caddyfile"), ("traefik", "site.yml"))
    }
    (pattern,) = shown
    with Service(sqlite_databases.new(tmp_path), SmtpSink()) as service:
        ours = {rule.rule for rule in service.app.url_map.iter_rules()}
    for_staff = {path for path in ours if path == "/admin" or path.startswith("/admin/")}
    assert {path for path in ours if not re.search(pattern, path)} == NOT_FOR_READERS | for_staff
    for theirs in ("/accounting", "/loginfo", "/members/login", "/api/v2", "/.well-known/assetlinks.json"):
        assert not re.search(pattern, theirs)
