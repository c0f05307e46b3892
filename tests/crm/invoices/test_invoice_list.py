"""
The list of invoices: sorted, filtered, counted, with the columns that the agent wants; and the file that it makes.
"""

import csv
import io
import os
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from obole.billing import operations as billing
from obole.crm.shared import pages
from obole.lib import actors
from obole.mailing.models import Message
from obole.payments import operations as payments
from obole.regies import operations as regies
from obole.reminders.models import Reminder
from tests.crm.desk import bill, browser, get, pay, rows_of, text_of, try_to_pay, url
from tests.world import (
    WHO,
    Town,
    bill_dossier,
    later,
    make_citizen,
    make_dossier,
    make_invoice,
    make_regie,
    make_town,
    make_type,
)

pytestmark = pytest.mark.django_db
with_a_bank = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon(time_machine: Any) -> None:
    time_machine.move_to(later(30), tick=False)


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.regisseur)


def numbers(client: Client, **query: object) -> list[str]:
    """Return the last digits of the invoices listed, in order."""
    rows = rows_of(get(client, "invoices", **query))
    return [row[0].rsplit("-", 1)[-1].lstrip("0") for row in rows if len(row) > 1]


def file_of(client: Client, **query: object) -> list[list[str]]:
    answer = client.get(url("invoices_file", "csv"), query)
    assert answer.status_code == 200
    content = b"".join(answer.streaming_content)
    assert content.startswith("\ufeff".encode())
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_every_column_sorts_both_ways(town: Town, client: Client) -> None:
    for meals, name in ((3, "Œuvrard"), (1, "Benali"), (2, "zola")):
        make_invoice(town, meals=meals, citizen=make_citizen(f"{name}@example.org".replace("Œ", "o"), last_name=name))
    wanted = (
        "number type period payer dossier regie issued_at due_date paid_at total_cents received_cents remaining status"
    )
    for column in wanted.split():
        assert sorted(numbers(client, sort=column)) == ["1", "2", "3"], column
        assert sorted(numbers(client, sort=f"-{column}")) == ["1", "2", "3"], column
    assert numbers(client, sort="payer") == ["2", "1", "3"]
    assert numbers(client, sort="-payer") == ["3", "1", "2"]
    assert numbers(client, sort="total_cents") == ["2", "3", "1"]
    assert numbers(client, sort="-remaining") == ["1", "3", "2"]
    assert numbers(client, sort="nonsense") == ["3", "2", "1"]


def test_the_heading_of_the_sorted_column_says_so(town: Town, client: Client) -> None:
    make_invoice(town)
    page = get(client, "invoices", sort="-total_cents", status="due").content.decode()
    assert 'aria-sort="descending"' in page
    assert "?sort=total_cents&amp;status=due" in page


@with_a_bank
def test_filters_narrow_and_can_be_taken_off(town: Town, client: Client) -> None:
    other = make_type(town.regie, [town.scheme], name="Étude surveillée")
    make_invoice(town, meals=2)
    late = make_invoice(town, meals=3, at=later(days=-60))
    paid = make_invoice(town, meals=4)
    pay(paid)
    waiting = bill(town, 20_03)
    try_to_pay(waiting)
    refused = bill(town, 30_01)
    pay(refused)
    billing.cancel_invoice(
        invoice_id=make_invoice(town, meals=6).pk, code="other", comment="doublon", actor=WHO, at=later()
    )
    assert numbers(client, status="late") == ["2"]
    assert numbers(client, status="paid") == ["3"]
    assert numbers(client, status="in_progress") == ["4"]
    assert numbers(client, status="cancelled") == ["6"]
    assert numbers(client, status=["late", "paid"], sort="number") == ["2", "3"]
    assert numbers(client, type=other.pk) == []
    assert numbers(client, issued_to=(later(days=-30)).date().isoformat()) == ["2"]
    assert numbers(client, issued_from=later().date().isoformat(), sort="number") == ["1", "3", "4", "5", "6"]
    assert numbers(client, amount_from="20", amount_to="20,03") == ["4"]
    assert numbers(client, amount_from="1 000") == []
    assert numbers(client, paid_from=later().date().isoformat()) == ["3"]
    assert numbers(client, refused_from=later().date().isoformat()) == ["5"]
    assert numbers(client, regie=town.regie.pk, sort="number") == ["1", "2", "3", "4", "5", "6"]
    assert numbers(client, q=late.number) == ["2"]
    assert numbers(client, q="lefevre", status="late") == ["2"]
    page = get(client, "invoices", status=["late", "due"], amount_from="1", sort="number")
    assert "Statut : En retard, À payer" in text_of(page) and "Montant à partir de : 1,00 €" in text_of(page)
    assert 'href="?status=late&amp;status=due&amp;sort=number"' in page.content.decode()


