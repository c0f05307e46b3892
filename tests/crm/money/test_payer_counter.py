"""One cheque, transfer or handful of notes for several invoices of a family, from the person's page."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from obole.billing.models import Invoice
from obole.cash_desk import operations as cash_desk
from obole.cash_desk.models import CashMovement
from obole.directory.rules import Profile
from obole.lib import texts
from obole.payments.models import Receipt
from obole.regies import operations as regies
from tests.books import check_books
from tests.crm.desk import browser, get, text_of, url
from tests.world import WHO, Town, later, make_agent, make_invoice, make_regie, make_town, make_type, run_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(later(30), tick=False)
    return make_town()


@pytest.fixture
def three(town: Town) -> list[Invoice]:
    return [make_invoice(town, meals=meals) for meals in (2, 4, 5)]


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.regisseur)


def handed(invoices: list[Invoice], cents: str, means: str = "cash", **more: str) -> dict[str, Any]:
    return {
        "invoices": [str(invoice.pk) for invoice in invoices],
        "cents": cents,
        "means": means,
        "payer_name": "M. Lefèvre",
        "request_key": texts.token(),
        **more,
    }


def post(client: Client, town: Town, given: dict[str, Any], **more: Any) -> HttpResponse:
    answer: HttpResponse = client.post(url("take_for_payer", town.citizen.pk, town.regie.pk), given, **more)
    return answer


def test_the_page_offers_what_is_due_ticked_and_proposes_the_sum(
    town: Town, three: list[Invoice], client: Client
) -> None:
    assert (
        url("take_for_payer", town.citizen.pk, town.regie.pk)
        in get(client, "citizen", town.citizen.pk).content.decode()
    )
    answer = get(client, "take_for_payer", town.citizen.pk, town.regie.pk)
    page = answer.content.decode()
    assert 'value="35,75"' in page and page.count("checked") >= 3
    for invoice in three:
        assert invoice.number in text_of(answer)
    assert "novembre 2026" in text_of(answer) and "échéance 15/12/2026" in text_of(answer)


def test_one_cheque_for_three_invoices_gives_one_quittance_that_can_be_opened(
    town: Town, three: list[Invoice], client: Client
) -> None:
    answer = post(
        client, town, handed(three, "35,75", "cheque", reference="0001234", bank="Crédit agricole"), follow=True
    )
    receipt = Receipt.objects.get()
    page = text_of(answer)
    assert "35,75 € encaissés. Remettez la quittance ENF-Q-2026-000001" in page
    assert url("receipt_pdf", receipt.pk) in answer.content.decode()
    assert "Chèque n° 0001234, Crédit agricole" in page
    for invoice in three:
        invoice.refresh_from_db()
        assert invoice.state == "paid" and invoice.number in page
    assert client.get(url("receipt_pdf", receipt.pk)).content.startswith(b"%PDF")
    for place in ("receipts", "citizen"):
        where = (town.citizen.pk,) if place == "citizen" else ()
        assert "0001234" in text_of(get(client, place, *where)), place
    assert "et 2 autres" in text_of(get(client, "citizen", town.citizen.pk))
    assert "0001234" in text_of(get(client, "book_quittances", town.regie.pk))
    for invoice in three:
        assert "0001234" in text_of(get(client, "invoice", invoice.pk))
    run_tasks()
    check_books()


def test_the_change_to_give_is_said(town: Town, three: list[Invoice], client: Client) -> None:
    answer = post(client, town, handed(three, "35,75", handed="50,00"), follow=True)
    assert "35,75 € encaissés, 14,25 € à rendre" in text_of(answer)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"cents": "35,76"}, "Les factures cochées font 35,75 € : n’encaissez pas davantage"),
        ({"invoices": []}, "Cochez au moins une facture"),
        ({"invoices": ["999999"]}, "Une de ces factures n’est plus à payer"),
        ({"means": "cheque", "bank": "X"}, "Écrivez le numéro du chèque"),
        ({"means": "cheque", "reference": "12"}, "Écrivez la banque dont vient le chèque"),
        ({"bank": "X"}, "Seul un chèque"),
        ({"valued_on": "2026-11-20"}, "Seul un virement"),
        ({"means": "transfer", "valued_on": "2026-12-20"}, "pas encore venue"),
        ({"handed": "20,00"}, "C’est moins que le montant"),
        ({"means": "cesu"}, "Sélectionnez un choix valide"),
        ({"cents": "35,25"}, "Il resterait 0,50 €"),
    ],
)
def test_what_is_wrong_is_said_and_takes_nothing(
    town: Town, three: list[Invoice], client: Client, given: dict[str, Any], sentence: str
) -> None:
    answer = post(client, town, {**handed(three, "35,75"), **given})
    assert answer.status_code == 200 and sentence in text_of(answer)
    assert 'value="M. Lefèvre"' in answer.content.decode()
    assert not Receipt.objects.exists()


def test_a_part_of_it_is_taken_and_the_others_stay_due(town: Town, three: list[Invoice], client: Client) -> None:
    post(client, town, handed(three[:2], "19,50", "transfer", reference="VIR 7", valued_on="2026-11-24"))
    states = [Invoice.objects.get(pk=invoice.pk).state for invoice in three]
    assert states == ["paid", "paid", "due"]
    assert "24/11/2026" in text_of(get(client, "receipt", Receipt.objects.get().pk))


def test_the_same_form_sent_twice_leads_to_its_quittance(town: Town, three: list[Invoice], client: Client) -> None:
    given = handed(three, "35,75")
    first, second = post(client, town, given), post(client, town, given)
    assert first["Location"] == second["Location"] == url("receipt", Receipt.objects.get().pk)
    assert "Plus aucune facture" in text_of(
        client.get(url("take_for_payer", town.citizen.pk, town.regie.pk), follow=True)
    )


def test_cash_goes_into_the_drawer_of_who_takes_it(town: Town, three: list[Invoice], client: Client) -> None:
    drawer = cash_desk.configure_drawer(
        drawer_id=None, values={"regie": town.regie, "name": "Guichet"}, actor=WHO, at=later()
    )
    assert "Ouvrez d’abord votre caisse" in text_of(post(client, town, handed(three, "35,75")))
    assert not Receipt.objects.exists()
    cash_desk.open_session(drawer_id=drawer.pk, count={}, reason="", actor=town.regisseur.actor, at=later(1))
    given = handed(three, "35,75", handed="40,00")
    post(client, town, given)
    post(client, town, given)
    movement = CashMovement.objects.get()
    assert (movement.cents, movement.change_cents, movement.receipt) == (3575, 425, Receipt.objects.get())
    check_books()


def test_only_who_answers_for_the_regie_takes_its_money(town: Town, three: list[Invoice]) -> None:
    other = make_regie("MUS", "Régie Musique")
    town.type = make_type(other, [town.scheme], name="Musique")
    make_invoice(town, meals=3)
    apart = make_agent(Profile.REGISSEUR, email="musique@valbourg.example")
    regies.give_mandates(regie_id=other.pk, agent_ids=[apart.pk], actor=WHO, at=later())
    place = url("take_for_payer", town.citizen.pk, town.regie.pk)
    assert browser(apart).get(place).status_code == browser(town.agent).get(place).status_code == 404
    assert browser(apart).post(place, handed(three, "35,75")).status_code == 404
    assert "ENF-2026" not in text_of(get(browser(apart), "take_for_payer", town.citizen.pk, other.pk))
    assert place not in get(browser(town.agent), "citizen", town.citizen.pk).content.decode()
    assert not Receipt.objects.exists()


def test_a_single_invoice_asks_for_the_cheque_s_number_and_bank_too(
    town: Town, three: list[Invoice], client: Client
) -> None:
    place = url("take_money", three[0].pk)
    given = handed(three[:1], "6,50", "cheque")
    page = text_of(client.post(place, given))
    assert "Écrivez le numéro du chèque" in page and "Écrivez la banque" in page
    client.post(place, {**given, "reference": "77", "bank": "CIC"})
    receipt = Receipt.objects.get()
    assert (receipt.reference, receipt.bank) == ("77", "CIC")
