"""The authority's colour: its shades, and whether text in it can be read."""

import re
from dataclasses import dataclass

DEFAULT = "#1f4a8a"
DEFAULT_TINT = "#e9eff8"
WHITE = "#ffffff"
BLACK = "#000000"
READABLE = 4.5

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class Theme:
    """The four shades of one colour that the pages use."""

    primary: str
    dark: str
    tint: str
    soft: str


def is_one(text: str) -> bool:
    """Tell whether a text is a colour written ``#rrggbb``."""
    return _COLOUR.fullmatch(text) is not None


def theme(colour: str) -> Theme:
    """Return the shades of ``#rrggbb``, darkened until it reads on its own tint; anything else gives the default."""
    primary = colour.lower() if is_one(colour) else DEFAULT
    tint = DEFAULT_TINT if primary == DEFAULT else mix(primary, WHITE, 0.9)
    while contrast(primary, tint) < READABLE:
        primary = mix(primary, BLACK, 0.1)
    return Theme(primary=primary, dark=mix(primary, BLACK, 0.25), tint=tint, soft=mix(primary, WHITE, 0.68))


def mix(colour: str, other: str, share: float) -> str:
    """Return ``colour`` with a ``share`` (0 to 1) of ``other`` in it."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def contrast(colour: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2, from 1 to 21."""
    low, high = sorted((_luminance(colour), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
