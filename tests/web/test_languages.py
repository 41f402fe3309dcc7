"""Pages and answers in the reader's language."""

import re
from collections.abc import Callable
from html import unescape

import pytest

from service.core.errors import SOMETHING_WENT_WRONG, AccountDisabled, InvalidCredentials
from service.core.wording import FORGOT_DONE
from service.languages import catalogue, direction, shipped
from tests.support.people import ADDRESS, PASSWORD, add_reader, signed_in
from tests.support.service import Client, Service

PAGES = (
    "/login",
    "/signup",
    "/forgot-password",
    "/reset-password",
    "/signup/confirm",
    "/logout",
    "/nothing-here",
)
ACCOUNT_PAGES = (
    "/account",
    "/account/devices",
    "/account/password",
    "/account/identities",
    "/account/passkeys",
    "/account/second-factor",
)
ROOT_TAG = re.compile(r'<html lang="([^"]*)" dir="([^"]*)">')


@pytest.fixture
def service(make_service: Callable[..., Service], sqlite_url: str) -> Service:
    """Which database it is makes no difference to words."""
    return make_service(sqlite_url)


def asking(language: str) -> dict[str, str]:
    return {"Accept-Language": language.replace("_", "-")}


@pytest.mark.parametrize("language", shipped())
def test_every_page_speaks_the_language_asked_for(service: Service, language: str) -> None:
    add_reader(service)
    for client, paths in ((service.client(), PAGES), (signed_in(service), ACCOUNT_PAGES)):
        for path in paths:
            page = client.get(path, headers=asking(language))
            assert page.status_code in (200, 400, 404), path
            assert ROOT_TAG.findall(page.text) == [(language.replace("_", "-"), direction(language))]
            assert page.headers["Content-Language"] == language.replace("_", "-")
            assert "Accept-Language" in page.headers["Vary"]
            assert catalogue(language).gettext("Skip to content") in unescape(page.text)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-CH", "de"),
        ("de-CH, en;q=0.9", "de"),
        ("zh-TW, ar;q=0.5, de;q=0.4", "ar"),
        ("de;q=0, *", "en"),
        ("zh", "en"),
        ("../../etc/passwd", "en"),
        ("", "en"),
    ],
)
def test_the_browser_is_understood(service: Service, header: str, language: str) -> None:
    page = service.client().get("/login", headers={"Accept-Language": header})
    assert ROOT_TAG.findall(page.text)[0][0] == language


@pytest.mark.case("RST-29")
@pytest.mark.parametrize("query", ["lang=de", "locale=de", "lang=../../x", "locale=%2e%2e/x"])
def test_an_address_chooses_no_language(service: Service, query: str) -> None:
    page = service.client().get(f"/login?{query}")
    assert page.status_code == 200
    assert ROOT_TAG.findall(page.text) == [("en", "ltr")]


def test_the_account_s_language_comes_first(service: Service) -> None:
    add_reader(service, locale="de-AT")
    page = signed_in(service).get("/account", headers=asking("ar"))
    assert ROOT_TAG.findall(page.text) == [("de", "ltr")]


def test_an_account_s_language_we_do_not_speak_leaves_it_to_the_browser(service: Service) -> None:
    add_reader(service, locale="tlh")
    page = signed_in(service).get("/account", headers=asking("ar"))
    assert ROOT_TAG.findall(page.text) == [("ar", "rtl")]


@pytest.mark.case("RST-01")
def test_the_language_of_an_answer_does_not_tell_whether_there_is_an_account(service: Service) -> None:
    add_reader(service, locale="ar")
    client = service.client()
    known, unknown = (
        client.post("/api/v1/password/forgot", {"email": email}, headers=asking("de"))
        for email in (ADDRESS, "nobody@example.org")
    )
    assert (
        known.json
        == unknown.json
        == {
            "status": "accepted",
            "message": catalogue("de").gettext(FORGOT_DONE),
        }
    )
    assert known.headers["Content-Language"] == unknown.headers["Content-Language"] == "de"