def test_invoices_are_found_by_how_often_their_payer_was_reminded(town: Town, client: Client) -> None:
    never, once, twice = make_invoice(town), make_invoice(town), make_invoice(town)
    for invoice, step in ((once, 1), (twice, 1), (twice, 2)):
        message = Message.objects.create(
            cause=f"test:{invoice.pk}:{step}", kind="reminder_1", to="a@example.org", created_at=later(1)
        )
        Reminder.objects.create(invoice=invoice, step=step, message=message, decided_at=later(step * 60 * 24))
    for times, found in {"0": [never], "1": [twice, once], "2": [twice], "3": []}.items():
        page = get(client, "invoices", reminded=times)
        assert [row[0] for row in rows_of(page) if len(row) > 1] == [invoice.number for invoice in found]
    assert "Relancée : Deux fois au moins" in text_of(get(client, "invoices", reminded="2"))


def test_a_list_is_sorted_by_a_column_that_was_left_out_and_shows_it(town: Town, client: Client) -> None:
    first, second = make_invoice(town), make_invoice(town)
    pay(second)
    pay(first, minutes=9)
    page = get(client, "invoices", sort="paid_at")
    assert [row[0] for row in rows_of(page)] == [second.number, first.number]
    assert "Payée" in text_of(page) and 'aria-sort="ascending"' in page.content.decode()
    titles, *rows = file_of(client, sort="paid_at")
    assert titles[-1] == "Payée" and [row[0] for row in rows] == [second.number, first.number]


def test_a_wrong_filter_is_explained_and_changes_nothing(town: Town, client: Client) -> None:
    make_invoice(town)
    for wrong in (
        {"amount_from": "-3"},
        {"issued_from": "hier"},
        {"type": "999999"},
        {"q": "a\x00b"},
        {"status": "'; drop"},
    ):
        page = get(client, "invoices", **wrong)
        assert len(rows_of(page)) == 1 and "field-error" in page.content.decode(), wrong
    for page_number in ("0", "99999", "abc"):
        assert len(rows_of(get(client, "invoices", page=page_number))) == 1


@pytest.mark.parametrize("name", ["issued", "due"])
def test_the_ends_of_the_calendar_are_days_like_others(town: Town, client: Client, name: str) -> None:
    make_invoice(town)
    first, last = "0001-01-01", "9999-12-31"
    assert numbers(client, **{f"{name}_from": first}) == ["1"] == numbers(client, **{f"{name}_to": last})
    assert numbers(client, **{f"{name}_from": last}) == [] == numbers(client, **{f"{name}_to": first})


def test_an_agent_chooses_among_the_regies_that_are_theirs(town: Town, client: Client) -> None:
    other = make_regie("MED", "Régie Médiathèque")
    regies.give_mandates(regie_id=other.pk, agent_ids=[town.regisseur.pk], actor=WHO, at=later())
    make_invoice(town)
    elsewhere = make_type(other, [town.scheme], name="Médiathèque")
    bill_dossier(make_dossier(town), elsewhere, at=later())
    page = get(client, "invoices", regie=other.pk)
    assert [row[0] for row in rows_of(page)] == ["MED-2026-000001"] and "Régie : Régie Médiathèque" in text_of(page)
    assert len(rows_of(get(client, "invoices", regie=[other.pk, town.regie.pk]))) == 2


def test_a_regie_of_others_cannot_be_chosen(town: Town, client: Client) -> None:
    secret = make_regie("TER", "Régie Terrasses")
    page = get(client, "invoices", regie=secret.pk)
    assert "field-error" in page.content.decode() and "Terrasses" not in text_of(page)
    reviewer = get(browser(town.agent), "invoices", regie=town.regie.pk, columns=["number", "regie"])
    assert "Régie Enfance" not in text_of(reviewer)


@with_a_bank
def test_the_view_says_what_it_amounts_to(town: Town, client: Client) -> None:
    make_invoice(town, meals=16)
    pay(make_invoice(town, meals=10))
    assert "2 factures — émis 84,50 €, dû 52,00 €" in text_of(get(client, "invoices"))
    assert "1 facture — émis 32,50 €, dû 0,00 €" in text_of(get(client, "invoices", status="paid"))
    assert "aucune facture" in text_of(get(client, "invoices", q="introuvable"))


