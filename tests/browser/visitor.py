"""A reader of an article that is elsewhere than the accounts service, with a mouse or a keyboard, in a language."""

from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page, expect

from service.languages import catalogue
from tests.browser.inspection import accessible, faint, nameless
from tests.support.host_page import HostPage
from tests.support.live import LiveService
from tests.support.smtp import Letter

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
        faults += faint(self.page)
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
