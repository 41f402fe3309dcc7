"""A reader of an article that is elsewhere than the accounts service, with a mouse or a keyboard, in a language."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from joserfc.jwk import RSAKey
from playwright.sync_api import Locator, Page, expect

from service.fake_provider import Kind
from service.languages import catalogue
from tests.browser.inspection import accessible, nameless, refused
from tests.support.host_page import HostPage
from tests.support.issuer import IssuerServer
from tests.support.live import LiveService
from tests.support.processes import free_port
from tests.support.smtp import Letter, SmtpSink

LABELS = {"google": "Google", "apple": "Apple"}
READING = 12  # the paragraph at the top of the window
FOCUSED = "e => e === e.getRootNode().activeElement"
HEARD = """() => {
  window.heard = [];
  for (const name of ["masthead:signedin", "masthead:signedout"])
    document.addEventListener(name, ({ type, detail, target }) => {
      heard.push([type, detail?.user.email ?? null, target.localName]);
    });
}"""
TOP = """(number) => {
  const { top, height } = document.querySelectorAll("main p")[number - 1].getBoundingClientRect();
  return -top / height;
}"""
OVER = """() => {
  const { scrollWidth, clientWidth } = document.querySelector("masthead-dialog").shadowRoot.querySelector("dialog");
  return scrollWidth - clientWidth;
}"""


@dataclass
class Town:
    """A magazine, the accounts service it uses, Google and Apple: each on an origin of its own.

    Two more magazines use the service and should not: `stranger` is none of its site's origins; `abroad` is one, on
    another site, where browsers keep its cookies away.
    """

    magazine: HostPage
    stranger: HostPage
    abroad: HostPage
    site: LiveService
    providers: dict[str, IssuerServer]

    @property
    def origins(self) -> list[str]:
        hosts = (self.magazine, self.stranger, self.abroad)
        return [
            self.site.url,
            *(host.origin for host in hosts),
            *(one.url for one in self.providers.values()),
        ]


@contextmanager
def town_on(database_url: str, key: RSAKey) -> Iterator[Town]:
    """Start all of it."""
    with ExitStack() as running:
        sink, port = SmtpSink(), free_port()
        sink.start()
        running.callback(sink.stop)
        magazine, stranger = (running.enter_context(HostPage()) for _ in range(2))
        abroad = running.enter_context(HostPage("127.0.0.1"))
        providers = {}
        for kind in LABELS:
            back = f"http://localhost:{port}/login/{kind}/callback"
            providers[kind] = running.enter_context(IssuerServer(Kind(kind), key=key, redirect_uris=[back]))
        settings = {name: value for one in providers.values() for name, value in one.settings.items()}
        settings["allowed_origins"] = f"{magazine.origin},{abroad.origin}"
        site = LiveService(database_url, sink, workers=1, port=port, site_url=magazine.origin, **settings)
        running.enter_context(site)
        for host in (magazine, stranger, abroad):
            host.service = site.url
        yield Town(magazine, stranger, abroad, site, providers)


@dataclass
class Visitor:
    """`by` is "mouse" or "keyboard"; `seen` are the headings of the views that were looked at."""

    page: Page
    magazine: HostPage
    site: LiveService
    address: str
    language: str = "en"
    by: str = "mouse"
    letters_read: int = 0
    seen: dict[str, list[str]] = field(default_factory=dict)

    def say(self, sentence: str) -> str:
        return str(catalogue(self.language).gettext(sentence))

    @property
    def dialog(self) -> Locator:
        return self.page.locator("masthead-dialog").get_by_role("dialog")

    @property
    def article(self) -> str:
        return f"{self.magazine.origin}/{self.language}/article?issue=7"

    # Reading

    def read(self) -> None:
        """Open the article and read half of the twelfth paragraph."""
        self.page.goto(self.article)
        self.page.wait_for_function("() => window.masthead")
        self.page.evaluate(HEARD)
        self.scroll()

    def scroll(self) -> None:
        self.page.evaluate(
            """(number) => {
          const { top, height } = document.querySelectorAll("main p")[number - 1].getBoundingClientRect();
          scrollTo(0, scrollY + top + height / 2);
        }""",
            READING,
        )

    def reads_on(self, page: Page | None = None) -> None:
        """The article is open, clean, and where it was."""
        page = page or self.page
        expect(page).to_have_url(self.article)
        page.wait_for_load_state()
        at = page.evaluate(TOP, READING)
        assert abs(at - 0.5) < 0.05, f"paragraph {READING} is at {at}"

    def heard(self) -> list[list[str]]:
        """The events since the article was opened."""
        return list(self.page.evaluate("() => heard.splice(0)"))

    # Doing

    def press(self, what: Locator) -> None:
        if self.by == "mouse":
            what.click()
            return
        self.tab_to(what)
        self.page.keyboard.press("Space" if what.get_attribute("type") == "checkbox" else "Enter")

    def tab_to(self, what: Locator) -> None:
        for _ in range(40):
            if what.evaluate(FOCUSED):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never reached {what}")

    def type(self, label: str, text: str) -> None:
        what = self.dialog.get_by_label(self.say(label), exact=label == "Password")
        if self.by == "mouse":
            what.fill(text)
            return
        self.tab_to(what)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def button(self, words: str) -> None:
        self.press(self.dialog.get_by_role("button", name=self.say(words), exact=True))

    def link(self, words: str) -> None:
        self.press(self.dialog.get_by_role("link", name=self.say(words), exact=True))

    def open(self, trigger: str) -> None:
        """Open the dialog by a link of the article."""
        self.press(self.page.locator(trigger))

    def sign_out(self) -> None:
        """By the article's link; the focus goes to the way in."""
        self.open("#logout")
        expect(self.page.locator("#login")).to_be_focused()

    def next_letter(self) -> Letter:
        letters = self.site.mailbox.wait_for(self.letters_read + 1, to=self.address, timeout=20)
        self.letters_read += 1
        return letters[self.letters_read - 1]

    # Seeing

    def sees(self, heading: str) -> None:
        """The dialog shows this, and it is sound at phone and desktop width, in light and in dark."""
        expect(self.dialog.get_by_role("heading")).to_have_text(self.say(heading))
        expect(self.dialog).to_have_accessible_name(self.say(heading))
        if heading in self.seen:
            return
        faults = self.seen[heading] = []
        size = self.page.viewport_size
        for width in (320, 1280):
            self.page.set_viewport_size({"width": width, "height": 800})
            if extra := self.page.evaluate(OVER):
                faults.append(f"{heading}: {extra} px too wide at {width}")
        self.page.set_viewport_size(size)
        for scheme in ("dark", "light"):
            faults += refused(self.page, scheme, of="masthead-dialog")
        told = accessible(self.page)
        faults += nameless(self.page, told)
        if ("link", "Behind") in told:
            faults.append(f"{heading}: the article behind can be reached")

    def says(self, sentence: str) -> None:
        expect(self.dialog).to_contain_text(self.say(sentence))

    def is_in(self) -> None:
        """No dialog is there, and the article shows what is for those who are signed in."""
        expect(self.dialog).to_have_count(0)
        expect(self.page.locator("#account")).to_be_visible()
        expect(self.page.locator("#login")).to_be_hidden()

    def has_arrived(self) -> None:
        """Signed in over the article, with the focus on what stands where the way in was."""
        self.is_in()
        expect(self.page.locator("#account")).to_be_focused()
