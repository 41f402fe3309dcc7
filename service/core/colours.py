"""Colours as eyes see them: OKLCH, how it becomes sRGB, and how far two colours stand apart.

OKLCH is Björn Ottosson's space (CSS Color 4, section 9); contrast and luminance are those of WCAG 2.2.
"""

from dataclasses import dataclass, replace
from math import atan2, cos, degrees, hypot, radians, sin

HALVINGS = 24  # more than the 8 bits of a channel can tell apart

Triple = tuple[float, float, float]

# Linear sRGB to the cones' response, and the cube roots of that to lightness and two opponent axes.
TO_CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
FROM_LAB = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
FROM_CONES = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)


@dataclass(frozen=True)
class Oklch:
    """`lightness` from 0 to 1, `chroma` from 0 (grey) to about 0.37, `hue` in degrees."""

    lightness: float
    chroma: float
    hue: float

    @property
    def hex(self) -> str:
        """The nearest `#rrggbb` of this lightness and hue: with as much chroma as a screen can show."""
        colour = self if _shown(self) else replace(self, chroma=_most_chroma(self))
        return "#" + "".join(f"{round(255 * _encoded(channel)):02x}" for channel in _linear_rgb(colour))


def oklch(colour: str) -> Oklch:
    """Read `#rrggbb`."""
    cones = _times(TO_CONES, _channels(colour))
    lightness, a, b = _times(TO_LAB, (cones[0] ** (1 / 3), cones[1] ** (1 / 3), cones[2] ** (1 / 3)))
    return Oklch(lightness, hypot(a, b), degrees(atan2(b, a)) % 360)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two `#rrggbb`, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def readable_ink(ground: str) -> str:
    """Return black or white, whichever has more contrast on `ground`: always more than 4.5."""
    return max("#ffffff", "#000000", key=lambda ink: contrast(ink, ground))


def stand_out(colour: str, grounds: tuple[str, ...], ratio: float) -> str:
    """Return `colour`, bent towards black or white as little as it takes to stand out from all `grounds`.

    Towards black where the grounds are light. Hue stays; chroma as far as a screen can show it.
    """
    if _distance(colour, grounds) >= ratio:
        return colour
    given = oklch(colour)
    kept, far = given.lightness, 0.0 if readable_ink(grounds[0]) == "#000000" else 1.0
    for _ in range(HALVINGS):
        middle = (kept + far) / 2
        if _distance(replace(given, lightness=middle).hex, grounds) >= ratio:
            far = middle
        else:
            kept = middle
    return replace(given, lightness=far).hex


def _distance(colour: str, grounds: tuple[str, ...]) -> float:
    return min(contrast(colour, ground) for ground in grounds)


def _channels(colour: str) -> Triple:
    red, green, blue = (_decoded(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = _channels(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear_rgb(colour: Oklch) -> Triple:
    hue = radians(colour.hue)
    lab = (colour.lightness, colour.chroma * cos(hue), colour.chroma * sin(hue))
    long, medium, short = _times(FROM_LAB, lab)
    return _times(FROM_CONES, (long**3, medium**3, short**3))


def _shown(colour: Oklch) -> bool:
    return all(-1e-4 <= channel <= 1.0001 for channel in _linear_rgb(colour))


def _most_chroma(colour: Oklch) -> float:
    shown, unshown = 0.0, colour.chroma
    for _ in range(HALVINGS):
        middle = (shown + unshown) / 2
        if _shown(replace(colour, chroma=middle)):
            shown = middle
        else:
            unshown = middle
    return shown


def _encoded(channel: float) -> float:
    bounded = min(max(channel, 0.0), 1.0)
    return float(12.92 * bounded if bounded <= 0.0031308 else 1.055 * bounded ** (1 / 2.4) - 0.055)


def _decoded(channel: float) -> float:
    return float(channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4)


def _times(matrix: tuple[Triple, Triple, Triple], vector: Triple) -> Triple:
    first, second, third = (sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)
    return first, second, third
