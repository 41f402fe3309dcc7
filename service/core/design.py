"""The one source of the look: colours, type and space, for pages, the dialog and letters.

Colours are named for their part, `paper` and `ink`, not for what they are. A publisher gives one colour, the accent,
and it may be any: what stands on it, and where it stands, is worked out here.
"""

from dataclasses import asdict, dataclass, replace
from typing import Self

from service.core.colours import Oklch, oklch, readable_ink, stand_out

TEXT, SHAPE = 4.5, 3.0  # the contrast WCAG 2.2 asks for: 1.4.3 for text, 1.4.11 for what must be told apart
LINK = 5.0, 7.0  # what links get by day and by night, where bright colours on black tire the eye

BY_DAY = {
    "paper": Oklch(0.974, 0.009, 85),
    "sheet": Oklch(0.995, 0.003, 85),
    "tint": Oklch(0.955, 0.018, 0),
    "ink": Oklch(0.23, 0.012, 60),
    "muted": Oklch(0.46, 0.016, 60),
    "rule": Oklch(0.87, 0.012, 80),
    "edge": Oklch(0.59, 0.014, 70),
    "danger": Oklch(0.48, 0.17, 27),
    "danger_wash": Oklch(0.965, 0.016, 27),
    "good": Oklch(0.45, 0.1, 150),
    "good_wash": Oklch(0.963, 0.02, 150),
}
BY_NIGHT = {
    "paper": Oklch(0.18, 0.008, 60),
    "sheet": Oklch(0.222, 0.009, 60),
    "tint": Oklch(0.27, 0.03, 0),
    "ink": Oklch(0.93, 0.01, 80),
    "muted": Oklch(0.74, 0.014, 75),
    "rule": Oklch(0.335, 0.011, 65),
    "edge": Oklch(0.58, 0.013, 70),
    "danger": Oklch(0.79, 0.12, 27),
    "danger_wash": Oklch(0.262, 0.038, 27),
    "good": Oklch(0.8, 0.1, 150),
    "good_wash": Oklch(0.257, 0.027, 150),
}


@dataclass(frozen=True)
class Colours:
    """What a page is painted with, each `#rrggbb`.

    `paper` is the ground, `sheet` a field on it; `ink` and `muted` are text; `rule` divides, `edge` bounds a field;
    `fill` is the accent where it carries `fill_ink`, `fill_edge` where it is a line, `link` where it is text, `focus`
    the ring of the focus, `tint` a ground. The `_wash` colours are grounds of messages.
    """

    paper: str
    sheet: str
    ink: str
    muted: str
    rule: str
    edge: str
    danger: str
    danger_wash: str
    good: str
    good_wash: str
    fill: str
    fill_ink: str
    fill_edge: str
    link: str
    focus: str
    tint: str


@dataclass(frozen=True)
class Palette:
    """One publisher's colours by day and by night."""

    light: Colours
    dark: Colours

    @classmethod
    def of(cls, accent: str) -> Self:
        """Derive a palette from any `#rrggbb`. By day a button has exactly that colour; by night it must not vanish."""
        day, night = _grounds(BY_DAY, accent), _grounds(BY_NIGHT, accent)
        return cls(
            _coloured(accent, accent, day, LINK[0]),
            _coloured(accent, stand_out(accent, _papers(night), SHAPE), night, LINK[1]),
        )


def _grounds(scheme: dict[str, Oklch], accent: str) -> dict[str, str]:
    """A scheme's colours, with the tint in the accent's hue."""
    given, faintest = oklch(accent), scheme["tint"]
    tint = replace(faintest, chroma=min(faintest.chroma, given.chroma), hue=given.hue)
    return {name: colour.hex for name, colour in (scheme | {"tint": tint}).items()}


def _papers(ground: dict[str, str]) -> tuple[str, ...]:
    return ground["paper"], ground["sheet"], ground["tint"]


