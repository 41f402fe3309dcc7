"""What must hold on every page: nothing refused or foreign, nothing cut off, everything named and readable."""

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

# An error page is an answer like any other; Chromium calls its status an error all the same.
STATUS = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
NAMED = {"button", "checkbox", "Iframe", "image", "link", "navigation", "textbox"}

SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"

DOUBLE_TEXT = "(size) => { document.documentElement.style.fontSize = size }"

# Texts with less contrast to their ground than WCAG 2.2 asks for (1.4.3).
FAINT = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const pixel = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const linear = (c) => c / 255 <= .04045 ? c / 255 / 12.92 : ((c / 255 + .055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement ?? e.getRootNode().host) {
      const found = pixel(getComputedStyle(e).backgroundColor);
      if (found[3] === 255) return found;
    }
    return [255, 255, 255];
  };
  const within = (e) => e.shadowRoot ? [e, ...everything(e.shadowRoot)] : [e];
  const everything = (root) => [...root.querySelectorAll("*")].flatMap(within);
  const faint = [];
  for (const element of everything(document.body)) {
    const text = [...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent).join("").trim();
    if (!text || !element.checkVisibility()) continue;
    const pair = [luminance(pixel(getComputedStyle(element).color)), luminance(ground(element))];
    const ratio = (Math.max(...pair) + .05) / (Math.min(...pair) + .05);
    if (ratio < 4.5) faint.push(`${text} (${ratio.toFixed(1)})`);
  }
  return faint;
}"""

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
    """Everything wrong with the page that is open, at phone and desktop width, light and dark."""
    return [*sideways(page), *unnamed(page), *faint(page)]


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


def faint(page: Page) -> list[str]:
    """Texts with too little contrast, in light and in dark."""
    faults = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        faults += [f"{page.url}: faint in {scheme}: {text}" for text in page.evaluate(FAINT)]
    return faults
