"""OKLCH against the values of CSS Color 4, contrast against those of WCAG's own examples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.colours import Oklch, contrast, oklch, readable_ink, stand_out

hex_colours = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@pytest.mark.parametrize(
    ("colour", "lightness", "chroma", "hue"),
    [
        ("#ff0000", 0.628, 0.2577, 29.23),
        ("#008000", 0.5198, 0.1769, 142.5),
        ("#0000ff", 0.452, 0.3132, 264.05),
        ("#663399", 0.4403, 0.1603, 303.37),
    ],
)
def test_known_colours_have_their_coordinates(
    colour: str, lightness: float, chroma: float, hue: float
) -> None:
    found = oklch(colour)
    assert (found.lightness, found.chroma) == pytest.approx((lightness, chroma), abs=0.0005)
    assert found.hue == pytest.approx(hue, abs=0.05)
    assert found.hex == colour


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21),
        ("#ffffff", "#000000", 21),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#ff0000", "#ffffff", 4.0),
        ("#123456", "#123456", 1),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)


@given(hex_colours)
def test_there_and_back_again_is_the_same_colour(colour: str) -> None:
    assert oklch(colour).hex == colour


@given(st.floats(0.2, 1), st.floats(0, 0.5), st.floats(0, 360))
def test_a_colour_no_screen_shows_keeps_its_lightness(lightness: float, chroma: float, hue: float) -> None:
    """As far as eight bits a channel go: in the darkest fifth their steps are wider."""
    found = oklch(Oklch(lightness, chroma, hue).hex)
    assert found.lightness == pytest.approx(lightness, abs=0.012)


@given(hex_colours)
def test_black_or_white_is_readable_on_everything(ground: str) -> None:
    assert contrast(readable_ink(ground), ground) > 4.5


@given(hex_colours, st.sampled_from(["#ffffff", "#f9f6f0", "#14110e", "#000000"]), st.floats(1, 15))
def test_what_stands_out_is_bent_no_further_than_it_must(colour: str, ground: str, ratio: float) -> None:
    bent = stand_out(colour, (ground,), ratio)
    assert contrast(bent, ground) >= ratio
    if contrast(colour, ground) >= ratio:
        assert bent == colour
    else:
        assert contrast(bent, ground) <= ratio * 1.05 + 0.3
