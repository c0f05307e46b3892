"""Plots: a drawing that is described, and the numbers as a table."""

import re

from hypothesis import given, strategies as st

from obole.ui import plots
from obole.ui.plots import Bar, BarPlot, Series, StackedPlot
from tests.ui.pages import draw

MONTHS = BarPlot(
    "Les douze derniers mois",
    "Montants facturés par mois.",
    [Bar(str(month), month * 1_000, strong=month == 12) for month in range(1, 13)],
)
MEANS = StackedPlot(
    "Par moyen",
    "Encaissements par moyen.",
    ["oct.", "nov."],
    [Series("Carte", [300, 100]), Series("Espèces", [100, 0])],
)


def test_the_drawing_has_a_name_and_a_description() -> None:
    html = draw("{% bars plot %}", plot=MONTHS)

    key = plots.draw(MONTHS).key
    assert f'role="img" aria-labelledby="{key}-title {key}-desc"' in html
    assert f'<title id="{key}-title">Les douze derniers mois</title>' in html
    assert f'<desc id="{key}-desc">Montants facturés par mois.</desc>' in html


def test_the_numbers_are_in_a_table() -> None:
    html = draw("{% bars plot %}", plot=MONTHS).replace("\u00a0", " ")

    assert "<summary>Voir le tableau</summary>" in html
    assert html.count('<th scope="row">') == 12
    assert '<td class="num">120,00 €</td>' in html


def test_nothing_in_it_needs_an_inline_style() -> None:
    assert "style=" not in draw("{% bars plot %}", plot=MONTHS)


def test_the_highest_bar_takes_the_whole_height() -> None:
    highest = plots.draw(MONTHS).shapes[-1]

    assert (highest.y, highest.height, highest.tone) == (plots.TOP, plots.BASE - plots.TOP, "strong")


def test_places_are_written_with_a_point_whatever_the_language() -> None:
    html = draw("{% bars plot %}", plot=MONTHS)

    assert not re.search(r' (?:x|width)="\d+,\d', html)


def test_narrow_screens_keep_every_second_label_and_the_last() -> None:
    words = [word for word in plots.draw(MONTHS).words if word.y == plots.HEIGHT - 6]

    assert [word.text for word in words if not word.spare] == ["2", "4", "6", "8", "10", "12"]


def test_amounts_of_a_plot_are_all_written_alike() -> None:
    """F41: « 628,00 » stood beside « 7 832 »."""
    drawing = plots.draw(BarPlot("t", "d", [Bar("oct.", 62_800), Bar("nov.", 783_156)]))

    assert [word.text for word in drawing.words[:2]] == ["628", "7\u202f832"]
    assert drawing.rows == [("oct.", ["628,00\u00a0€"]), ("nov.", ["7\u202f831,56\u00a0€"])]
    small = plots.draw(BarPlot("t", "d", [Bar("oct.", 60_560), Bar("nov.", 35_630)]))
    assert [word.text for word in small.words[:2]] == ["605,60", "356,30"]


@given(
    st.lists(st.tuples(st.text("0123456789 nov.", max_size=9), st.integers(0, 10**9)), min_size=1, max_size=40),
    st.integers(0, 39),
)
def test_words_never_touch(columns: list[tuple[str, int]], strong: int) -> None:
    """F41: « 605,60 356,30 » collided."""
    drawing = plots.draw(BarPlot("t", "d", [Bar(*one, strong=at == strong) for at, one in enumerate(columns)]))
    for width, words in (
        (plots.WIDE, drawing.words),
        (plots.NARROW, [word for word in drawing.words if not word.spare]),
    ):
        for below in (True, False):
            row = [word for word in words if (word.y == plots.HEIGHT - 6) is below]
            sides = [(float(word.x[:-1]) / 100 * width, len(word.text) * plots.LETTER / 2) for word in row]
            for (left, a), (right, b) in zip(sides, sides[1:], strict=False):
                assert left + a <= right - b
    assert strong >= len(columns) or any(word.strong for word in drawing.words)


def test_a_bar_leads_to_the_list_that_it_counts() -> None:
    html = draw("{% bars plot %}", plot=BarPlot("t", "d", [Bar("nov.", 12, url="/liste/")], unit=""))

    assert '<th scope="row"><a href="/liste/">nov.</a></th>' in html


def test_other_units_are_plain_numbers() -> None:
    drawing = plots.draw(BarPlot("t", "d", [Bar("nov.", 12)], unit="factures"))

    assert (drawing.words[0].text, drawing.rows[0][1]) == ("12", ["12\u00a0factures"])


def test_stacked_series_stand_on_each_other() -> None:
    card, cash, later = plots.draw(MEANS).shapes

    assert (card.tone, cash.tone, later.tone) == ("series-1", "series-2", "series-1")
    assert cash.y + cash.height == card.y
    assert card.y + card.height == later.y + later.height == plots.BASE


def test_stacked_series_have_a_legend() -> None:
    html = draw("{% bars plot %}", plot=MEANS)

    assert html.count('class="swatch') == 2


def test_no_bar_draws_nothing() -> None:
    assert draw("{% bars plot %}", plot=BarPlot("t", "d", [])).strip() == ""
    assert draw("{% bars plot %}", plot=StackedPlot("t", "d", [], [])).strip() == ""


@given(st.lists(st.integers(-1_000, 10**11), min_size=1, max_size=24))
def test_every_bar_stays_inside(values: list[int]) -> None:
    drawing = plots.draw(BarPlot("t", "d", [Bar("x", value) for value in values]))

    for shape in drawing.shapes:
        assert plots.TOP <= shape.y <= shape.y + shape.height <= plots.BASE
        assert drawing.base in (shape.y, shape.y + shape.height), "it stands on zero, or hangs from it"
    assert drawing.base == plots.BASE or min(values) < 0
