"""What pages of the site load to put signing in over an article: small, kept while it holds, nothing secret."""

import re
from dataclasses import fields

import pytest

from service.core.design import Colours
from service.languages import shipped
from service.web.modules import joined, thinned
from tests.support.live import ROOT
from tests.support.service import Client, Service

BUDGET = 12_000  # bytes that travel, gzipped: script, modules and style together
SITE = "https://www.example.org"
MODULES = ROOT / "service" / "static" / "modules"
# Other files, other hosts (but for the name of SVG), and what makes markup or code of data.
DEPENDENCY = re.compile(
    r"^import |https?://(?!www\.w3)|innerHTML|insertAdjacent|document\.write|eval\(", re.MULTILINE
)


@pytest.fixture
def client(make_service, sqlite_url) -> Client:
    return make_service(
        sqlite_url,
        public_url="https://accounts.example.org",
        site_url=SITE,
        allowed_origins=SITE,
        captcha="altcha",
        google_client_id="google",
        google_client_secret="a-secret-of-google",
    ).client()


def parts(client: Client) -> dict[str, str]:
    """Everything a page loads until the dialog is open, by address, but for settings and words."""
    script = client.get("/embed.js").text
    addresses = re.findall(r"/static/dialog\.(?:js|css)\?v=[0-9a-f]{12}", script)
    assert len(addresses) == 2
    return {path: client.get(path).text for path in ("/embed.js", *addresses)}


def test_it_is_small_and_depends_on_nothing(client: Client) -> None:
    loaded = parts(client)
    travels = {path: len(client.get(path, headers={"Accept-Encoding": "gzip"}).data) for path in loaded}
    assert sum(travels.values()) <= BUDGET, travels
    for text in loaded.values():
        assert not DEPENDENCY.findall(text)


def test_every_page_may_load_it_and_keeps_it_as_long_as_it_holds(client: Client) -> None:
    for path in parts(client):
        answer = client.get(path, headers={"Origin": "https://anywhere.example"})
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert "Set-Cookie" not in answer.headers
        kept = "max-age=31536000, immutable" if path != "/embed.js" else "max-age=300"
        assert kept in answer.headers["Cache-Control"]
        again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("name", ["masthead.css", "page.js", "captcha.js", "favicon.svg"])
def test_other_files_are_for_our_own_pages(client: Client, name: str) -> None:
    answer = client.get(f"/static/{name}", headers={"Origin": SITE})
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_page_may_change_every_colour_of_the_dialog(client: Client) -> None:
    style = next(text for path, text in parts(client).items() if ".css" in path)
    for name in [field.name for field in fields(Colours)]:
        assert f"--{name.replace('_', '-')}:var(--masthead-{name.replace('_', '-')},light-dark(#" in style
    used = set(re.findall(r"var\((--[\w-]+)", style))
    assert {name for name in used if not name.startswith("--masthead-")} <= set(
        re.findall(r"(--[\w-]+): ?", style)
    )


def test_a_script_is_its_modules_in_the_order_they_need_each_other() -> None:
    script = joined(MODULES, "page.js")
    assert (
        script.index("function make(")
        < script.index("function help(")
        < script.index("document.querySelectorAll")
    )
    assert not re.search(r"^(import|export) ", script, re.MULTILINE)
    assert thinned("/* why\n   so */\nlet a = 1; // here\n\n  // and\n  f()\n") == "let a = 1; // here\nf()\n"


@pytest.mark.parametrize("language", shipped())
def test_settings_speak_every_language_and_hold_no_secret(client: Client, language: str) -> None:
    answer = client.get(f"/embed/{language}.json", headers={"Origin": SITE, "Sec-Fetch-Site": "same-site"})
    told = answer.json
    assert told.keys() == {
        "captcha", "direction", "language", "min_length", "providers", "same_site", "site_name",
        "support_url", "words",
    }  # fmt: skip
    assert told["language"] == language
    assert told["direction"] == ("rtl" if language == "ar" else "ltr")
    assert told["same_site"] is True
    assert [(one["name"], one["label"]) for one in told["providers"]] == [("google", "Google")]
    assert told["captcha"] == {"kind": "altcha", "places": {"signup": "always", "forgot": "always"}}
    assert all(told["words"].values())
    assert "%" not in told["words"]["how_long"]
    assert "secret" not in answer.text
    # what it says depends on who asks, so no cache between may answer one page with what was said to another
    assert answer.headers["Cache-Control"] == "private, max-age=300"
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert {"Origin", "Sec-Fetch-Site"} <= {name.strip() for name in answer.headers["Vary"].split(",")}
    assert (
        client.get(f"/embed/{language}.json", headers={"If-None-Match": answer.headers["ETag"]}).status_code
        == 304
    )


def test_a_language_we_do_not_speak_is_answered_in_the_publisher_s(client: Client) -> None:
    for tag in ("tlh", "en-GB", "x" * 300, "%F0%9F%97%BC"):
        assert client.get(f"/embed/{tag}.json").json["language"] == "en"


@pytest.mark.case("WEB-06")
def test_settings_are_for_pages_of_the_site(client: Client) -> None:
    for origin in ("https://evil.example", "null", "http://www.example.org"):
        answer = client.get("/embed/en.json", headers={"Origin": origin, "Sec-Fetch-Site": "cross-site"})
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.json["same_site"] is False


def test_the_end_of_a_pop_up_is_for_who_is_signed_in(client: Client) -> None:
    answer = client.get("/embed/done")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/embed/done")


def test_the_consent_is_kept_in_the_words_the_reader_saw(make_service, sqlite_url: str) -> None:
    service: Service = make_service(sqlite_url)
    client = service.client()
    body = {"email": "ada@example.org", "password": "sepia lantern forty-two", "newsletter": True}
    client.post("/api/v1/signup", body, headers={"Accept-Language": "de"})
    service.deliver()
    token = service.mailbox.to("ada@example.org")[-1].link("/signup/confirm").partition("token=")[2]
    client.post("/api/v1/signup/confirm", {"token": token})
    held = client.get("/api/v1/me/export").json["newsletter"]
    assert held["wording"].startswith("Ja, ")
