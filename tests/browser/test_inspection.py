"""The inspection of pages is inspected: on a page with one fault it finds that one."""

import pytest

from tests.browser.inspection import faults_of, refused, sideways, unnamed

SOUND = """<!doctype html>
<html lang="en"><head><title>T</title><meta name="viewport" content="width=device-width">
<style>body {{ color: #222; background: #fff }} {style}</style></head>
<body><main><h1>T</h1>{part}</main></body></html>"""


@pytest.mark.parametrize(
    ("part", "style", "look", "found"),
    [
        ("", "", faults_of, None),
        ('<input type="text">', "", refused, ": label in light"),
        ("<p>faint</p>", "p { color: #999 }", refused, ": color-contrast in light"),
        (
            '<p><a href="/a">a</a><br><a href="/b">b</a></p>',
            "p { font: 9px/9px serif }",
            refused,
            ": target-size",
        ),
        ("<button></button>", "", unnamed, ": a button without a name"),
        ('<p id="a">a</p><p id="a">b</p>', "", unnamed, ": an id given twice: a"),
        ("<p>wide</p>", "p { width: 400px }", sideways, "px too wide at 320 px"),
        ("<p>wide</p>", "p { width: 25em }", sideways, "px too wide at 640 px with text at 200%"),
    ],
)
def test_a_fault_is_found(page, part, style, look, found):
    page.set_content(SOUND.format(part=part, style=style))
    faults = look(page)
    assert faults == [] if found is None else any(found in fault for fault in faults), faults


def test_by_night_the_colours_of_the_night_are_looked_at(page):
    page.set_content(
        SOUND.format(part="<p>faint</p>", style="@media (prefers-color-scheme: dark) { p { color: #eee } }")
    )
    assert refused(page) == []
    assert any("color-contrast in dark" in fault for fault in refused(page, "dark"))
