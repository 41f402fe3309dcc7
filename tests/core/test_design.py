"""Whatever colour a publisher picks, everything can be read: every pair that pages and letters put together."""

import re
from dataclasses import asdict
from itertools import product

import pytest

from service.core.colours import Oklch, contrast
from service.core.design import Colours, Fonts, Palette, Step, adjustable_properties, custom_properties

# Text and its ground (WCAG 2.2, 1.4.3), then shapes and what they lie on (1.4.11).
TEXTS = [
    *product(("ink", "muted", "link"), ("paper", "sheet", "tint")),
    *product(("ink", "link"), ("good_wash", "danger_wash")),
    *product(("danger", "good"), ("paper", "sheet")),
    ("danger", "danger_wash"),
    ("good", "good_wash"),
    ("fill_ink", "fill"),
    ("paper", "ink"),
]
SHAPES = [
    *product(("edge", "fill_edge", "focus", "danger", "good"), ("paper", "sheet")),
    ("focus", "tint"),
    ("focus", "danger_wash"),
    ("focus", "good_wash"),
]
NAMED = [
    "#ffffff",
    "#000000",
    "#ffff00",
    "#00ffff",
    "#0000ff",
    "#ff0000",
    "#808080",
    "#f9f6f0",
    "#14110e",
    "#8a1c2c",
]
SWEEP = [
    Oklch(lightness / 10, chroma, hue).hex
    for lightness, chroma, hue in product(range(0, 11, 2), (0.0, 0.1, 0.3), range(0, 360, 30))
]


def faint(scheme: str, colours: Colours) -> list[str]:
    shown = asdict(colours)
    return [
        f"{front} on {ground}, {scheme}: {ratio:.2f}"
        for pairs, wanted in ((TEXTS, 4.5), (SHAPES, 3.0))
        for front, ground in pairs
        if (ratio := contrast(shown[front], shown[ground])) < wanted
    ]


def test_every_pair_can_be_read_with_every_accent() -> None:
    faults = {}
    for accent in {*NAMED, *SWEEP}:
        palette = Palette.of(accent)
        faults[accent] = faint("light", palette.light) + faint("dark", palette.dark)
    assert {accent: found for accent, found in faults.items() if found} == {}


@pytest.mark.parametrize("accent", NAMED)
def test_by_day_a_button_has_exactly_the_publisher_s_colour(accent: str) -> None:
    assert Palette.of(accent).light.fill == accent


def test_the_custom_properties_are_all_the_style_sheet_uses() -> None:
    from service.web.presentation import style_sheet

    sheet = style_sheet("#8a1c2c", None)
    set_here = set(re.findall(r"(--[a-z0-9-]+)\s*:", sheet))
    assert set(re.findall(r"var\((--[a-z0-9-]+)\)", sheet)) <= set_here
    for colours in (Palette.of("#8a1c2c").light, Palette.of("#8a1c2c").dark):
        for name, value in asdict(colours).items():
            assert f"--{name.replace('_', '-')}:{value}" in sheet


def test_the_dialog_has_every_value_of_the_pages_and_lets_the_page_around_change_it() -> None:
    palette = Palette.of("#123456")
    of_pages = set(re.findall(r"(--[a-z0-9-]+):", custom_properties(palette)))
    written = adjustable_properties(palette)
    assert of_pages <= set(re.findall(r"(--[a-z0-9-]+):", written))
    for name, day in asdict(palette.light).items():
        night, hyphened = asdict(palette.dark)[name], name.replace("_", "-")
        assert f"--{hyphened}:var(--masthead-{hyphened},light-dark({day},{night}))" in written


def test_no_font_s_name_ends_an_attribute_of_a_letter() -> None:
    assert all('"' not in font for font in asdict(Fonts()).values())


@pytest.mark.parametrize(
    ("step", "css", "px"),
    [
        (Step(1, 1), "1rem", 16),
        (Step(1.875, 2.5), "clamp(1.875rem, 1.667rem + 1.042vw, 2.5rem)", 30),
    ],
)
def test_a_step_grows_between_a_phone_and_a_wide_window(step: Step, css: str, px: int) -> None:
    assert (step.css, step.px) == (css, px)
