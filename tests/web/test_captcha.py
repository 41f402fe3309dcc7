"""The captcha on the pages: where it is asked for, with the hosts it needs, and nowhere else."""

import re
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.support.captcha_vendor import CaptchaVendor
from tests.support.people import ADDRESS, PASSWORD
from tests.support.service import Service
from tests.web.conftest import value_of

NOTICE = "This site is protected by reCAPTCHA and the Google Privacy Policy and Terms of Service apply."
GOOGLE = {
    "script-src": "https://www.google.com/recaptcha/ https://www.gstatic.com/recaptcha/",
    "frame-src": "https://www.google.com/recaptcha/ https://recaptcha.google.com/recaptcha/",
}
HCAPTCHA = "https://hcaptcha.com https://*.hcaptcha.com"
CLOUDFLARE = "https://challenges.cloudflare.com"
OURS = {"/static/page.js", "/static/waiting.js"}
NEEDED = {
    "recaptcha_v2": GOOGLE,
    "recaptcha_v3": GOOGLE,
    "recaptcha_enterprise": GOOGLE,
    "hcaptcha": dict.fromkeys(("script-src", "frame-src", "style-src", "connect-src"), HCAPTCHA),
    "turnstile": {"script-src": CLOUDFLARE, "frame-src": CLOUDFLARE},
    "altcha": {"worker-src": "'self'"},
}
GUARDED = ("/signup", "/forgot-password", "/login/link")


def policy_of(page: TestResponse) -> dict[str, str]:
    """The page's policy by directive, its nonce masked."""
    text = re.sub(r"'nonce-[^']+'", "'nonce'", page.headers["Content-Security-Policy"])
    return dict(directive.strip().split(" ", 1) for directive in text.split(";"))


def text_of(page: TestResponse) -> str:
    """What a person reads."""
    return " ".join(re.sub(r"<[^>]+>", "", page.text).split())


@pytest.mark.case("WEB-07")
@pytest.mark.parametrize("kind", NEEDED)
def test_a_page_lets_in_what_its_captcha_needs_and_no_more(
    make_service: Callable[..., Service], sqlite_url: str, kind: str
) -> None:
    given = {"captcha": "altcha"} if kind == "altcha" else CaptchaVendor(kind).settings
    service = make_service(sqlite_url, **given)
    plain = service.client().get("/login")
    for path in GUARDED:
        page = service.client().get(path)
        policy = policy_of(plain)
        for directive, hosts in NEEDED[kind].items():
            policy[directive] = f"{policy.get(directive, '')} {hosts}".strip()
        assert policy_of(page) == policy
        assert "unsafe" not in page.headers["Content-Security-Policy"]
        nonce = re.findall(r"'nonce-([^']+)'", page.headers["Content-Security-Policy"])[0]
        scripts = re.findall(r'<script src="([^"]+)" nonce="([^"]+)"', page.text)
        assert [src for src, _ in scripts if src.partition("?")[0] not in OURS]
        assert {used for _, used in scripts} == {nonce}
        assert all(src.startswith(("https://", "/static/")) for src, _ in scripts)
        assert "needs JavaScript" in page.text.partition("<noscript>")[2].partition("</noscript>")[0]
        assert (NOTICE in text_of(page)) == kind.startswith("recaptcha")
    assert set(re.findall(r'<script[^>]* src="([^"?]+)', plain.text)) <= OURS
    assert NOTICE not in text_of(plain)


@pytest.mark.parametrize("kind", ["turnstile", "recaptcha_v3"])
def test_a_form_comes_back_with_what_was_typed_and_what_was_wrong_with_the_answer(
    make_service: Callable[..., Service], sqlite_url: str, kind: str
) -> None:
    vendor = CaptchaVendor(kind)
    with vendor:
        service = make_service(sqlite_url, **vendor.settings)
        field = "cf-turnstile-response" if kind == "turnstile" else "g-recaptcha-response"
        for answer, words in ((None, "Show us that you are not a robot"), ("x", "did not succeed")):
            brought = {field: answer} if answer else {}
            typed = {"email": ADDRESS, "password": PASSWORD, "name": "Ada", "newsletter": "yes"}
            page = service.client().form("/signup", **typed, **brought)
            assert page.status_code == 400
            assert (value_of(page, "email"), value_of(page, "name")) == (ADDRESS, "Ada")
            assert PASSWORD not in page.text
            assert re.search(rf'<li><a href="#captcha">[^<]*{words}', page.text)
            assert re.search(rf'id="captcha"[^>]*>\s*<p class="error">[^<]*{words}', page.text)
            assert "https://" in policy_of(page)["script-src"]


def test_a_vendor_that_is_away_is_said_on_the_page(
    make_service: Callable[..., Service], sqlite_url: str
) -> None:
    service = make_service(sqlite_url, **CaptchaVendor("hcaptcha").settings)
    brought = {"h-captcha-response": "x"}
    page = service.client().form("/signup", email=ADDRESS, password=PASSWORD, **brought)
    assert page.status_code == 503
    assert "Retry-After" in page.headers
    assert "Try again in a moment" in page.text
    assert service.client().form("/forgot-password", email=ADDRESS, **brought).status_code == 200
