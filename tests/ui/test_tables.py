"""Lists: sortable by links, stacked on narrow screens without losing their meaning."""

import django_tables2 as tables
from django.test import RequestFactory
from django_tables2 import RequestConfig

from obole.ui.tables import SelectColumn
from tests.ui.pages import squeezed


class Invoices(tables.Table):
    caption = "Factures"
    chosen = SelectColumn(accessor="pk", named="number")
    number = tables.Column("numéro", attrs={"cell": {"class": "main"}})
    total = tables.Column("montant", attrs={"cell": {"class": "num"}}, orderable=False)

    class Meta:
        template_name = "ui/table.html"
        empty_text = "Aucune facture."


def show(path: str = "/", count: int = 30) -> str:
    request = RequestFactory().get(path)
    table = Invoices([{"pk": n, "number": f"2026-{n:03d}", "total": "1,00"} for n in range(count)])
    RequestConfig(request, paginate={"per_page": 10}).configure(table)
    return squeezed(table.as_html(request))


def test_headings_sort_by_links_and_forget_the_page() -> None:
    html = show("/?etat=due&page=2&sort=-number")

    assert 'aria-sort="descending"' in html
    assert 'href="?etat=due&amp;sort=number"' in html
    assert html.count("aria-sort") == 1


def test_it_keeps_its_meaning_once_stacked() -> None:
    html = show()

    assert '<table class="sheet stack" role="table">' in html
    assert '<caption class="visually-hidden">Factures</caption>' in html
    assert '<td role="cell" data-label="Montant" class="num">1,00</td>' in html


def test_each_box_says_what_it_chooses() -> None:
    html = show()

    assert '<input type="checkbox" name="chosen" value="3" aria-label="Sélectionner 2026-003">' in html
    assert 'data-select-all="chosen" aria-label="Tout sélectionner" hidden' in html


def test_it_says_how_many_and_leads_to_the_others() -> None:
    html = show("/?etat=due")

    assert "30 résultats" in html
    assert 'href="?etat=due&amp;page=2"' in html


def test_few_results() -> None:
    html = show(count=1)

    assert "1 résultat<" in html.replace(" <", "<")
    assert "<nav" not in html


def test_no_result_says_so() -> None:
    html = show(count=0)

    assert "Aucune facture." in html
    assert "résultat" not in html
