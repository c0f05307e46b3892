"""The components: always an icon, a word and a colour; never a value that is not escaped."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.core.paginator import Paginator

from obole.ui import icons
from obole.ui.templatetags import ui
from obole.ui.timeline import Event
from tests.ui.pages import draw, squeezed

HOSTILE = "<script>alert(1)</script>"


@pytest.mark.parametrize("tone", ui.TONE_ICONS)
def test_a_pill_is_an_icon_a_word_and_a_colour(tone: str) -> None:
    html = draw("{% pill tone 'À payer' %}", tone=tone)

    assert f"tone-{tone.replace('_', '-')}" in html
    assert "<svg" in html
    assert "À payer" in html


def test_a_pill_may_have_another_icon() -> None:
    assert icons.shape("document") in draw("{% pill 'done' 'Remise' 'document' %}")


def test_labels_are_escaped() -> None:
    sources = ["{% pill 'done' label %}", "{% back '/x' label %}", "{% empty label label '/x' label %}"]

    for source in sources:
        assert HOSTILE not in draw(source, label=HOSTILE)


def test_icons_are_hidden_from_screen_readers() -> None:
    assert 'aria-hidden="true"' in draw("{% icon 'check' %}")


def test_an_unknown_icon_is_an_error() -> None:
    with pytest.raises(icons.UnknownIcon):
        icons.shape("unicorn")


def test_the_current_page_is_marked() -> None:
    source = "{% nav_link 'portal:invoices' 'Mes factures' 'invoices' %}"

    assert 'aria-current="page"' in draw(source, "/mes-factures/")
    assert 'aria-current="true"' in draw(source, "/mes-factures/2026-1/")
    assert "aria-current" not in draw(source, "/mes-demarches/")


def test_home_is_not_above_everything() -> None:
    assert "aria-current" not in draw("{% nav_link 'portal:home' 'Accueil' 'home' %}", "/mes-factures/")


def test_a_page_may_name_its_section() -> None:
    source = "{% nav_link 'portal:invoices' 'Mes factures' 'invoices' %}{% nav_link 'crm:home' 'Accueil' 'home' %}"

    html = draw(source, "/crm/retour/", section="invoices")

    assert html.count("aria-current") == 1
    assert html.index("aria-current") < html.index("Mes factures")


def test_the_query_string_is_kept() -> None:
    assert draw("{% query_with page=2 %}", "/?tri=nom&page=1") == "?tri=nom&amp;page=2"
    assert draw("{% query_with tri=None %}", "/?tri=nom&page=1") == "?page=1"


def test_pages_keep_the_filters() -> None:
    page = Paginator(range(50), 10).page(2)

    html = draw("{% pagination page %}", "/?etat=due&page=2", page=page)

    assert 'href="?etat=due&amp;page=3" rel="next"' in html
    assert 'href="?etat=due&amp;page=1" rel="prev"' in html
    assert html.count('aria-current="page"') == 1


def test_one_page_has_no_way_to_others() -> None:
    assert draw("{% pagination page %}", page=Paginator(range(5), 10).page(1)).strip() == ""


def test_what_happened_is_an_ordered_list_with_times() -> None:
    event = Event(datetime(2026, 11, 25, 13, 11, tzinfo=UTC), "Payée", HOSTILE, "done", "/x", "échange brut")

    html = squeezed(draw("{% timeline events %}", events=[event])).replace("\u00a0", " ")

    assert '<ol class="timeline"> <li class="tone-done">' in html
    assert '<time datetime="2026-11-25T13:11:00+00:00">25/11/2026 14 h 11</time>' in html
    assert '<a href="/x">échange brut</a>' in html
    assert HOSTILE not in html


def test_an_empty_state_says_how_to_begin() -> None:
    html = draw("{% empty 'Aucune facture' 'Elles viendront ici.' '/demarches/' 'Faire une démarche' %}")

    assert "Aucune facture" in html
    assert '<a class="btn btn-primary" href="/demarches/">Faire une démarche</a>' in html


def test_the_authority_s_colour_is_let_through_by_the_security_policy() -> None:
    html = draw("{% theme %}", authority=SimpleNamespace(colour="#7a1f5c"))

    assert html.startswith("<style nonce=")
    assert "--obole-primary:#7a1f5c" in html


def test_a_colour_that_is_not_one_is_ignored() -> None:
    html = draw("{% theme %}", authority=SimpleNamespace(colour="red}</style><script>"))

    assert "script" not in html
    assert "--obole-primary:#1f4a8a" in html
