"""Make the pictures of the documentation anew: `python -m tests.support.screenshots` writes docs/screenshots/*.webp.

Real pages of a real service, with a letter that a worker has sent, and a sample of every letter. Names pick some:
`python -m tests.support.screenshots letters`. WebP, because it shows the same in a third of PNG's bytes.
"""

import base64
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from service.core.brand import Brand
from service.delivery.letters import Letters
from service.delivery.samples import SAMPLES, TOKEN, Sample
from service.languages import catalogue, shipped
from tests.support.browser_setup import chromium_path
from tests.support.databases import SqliteDatabases
from tests.support.live import ROOT, LiveService
from tests.support.pages import link_in
from tests.support.smtp import SmtpSink

FOLDER = ROOT / "docs" / "screenshots"
LARGEST, ALL_TOGETHER = 80_000, 2_000_000  # bytes
QUALITY = 80  # of 100: no blur around letters
DESKTOP: ViewportSize = {"width": 1000, "height": 880}
PHONE: ViewportSize = {"width": 390, "height": 760}
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.0 Mobile/15E148 Safari/604.1"
)
READER, PASSWORD = "ada@example.org", "sepia lantern forty-two"
LETTERHEAD = "https://accounts.example.org"
TEMPLATES = ROOT / "templates"
BRAND = Brand("The Masthead", "https://example.org", "mailto:support@example.org", None, "#8a1c2c")


def both_providers() -> dict[str, Any]:
    """Settings that put Apple's and Google's buttons on the pages; nobody presses them."""
    key = ECKey.generate_key("P-256").as_pem(private=True).decode()
    return {
        "apple_client_id": "org.example.accounts",
        "apple_team_id": "TEAM123456",
        "apple_key_id": "KEY1234567",
        "apple_private_key": key,
        "google_client_id": "pictures",
        "google_client_secret": "pictures",
    }


class Studio:
    """A service, a mail server and a browser; `shoot` keeps what a page shows."""

    def __init__(self, site: LiveService, browser: Browser) -> None:
        self.site = site
        self.browser = browser

    def open(self, path: str, **options: Any) -> Page:
        settings: dict[str, Any] = {
            "base_url": self.site.url,
            "viewport": DESKTOP,
            "device_scale_factor": 2,
        } | options
        page = self.browser.new_page(**settings)
        page.goto(path)
        return page

    def shoot(self, page: Page, name: str, *, whole: bool = False) -> None:
        page.emulate_media(reduced_motion="reduce")
        file = FOLDER / f"{name}.webp"
        file.write_bytes(picture(page, whole=whole))
        size = file.stat().st_size
        print(f"{file.relative_to(ROOT)} {size // 1000} kB")
        if size > LARGEST:
            raise SystemExit(f"{file.name} has {size} bytes; show less of the page")

    def newest_letter(self, count: int) -> EmailMessage:
        return self.site.mailbox.wait_for(count, to=READER, timeout=30)[-1].message


def picture(page: Page, *, whole: bool) -> bytes:
    """What a page shows, or the `whole` of it. Playwright knows no WebP, the browser does."""
    session = page.context.new_cdp_session(page)
    options: dict[str, Any] = {"format": "webp", "quality": QUALITY}
    if whole:
        content = session.send("Page.getLayoutMetrics")["cssContentSize"]
        options |= {"captureBeyondViewport": True, "clip": {**content, "scale": 1}}
    taken = session.send("Page.captureScreenshot", options)["data"]
    session.detach()
    return base64.b64decode(taken)


def main(wanted: list[str]) -> int:
    """Take all pictures, or those `wanted`. Returns the exit status."""
    (FOLDER / "letters").mkdir(parents=True, exist_ok=True)
    with studio() as here:
        for name, take in TAKES.items():
            if not wanted or name in wanted:
                take(here)
    total = sum(file.stat().st_size for file in FOLDER.rglob("*.webp"))
    print(f"{total // 1000} kB altogether")
    return int(total > ALL_TOGETHER)


def take_pages(here: Studio) -> None:
    for name, scheme in (("sign-in", "light"), ("sign-in-dark", "dark")):
        here.shoot(here.open("/login", color_scheme=scheme), name)
    here.shoot(here.open("/signup", viewport=PHONE), "sign-up-phone")
    here.shoot(here.open("/forgot-password", viewport=PHONE), "forgot-password-phone")
    here.shoot(here.open("/forgot-password", viewport=PHONE, locale="ar"), "forgot-password-phone-ar")
    number = {"X-Request-Id": "d3a1f0c2b4e5968778695a4b3c2d1e0f"}  # the same every time
    missing = here.open("/nowhere", viewport=PHONE, color_scheme="dark", extra_http_headers=number)
    here.shoot(missing, "missing-phone-dark")
    mistaken = here.open("/forgot-password", viewport=PHONE, color_scheme="dark")
    mistaken.get_by_label("Email address").fill("ada@")
    mistaken.get_by_role("button", name="Send instructions").click()
    mistaken.get_by_role("alert").wait_for()
    here.shoot(mistaken, "mistake-phone-dark")


