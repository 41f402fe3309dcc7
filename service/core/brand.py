"""The publisher's brand, as pages and letters show it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Brand:
    """`accent` and `accent_ink` are `#rrggbb`; the ink is readable on the accent."""

    site_name: str
    site_url: str
    support_url: str
    logo_url: str | None
    accent: str
    accent_ink: str


def readable_ink(accent: str) -> str:
    """Return black or white, whichever has more contrast on `accent` (WCAG 2.2, relative luminance)."""
    luminance = sum(
        weight * _linear(int(accent[i : i + 2], 16) / 255)
        for weight, i in ((0.2126, 1), (0.7152, 3), (0.0722, 5))
    )
    return "#000000" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "#ffffff"


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
