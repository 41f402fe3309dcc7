"""What the first page costs a reader, by Chromium's own count. Sizes and numbers only: time is the machine's."""

from collections import Counter

import pytest

MOST = 30_000  # bytes over the wire, heads included
WAYS_IN = ("/login", "/signup", "/forgot-password")
BLOCKING = """() => performance.getEntriesByType("resource")
  .filter((entry) => entry.renderBlockingStatus === "blocking")
  .map((entry) => new URL(entry.name).pathname)"""
SHIFTED = """() => new Promise((tell) => {
  new PerformanceObserver((list) => tell(list.getEntries().reduce((sum, shift) => sum + shift.value, 0)))
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => setTimeout(tell, 50, 0));
})"""


class Wire:
    """Counts what a page loads: `kinds` of answers, and the bytes of each that came over the wire."""

    def __init__(self, page):
        self.sizes, self.kinds = {}, {}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.responseReceived", lambda e: self.kinds.update({e["requestId"]: e["type"]}))
        session.on(
            "Network.loadingFinished", lambda e: self.sizes.update({e["requestId"]: e["encodedDataLength"]})
        )

    def loaded(self):
        return Counter(self.kinds.values())

    def forget(self):
        self.sizes.clear()
        self.kinds.clear()


@pytest.mark.parametrize("path", WAYS_IN)
def test_the_first_page_is_small_and_nothing_holds_it_up(site, new_browser, path):
    page = new_browser(site, viewport={"width": 390, "height": 760})
    wire = Wire(page)
    page.goto(path, wait_until="networkidle")
    assert sum(wire.sizes.values()) <= MOST, wire.sizes
    loaded = wire.loaded()
    assert (loaded["Document"], loaded["Stylesheet"]) == (1, 1)
    assert loaded["Script"] <= 2
    assert set(loaded) <= {"Document", "Stylesheet", "Script", "Image", "Other"}
    assert page.evaluate(BLOCKING) == ["/static/masthead.css"]
    assert page.evaluate(SHIFTED) < 0.01


def test_the_second_page_costs_its_words_alone(site, new_browser):
    page = new_browser(site)
    wire = Wire(page)
    page.goto("/login", wait_until="networkidle")
    wire.forget()
    page.goto("/signup", wait_until="networkidle")
    assert [wire.kinds[request] for request, size in wire.sizes.items() if size] == ["Document"]
    assert sum(wire.sizes.values()) < MOST / 3