def test_a_very_long_list_is_not_counted_to_the_end(
    town: Town, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _n in range(4):
        make_invoice(town, meals=1)
    for module in ("obole.crm.shared.pages.COUNTED", "obole.crm.shared.lists.COUNTED"):
        monkeypatch.setattr(module, 2)
    assert pages.COUNTED == 2
    assert "plus de 2 factures" in text_of(get(client, "invoices"))
    assert len(rows_of(get(client, "invoices"))) == 4


def test_the_tabs_are_ready_made_filters(town: Town, client: Client) -> None:
    page = get(client, "invoices").content.decode()
    for words in (
        "Toutes",
        "À payer",
        "En retard",
        "En cours de paiement",
        "Payées aujourd’hui",
        "Refus de la semaine",
    ):
        assert words in page
    assert '<a href="?" aria-current="page">Toutes</a>' in page
    late = get(client, "invoices", status="late").content.decode()
    assert '<a href="?status=late&amp;sort=due_date" aria-current="page">En retard</a>' in late
    week = (later() - timedelta(days=6)).date().isoformat()
    assert f'href="?refused_from={week}"' in page


def test_columns_are_chosen_and_remembered(town: Town, client: Client) -> None:
    make_invoice(town)
    assert "Période" not in str(rows_head(client))
    chosen = lay_out(client, "number", "period", "total_cents")
    assert chosen == ["Numéro", "Période", "Montant €"]
    assert rows_head(browser(town.regisseur)) == chosen, "kept with the account, not with the browser"
    assert file_of(client)[0] == chosen
    assert lay_out(client, "period", "total_cents", order_period="9", order_total_cents="2") == [
        "Numéro",
        "Montant €",
        "Période",
    ]
    assert lay_out(client, "number") == ["Numéro"]
    assert lay_out(client, "intruder", "status") == ["Numéro", "Statut"]
    assert rows_head(browser(town.agent))[-1] == "Statut"


def lay_out(client: Client, *columns: str, **more: str) -> list[str]:
    values = {"list": "invoices", "rows": "25", "query": "", "columns": columns, **more}
    assert client.post("/crm/vues/colonnes/", values)["Location"] == "/crm/factures/"
    return rows_head(client)


def rows_head(client: Client, **query: object) -> list[str]:
    page = get(client, "invoices", **query).content.decode()
    head = page[page.index("<thead") : page.index("</thead>")]
    # The first box chooses the whole page.
    return [part.split("</a>")[0].split("<svg")[0].rsplit(">", 1)[-1].strip() for part in head.split("<th ")[2:]]


def test_the_file_says_what_the_screen_says(town: Town, client: Client) -> None:
    citizen = make_citizen("oe@example.org", last_name="Œuvrard-d’Éon")
    invoice = make_invoice(town, meals=16, citizen=citizen)
    make_invoice(town, meals=400 // 16, at=later(days=-60))
    rows = file_of(client, status="due")
    assert rows[0] == ["Numéro", "Type", "Payeur", "Dossier", "Émise", "Échéance", "Montant €", "Reste dû €", "Statut"]
    assert rows[1:] == [
        [
            str(invoice),
            "Cantine et périscolaire",
            "Maud Œuvrard-d’Éon",
            invoice.dossier.reference,
            "25/11/2026",
            "15/12/2026",
            "52,00",
            "52,00",
            "À payer",
        ]
    ]
    assert [row[0] for row in file_of(client, sort="total_cents")[1:]] == [invoice.number, "ENF-2026-000002"]


def test_a_payers_name_cannot_be_a_formula(town: Town, client: Client) -> None:
    make_invoice(town, citizen=make_citizen("x@example.org", last_name='"; =cmd|calc'))
    from_organisation = make_citizen("y@example.org")
    type(from_organisation).objects.filter(pk=from_organisation.pk).update(organisation='=HYPERLINK("http://x";"clic")')
    make_invoice(town, citizen=from_organisation)
    payers = {row[2] for row in file_of(client)[1:]}
    assert payers == {'Maud "; =cmd|calc', '\'=HYPERLINK("http://x";"clic")'}


def test_more_invoices_cost_no_more_queries(town: Town, client: Client) -> None:
    for _n in range(3):
        make_invoice(town, meals=1)
    get(client, "invoices")
    with CaptureQueriesContext(connection) as few:
        get(client, "invoices")
        file_of(client)
    for _n in range(25):
        make_invoice(town, meals=1, citizen=make_citizen(f"{os.urandom(4).hex()}@example.org"))
    with CaptureQueriesContext(connection) as many:
        get(client, "invoices")
        file_of(client)
    assert len(many) <= len(few), [query["sql"] for query in many]
    assert len(few) < 40


@with_a_bank
def test_a_payment_in_progress_shows_its_clock(town: Town, client: Client) -> None:
    invoice = bill(town, 20_03)
    attempt = try_to_pay(invoice)
    assert rows_of(get(client, "invoices"))[0][-1] == "En cours de paiement"
    payments.resolve_attempt(attempt_id=attempt.pk, actor=actors.WORKER, at=later(60))
    assert rows_of(get(client, "invoices"))[0][-1] == "À payer"