def test_a_publisher_limits_the_languages(make_service: Callable[..., Service], sqlite_url: str) -> None:
    service = make_service(sqlite_url, locales="de,en", default_locale="de")
    assert ROOT_TAG.findall(service.client().get("/login").text) == [("de", "ltr")]
    assert ROOT_TAG.findall(service.client().get("/login", headers=asking("ar")).text) == [("de", "ltr")]


def test_errors_of_the_api_are_for_people_and_translated(service: Service) -> None:
    body = {"email": ADDRESS, "password": "wrong"}
    answer = service.client().post("/api/v1/login", body, headers=asking("de"))
    assert answer.json is not None
    assert answer.json["code"] == "invalid_credentials"
    assert answer.json["detail"] == catalogue("de").gettext(InvalidCredentials.message)
    assert answer.json["title"] == "Nicht angemeldet"
    assert answer.headers["Content-Language"] == "de"


def test_errors_beside_fields_are_translated_with_their_values(service: Service) -> None:
    body = {"email": "ada", "password": "short"}
    answer = service.client().post("/api/v1/signup", body, headers=asking("de"))
    assert answer.json is not None
    assert [error["message"] for error in answer.json["errors"]] == [
        "Geben Sie eine gültige E-Mail-Adresse ein.",
        "Verwenden Sie mindestens 8 Zeichen.",
    ]


def test_a_notice_is_said_in_the_language_of_the_page_that_shows_it(service: Service) -> None:
    add_reader(service)
    client = signed_in(service)
    page = client.follow(client.form("/logout"))
    assert "You are signed out." in page.text
    client = signed_in(service)
    client.form("/logout")
    assert "Sie sind abgemeldet." in client.get("/login", headers=asking("de")).text


@pytest.mark.parametrize("language", shipped())
@pytest.mark.parametrize("sentence", [SOMETHING_WENT_WRONG, AccountDisabled.message])
def test_support_is_a_link_in_every_language(service: Service, language: str, sentence: str) -> None:
    said = catalogue(language).gettext(sentence)
    with service.app.test_request_context(headers=asking(language)):
        forms = service.app.jinja_env.get_template("macros/forms.html").make_module(
            {"brand": {"support_url": "mailto:help@example.org"}}
        )
        linked = str(forms.with_support(said))  # type: ignore[attr-defined]
    assert linked.count('<a href="mailto:help@example.org">') == 1
    assert unescape(re.sub("<[^>]*>", "", linked)) == said


@pytest.mark.parametrize("language", shipped())
def test_google_s_two_pages_are_links_in_every_language(service: Service, language: str) -> None:
    with service.app.test_request_context(headers=asking(language)):
        forms = service.app.jinja_env.get_template("macros/forms.html").make_module({"brand": {}})
        linked = str(forms.recaptcha_notice())  # type: ignore[attr-defined]
    assert linked.count('<a href="https://policies.google.com/privacy">') == 1
    assert linked.count('<a href="https://policies.google.com/terms">') == 1
    said = catalogue(language).gettext(
        "This site is protected by reCAPTCHA and the Google Privacy Policy and Terms of Service apply."
    )
    assert unescape(re.sub("<[^>]*>", "", linked)) == said


def test_times_and_devices_are_written_as_the_language_writes_them(service: Service) -> None:
    add_reader(service)
    client = service.client()
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0"
    client.headers["User-Agent"] = agent
    client.form("/login", email=ADDRESS, password=PASSWORD)
    page = client.get("/account/devices", headers=asking("de"))
    assert "Firefox unter Windows" in page.text
    assert "Zuletzt benutzt gerade eben" in page.text


def test_each_reader_gets_their_own_language_at_the_same_time(service: Service) -> None:
    client: Client = service.client()
    for language in ("de", "ar", "en", "de"):
        page = client.get("/login", headers=asking(language))
        assert ROOT_TAG.findall(page.text)[0][0] == language