def take_reader(here: Studio) -> None:
    take_devices(here)
    take_letter(here)


def take_letters(here: Studio) -> None:
    """Every letter on a desk by day; the one readers wait for on a phone by night, and from right to left."""
    letters = Letters(TEMPLATES, None, BRAND, locales=shipped(), translations=catalogue)
    desk: dict[str, Any] = {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 1}
    for sample in SAMPLES:
        hang(here, letters, sample, f"letters/{sample.name}", "en", **desk)
    reset = SAMPLES[0]
    phone: dict[str, Any] = {"viewport": {"width": 360, "height": 640}, "color_scheme": "dark"}
    hang(here, letters, reset, f"letters/{reset.name}-phone-dark", "en", **phone)
    hang(here, letters, reset, f"letters/{reset.name}-ar", "ar", **desk)


def hang(here: Studio, letters: Letters, sample: Sample, name: str, language: str, **options: Any) -> None:
    page = here.open("about:blank", **options)
    page.set_content(letters.render(sample.in_language(language)).html)
    here.shoot(page, name, whole=True)
    page.close()


def take_devices(here: Studio) -> None:
    page = here.open("/signup?next=/account/devices", viewport={"width": 1000, "height": 760})
    page.get_by_label("Email address").fill(READER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Name").fill("Ada")
    page.get_by_role("button", name="Create account").click()
    page.goto(link_in(here.newest_letter(1), "/signup/confirm"))
    page.get_by_role("button", name="Confirm my account").click()
    page.get_by_text("This device").wait_for()
    phone = here.open("/login", user_agent=IPHONE)
    phone.get_by_label("Email address").fill(READER)
    phone.get_by_label("Password").fill(PASSWORD)
    phone.get_by_role("button", name="Sign in", exact=True).click()
    phone.wait_for_url("**/account")
    page.goto("/account/devices")
    here.shoot(page, "devices")
    page.goto("/account")
    here.shoot(page, "account")


def take_letter(here: Studio) -> None:
    page = here.open("/forgot-password")
    page.get_by_label("Email address").fill(READER)
    page.get_by_role("button", name="Send instructions").click()
    page.set_viewport_size(PHONE)
    here.shoot(page, "instructions-sent-phone")
    # the second letter told of the phone
    part = here.newest_letter(3).get_body(("html",))
    assert part is not None
    letter = here.open("about:blank", viewport={"width": 720, "height": 760})
    html = re.sub(r"token=[\w.-]+", f"token={TOKEN}", part.get_content())
    letter.set_content(html.replace(here.site.url, LETTERHEAD))
    here.shoot(letter, "reset-letter")


def take_dialog(here: Studio) -> None:
    """The demo article, which development alone has, and the dialog over it: at a desk by day, on a phone by night."""
    with tempfile.TemporaryDirectory(prefix="masthead-screenshots-") as folder:
        database = SqliteDatabases(Path(folder)).new(Path(folder))
        with LiveService(database, here.site.mailbox, env="development", **both_providers()) as site:
            there = Studio(site, here.browser)
            there.shoot(there.open("/dev/article", device_scale_factor=1), "article")
            for name, view, options in (
                ("dialog", "login", {"viewport": {"width": 1000, "height": 740}, "device_scale_factor": 1}),
                (
                    "dialog-phone-dark",
                    "signup",
                    {"viewport": PHONE, "color_scheme": "dark", "device_scale_factor": 1.5},
                ),
            ):
                page = there.open("/dev/article", **options)
                page.evaluate("() => document.querySelector('.opening').scrollIntoView()")
                page.evaluate("async (view) => { await masthead.open(view) }", view)
                page.get_by_role("dialog").wait_for()
                there.shoot(page, name)


TAKES = {"pages": take_pages, "dialog": take_dialog, "reader": take_reader, "letters": take_letters}


@contextmanager
def studio() -> Iterator[Studio]:
    """Everything that is needed, on a database of its own; all of it ends with the pictures."""
    executable = chromium_path()
    if executable is None:
        raise SystemExit("No Chromium: python -m tests.support.browser_setup installs it.")
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="masthead-screenshots-")))
        (folder / "site").mkdir()
        sink = SmtpSink()
        sink.start()
        running.callback(sink.stop)
        database = SqliteDatabases(folder).new(folder / "site")
        site = running.enter_context(LiveService(database, sink, workers=1, **both_providers()))
        playwright = running.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        running.callback(browser.close)
        yield Studio(site, browser)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
