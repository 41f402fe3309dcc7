"""What must hold on every page: nothing refused or foreign, nothing cut off, everything named and readable.

axe-core looks at what can be decided by a machine (WCAG 2.2 A and AA, and its own good practice); the accessibility
tree and the widths are looked at here.
"""

import re
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

AXE = Axe()
ColorScheme = Literal["light", "dark"]
EVERYTHING = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
REPEATED = [
    [".group ~ .group"]
]  # the reference shows a hundred calls alike; those of its first group speak for all

# An error page is an answer like any other; Chromium calls its status an error all the same.
STATUS = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
NAMED = {"button", "checkbox", "Iframe", "image", "link", "navigation", "textbox"}

SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"

DOUBLE_TEXT = "(size) => { document.documentElement.style.fontSize = size }"

TWICE = """() => {
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  return ids.filter((id, i) => ids.indexOf(id) !== i);
}"""


class Watch:
    """Listens to a browser; `faults` has every console error, policy violation, script error, foreign request."""

    def __init__(self, context: BrowserContext, *origins: str) -> None:
        self.ours = ("data:", *(f"{origin}/" for origin in origins))
        self.faults: list[str] = []
        context.on("console", self._console)
        context.on("weberror", lambda error: self.faults.append(f"script: {error.error}"))
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not STATUS.match(message.text):
            self.faults.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith(self.ours):
            self.faults.append(f"foreign request: {request.url}")


def faults_of(page: Page) -> list[str]:
    """Everything wrong with the page that is open, at phone and desktop width, by day.

    By night there are the same parts in the colours of `tests/core/test_design.py`, all of them on one page that
    `test_development.py` looks at.
    """
    return [*sideways(page), *unnamed(page), *refused(page)]


def sideways(page: Page) -> list[str]:
    """Widths, and a size of text, at which the page would have to be scrolled sideways (WCAG 2.2, 1.4.4, 1.4.10)."""
    faults = []
    for width, text in ((1280, "100%"), (320, "100%"), (640, "200%")):
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(DOUBLE_TEXT, text)
        if extra := page.evaluate(SIDEWAYS):
            faults.append(f"{page.url}: {extra} px too wide at {width} px with text at {text}")
    page.evaluate(DOUBLE_TEXT, "")
    return faults


def unnamed(page: Page) -> list[str]:
    """What a screen reader gets without a name or a place, by the browser's accessibility tree."""
    told = accessible(page)
    faults = nameless(page, told)
    if "main" not in (role for role, _ in told):
        faults.append(f"{page.url}: no main landmark")
    if (headings := page.get_by_role("heading", level=1).count()) != 1:
        faults.append(f"{page.url}: {headings} first-level headings")
    faults += [f"{page.url}: an id given twice: {id}" for id in page.evaluate(TWICE)]
    return faults


def accessible(page: Page) -> list[tuple[str, str]]:
    """What a screen reader gets: roles and names, by the browser's accessibility tree."""
    session = page.context.new_cdp_session(page)
    nodes = [node for node in session.send("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
    session.detach()
    return [(node["role"]["value"], node.get("name", {}).get("value", "").strip()) for node in nodes]


def nameless(page: Page, told: list[tuple[str, str]]) -> list[str]:
    """What should have a name among it and has none."""
    return [f"{page.url}: a {role} without a name" for role, name in told if role in NAMED and not name]


def refused(page: Page, scheme: ColorScheme = "light", *, of: str = "html") -> list[str]:
    """What axe refuses of a page or a part of it, by day or by night. Transitions are over before it looks."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.axe_script)
    wanted = {"resultTypes": ["violations"], "runOnly": EVERYTHING, "iframes": False}
    found = page.evaluate(
        "([parts, wanted]) => axe.run(parts, wanted)", [{"include": [of], "exclude": REPEATED}, wanted]
    )
    return [
        f"{page.url}: {violation['id']} in {scheme}: {node['html'][:160]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
