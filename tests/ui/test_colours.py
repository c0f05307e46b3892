"""Whatever colour an authority chooses, its words can be read."""

from hypothesis import given, strategies as st

from obole.ui import colours

channel = st.integers(0, 255)


def test_the_default_keeps_its_tint() -> None:
    assert colours.theme(colours.DEFAULT) == colours.Theme("#1f4a8a", "#173868", "#e9eff8", "#b7c5da")


def test_contrast_is_that_of_wcag() -> None:
    assert round(colours.contrast("#000000", "#ffffff"), 2) == 21
    assert round(colours.contrast("#777777", "#ffffff"), 2) == 4.48


@given(channel, channel, channel)
def test_any_colour_is_made_readable(red: int, green: int, blue: int) -> None:
    theme = colours.theme(f"#{red:02x}{green:02x}{blue:02x}")

    assert colours.contrast(theme.primary, theme.tint) >= colours.READABLE
    assert colours.contrast(theme.primary, colours.WHITE) >= colours.READABLE


@given(st.text())
def test_anything_else_gives_the_default(text: str) -> None:
    if len(text) != 7:
        assert colours.theme(text) == colours.theme(colours.DEFAULT)
