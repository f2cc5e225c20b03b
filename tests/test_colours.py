"""Colours and how well they can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.colours import COLOUR, MIN_CONTRAST, contrast, nearest_readable

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == 1


@given(colours, colours)
def test_a_readable_shade_is_one_and_a_readable_colour_stays(colour: str, paper: str) -> None:
    shade = nearest_readable(colour, paper)
    assert COLOUR.fullmatch(shade)
    assert contrast(shade, paper) >= MIN_CONTRAST
    if contrast(colour, paper) >= MIN_CONTRAST:
        assert shade == colour
