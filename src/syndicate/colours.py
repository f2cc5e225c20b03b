"""Colours as six hexadecimal digits, and their contrast (WCAG 2.2). Pure."""

from __future__ import annotations

import re

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
MIN_CONTRAST = 4.5
"""The contrast that text needs (success criterion 1.4.3)."""
STEPS = 50


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours written #rrggbb (WCAG 2.2, 1 to 21)."""
    dim, bright = sorted((_luminance(one), _luminance(other)))
    return (bright + 0.05) / (dim + 0.05)


def nearest_readable(colour: str, paper: str) -> str:
    """The shade of `colour` nearest to it that can be read on `paper`."""
    end = 0 if contrast("#000000", paper) > contrast("#ffffff", paper) else 255
    shades = (_towards(colour, end, step / STEPS) for step in range(STEPS + 1))
    return next(each for each in shades if contrast(each, paper) >= MIN_CONTRAST)


def _towards(colour: str, end: int, share: float) -> str:
    return "#" + "".join(f"{round(c + (end - c) * share):02x}" for c in _channels(colour))


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _luminance(colour: str) -> float:
    channels = [each / 255 for each in _channels(colour)]
    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