def _coloured(accent: str, fill: str, ground: dict[str, str], of_links: float) -> Colours:
    """Add to a scheme what stands on it in the accent."""
    link = stand_out(accent, (*_papers(ground), ground["good_wash"], ground["danger_wash"]), of_links)
    return Colours(
        **ground,
        fill=fill,
        fill_ink=readable_ink(fill),
        fill_edge=stand_out(accent, _papers(ground), SHAPE),
        link=link,
        focus=link,
    )


@dataclass(frozen=True)
class Step:
    """A step of the type scale in rem: `least` on a phone of 20 rem, `most` on a window of 80, in between between."""

    least: float
    most: float

    @property
    def css(self) -> str:
        if self.least == self.most:
            return f"{self.least:g}rem"
        slope = (self.most - self.least) / 60
        return f"clamp({self.least:g}rem, {self.least - 20 * slope:.4g}rem + {100 * slope:.4g}vw, {self.most:g}rem)"

    @property
    def px(self) -> int:
        """What a letter uses: mail programs know neither rem nor windows."""
        return round(16 * self.least)


@dataclass(frozen=True)
class Fonts:
    """Fonts that readers have already: nothing is loaded. Book faces for words that are read, a plain one for forms."""

    serif: str = (
        "'Iowan Old Style','Palatino Linotype',Palatino,P052,'Book Antiqua','Noto Serif',Georgia,"
        "'Hiragino Mincho ProN','Yu Mincho','Noto Serif CJK JP','Geeza Pro','Noto Naskh Arabic',serif"
    )
    sans: str = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',Helvetica,Arial,sans-serif"
    mono: str = "ui-monospace,'SF Mono','Cascadia Mono',Menlo,Consolas,monospace"


SIZES = {
    "size_0": Step(0.8125, 0.8125),
    "size_1": Step(0.9375, 0.9375),
    "size_2": Step(1.0625, 1.0625),
    "size_3": Step(1.1875, 1.25),
    "size_4": Step(1.375, 1.5),
    "size_5": Step(1.875, 2.5),
    "size_6": Step(2.125, 3.75),
}
SPACES = {
    "space_1": 0.25,
    "space_2": 0.5,
    "space_3": 0.75,
    "space_4": 1,
    "space_5": 1.5,
    "space_6": 2.25,
    "space_7": 3.5,
}


def custom_properties(palette: Palette) -> str:
    """Write the design as a page's CSS custom properties: `--paper`, `--fill-ink`, `--size-2`, `--space-4`."""
    steady = [
        *asdict(Fonts()).items(),
        *((name, step.css) for name, step in SIZES.items()),
        *((name, f"{space:g}rem") for name, space in SPACES.items()),
        ("touch", "3rem"),
        ("corner", "2px"),
    ]
    light = _declared([("color_scheme", "light dark"), *steady, *asdict(palette.light).items()])
    dark = _declared([*asdict(palette.dark).items()])
    return f":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"


def adjustable_properties(palette: Palette) -> str:
    """Write the design for the dialog on somebody's page, which may set `--masthead-ink` in place of `--ink`.

    Day or night is what the page around says by `color-scheme`. Sizes are shares of `--rem`, because some pages make
    the root's text small.
    """
    day, night = asdict(palette.light), asdict(palette.dark)
    settled = [
        *asdict(Fonts()).items(),
        *((name, f"light-dark({day[name]},{night[name]})") for name in day),
        ("rem", "1rem"),
        ("corner", "2px"),
    ]
    sizes = {**{name: step.least for name, step in SIZES.items()}, **SPACES, "touch": 3}
    adjustable = [(name, f"var(--masthead-{name.replace('_', '-')},{value})") for name, value in settled]
    scaled = [(name, f"calc({size:g} * var(--rem))") for name, size in sizes.items()]
    return f":host{{{_declared([*adjustable, *scaled])}}}\n"


def _declared(properties: list[tuple[str, str]]) -> str:
    """`color-scheme` is CSS's own; all others are ours."""
    return ";".join(
        f"{'' if name == 'color_scheme' else '--'}{name.replace('_', '-')}:{value}"
        for name, value in properties
    )
