"""What pages of the site load to put signing in over an article: small, kept while it holds, nothing secret."""

import gzip
import re

import pytest

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
    (folder,) = re.findall(r"/modules/[0-9a-f]{12}/", script)
    return {
        path: client.get(path).text for path in ("/embed.js", f"{folder}dialog.js", f"{folder}dialog.css")
    }


def test_it_is_small_and_depends_on_nothing(client: Client) -> None:
    loaded = parts(client)
    assert sum(len(gzip.compress(text.encode())) for text in loaded.values()) <= BUDGET
    for text in loaded.values():
        assert not re.findall(
            r"^import |innerHTML|insertAdjacentHTML|document\.write|eval\(|https?://(?!www\.w3)",
            text,
            re.MULTILINE,
        )


def test_every_page_may_load_it_and_keeps_it_as_long_as_it_holds(client: Client) -> None:
    for path in parts(client):
        answer = client.get(path, headers={"Origin": "https://anywhere.example"})
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers
        kept = "max-age=31536000, immutable" if path != "/embed.js" else "max-age=300"
        assert kept in answer.headers["Cache-Control"]
        again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


def test_a_page_that_was_opened_before_an_update_still_gets_its_modules(client: Client) -> None:
    answer = client.get("/modules/000000000000/dialog.js")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "name", ["embed.js", "views.js", "../masthead.css", "..%2fmasthead.css", "%2e%2e/app.py"]
)
def test_nothing_else_lies_there(client: Client, name: str) -> None:
    assert client.get(f"/modules/000000000000/{name}").status_code == 404


def test_a_script_is_its_modules_in_the_order_they_need_each_other() -> None:
    script = joined(MODULES, "password.js")
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
        "accent", "accent_ink", "captcha", "direction", "language", "min_length", "providers", "same_site", "site_name",
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
    assert answer.headers["Cache-Control"] == "public, max-age=300"
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
