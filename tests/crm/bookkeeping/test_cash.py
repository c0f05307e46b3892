"""The caisse at the screen: opened, cash taken with its change, counted, closed, printed, controlled."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from obole.cash_desk import operations as cash_desk, queries
from obole.cash_desk.models import CashSession, Deposit, Drawer
from obole.directory.rules import Profile
from obole.lib import texts
from obole.payments.models import Receipt
from obole.regies import operations as regies
from tests.books import check_books
from tests.cash_desk.steps import Desk, M, cash_deposit, cheque_deposit, closed, make_desk, opened, taken
from tests.crm.desk import HOSTILE, browser, get, text_of, url
from tests.world import NOON, WHO, later, make_agent, make_invoice, make_regie

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(time_machine: Any) -> Desk:
    time_machine.move_to(later(120), tick=False)
    return make_desk()


@pytest.fixture
def client(desk: Desk) -> Client:
    return browser(desk.agent)


@pytest.fixture
def admin(desk: Desk) -> Client:
    return browser(desk.town.admin)


def hidden(answer: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.content.decode())
    assert found, name
    return found[1]


def test_a_drawer_is_opened_and_cash_goes_into_it(desk: Desk, client: Client) -> None:
    pk, invoice = desk.regie.pk, make_invoice(desk.town)
    assert "Caisse" in text_of(get(client, "regie", pk))
    assert "Vous n’avez pas de caisse ouverte" in text_of(get(client, "take_money", invoice.pk))
    count = {"n2000": "3", "n1000": "3", "n100": "10"}
    page = text_of(client.post(url("cash_session_open", pk, desk.drawer.pk), count, follow=True))
    assert "Votre caisse est ouverte" in page and "100,00" in page

    form = {"cents": "52,00", "means": "cash", "handed": "60", "payer_name": "", "reference": "", "request_key": "k"}
    said = text_of(client.post(url("take_money", invoice.pk), form, follow=True))
    assert "52,00 € encaissés, 8,00 € à rendre" in said
    receipt = Receipt.objects.get()
    assert "reçu 60,00 €, rendu 8,00 €" in text_of(get(client, "receipt", receipt.pk))
    assert f"Encaissement {receipt.number}" in text_of(get(client, "cash_desk", pk))
    assert queries.expected_cents(CashSession.objects.get()) == 152_00
    check_books()


def test_a_drawer_is_counted_and_closed(desk: Desk, client: Client) -> None:
    session = opened(desk)
    taken(desk, 52_00)
    where, counted = url("cash_session_close", desk.regie.pk, session.pk), {"n5000": "2", "n1000": "5"}
    asked = client.post(where, counted)
    for words in ("Attendu 152,00 €", "Compté 150,00 €", "Différence −2,00 €"):
        assert words in text_of(asked), words
    assert CashSession.objects.get().is_open, "nothing is closed before it is confirmed"
    confirmed = {**counted, "expected": hidden(asked, "expected"), "confirm": "1", "explanation": ""}
    assert "Écrivez d’où vient la différence" in text_of(client.post(where, confirmed))
    back = client.post(where, {**counted, "again": "1"})
    assert re.search(r'name="n5000" value="2"', back.content.decode())
    done = client.post(where, {**confirmed, "explanation": "2 € rendus en trop"}, follow=True)
    titled, written = "Arrêté de la caisse « Guichet »", "Différence de caisse"
    for words in (titled, written, "2 € rendus en trop", "À mettre au coffre 50,00 €", "Date et signature"):
        assert words in text_of(done), words
    assert "Cette caisse est déjà arrêtée" in text_of(client.get(where, follow=True))
    check_books()


def test_what_moved_meanwhile_is_shown_again(desk: Desk, client: Client) -> None:
    session = opened(desk)
    where = url("cash_session_close", desk.regie.pk, session.pk)
    counted = {"n5000": "2"}
    asked = client.post(where, counted)
    taken(desk, 20_00)
    answer = client.post(where, {**counted, "expected": hidden(asked, "expected"), "confirm": "1"})
    assert "La caisse a bougé entre-temps" in text_of(answer) and "Attendu 120,00 €" in text_of(answer)
    for odd in ("", "x", "9" * 40, "-1"):
        answer = client.post(where, {**counted, "expected": odd, "confirm": "1"})
        assert answer.status_code == 200
    assert CashSession.objects.get().is_open


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        ({"n2000": "-1"}, "Écrivez un nombre entier"),
        ({"n2000": "1,5"}, "Écrivez un nombre entier"),
        ({"n2000": "vingt"}, "Écrivez un nombre entier"),
        ({"n2000": "100000"}, "pas le montant"),
        ({"n2000": "9" * 400}, "pas le montant"),
    ],
)
def test_an_odd_count_says_how_to_mend_it(desk: Desk, client: Client, count: dict[str, str], sentence: str) -> None:
    answer = client.post(url("cash_session_open", desk.regie.pk, desk.drawer.pk), count)
    assert sentence in text_of(answer) and not CashSession.objects.exists()


def test_an_opening_that_is_not_what_was_left(desk: Desk, client: Client) -> None:
    closed(desk, opened(desk), 100_00)
    where = url("cash_session_open", desk.regie.pk, desk.drawer.pk)
    assert "y a laissé 100,00 €" in text_of(get(client, "cash_session_open", desk.regie.pk, desk.drawer.pk))
    answer = text_of(client.post(where, {"n5000": "3"}))
    assert "a laissé 100,00 €, vous comptez 150,00 €" in answer
    client.post(where, {"n5000": "3", "reason": HOSTILE})
    assert CashSession.objects.open().get().opening_reason == HOSTILE
    again = text_of(client.post(where, {"n5000": "3", "reason": "x"}, follow=True))
    assert "déjà ouverte" in again


def test_cash_without_an_open_drawer_is_refused_at_every_door(desk: Desk, client: Client) -> None:
    session = opened(desk)
    receipt = taken(desk, 20_00)
    closed(desk, session, 120_00)
    invoice, before = make_invoice(desk.town), Receipt.objects.count()
    doors = {
        url("take_money", invoice.pk): {"cents": "5", "means": "cash", "request_key": "a"},
        url("unmatched_new", desk.regie.pk): {"cents": "5", "means": "cash", "request_key": "b"},
        url("receipt_reverse", receipt.pk): {"kind": "mistake", "reason": "saisi deux fois"},
    }
    for door, form in doors.items():
        answer = client.post(door, form)
        assert answer.status_code == 200, door
        assert "Ouvrez d’abord votre caisse" in text_of(answer), door
        assert url("cash_desk", desk.regie.pk) in answer.content.decode(), door
    assert Receipt.objects.count() == before and not hasattr(Receipt.objects.get(pk=receipt.pk), "reversal")
    opened(desk, minutes=130)
    client.post(url("receipt_reverse", receipt.pk), {"kind": "mistake", "reason": "saisi deux fois"})
    assert hasattr(Receipt.objects.get(pk=receipt.pk), "reversal")


@pytest.mark.parametrize(
    ("form", "sentence"),
    [({"handed": "40"}, "C’est moins que le montant"), ({"handed": "60", "means": "cheque"}, "que sur des espèces")],
)
def test_a_change_that_cannot_be(desk: Desk, client: Client, form: dict[str, str], sentence: str) -> None:
    opened(desk)
    sent = {"cents": "52,00", "means": "cash", "request_key": "k", **form}
    assert sentence in text_of(client.post(url("take_money", make_invoice(desk.town).pk), sent))
    assert not Receipt.objects.exists()


def test_a_difference_is_settled(desk: Desk, client: Client) -> None:
    session = opened(desk)
    taken(desk, 50_00)
    closed(desk, session, 142_00, explanation="Erreur")
    where = url("cash_session_settle", desk.regie.pk, session.pk)
    assert "attend d’être régularisée" in text_of(get(client, "cash_desk", desk.regie.pk))
    form = {"amount": "8", "reference": "Ordre 12", "request_key": "k"}
    assert "Ouvrez d’abord votre caisse" in text_of(client.post(where, form))
    opened(desk, minutes=130)
    assert "Il ne reste que 8,00 €" in text_of(client.post(where, {**form, "amount": "9"}))
    assert "Ordre 12" in text_of(client.post(where, form, follow=True))
    assert "plus de différence" in text_of(client.get(where, follow=True))
    check_books()


def test_cheques_are_handed_in_and_credited(desk: Desk, client: Client) -> None:
    pk, first = desk.regie.pk, taken(desk, 40_00, M.CHEQUE)
    second = taken(desk, 25_00, M.CHEQUE)
    where = f"{url('deposit_new', pk)}?nature=cheque"
    page = client.get(where)
    assert "2 titres à remettre, 65,00 €" in text_of(page) and page.content.decode().count("checked") == 2
    assert "Cochez au moins un titre" in text_of(client.post(where, {"request_key": "k"}))
    assert "vérifiez la liste" in text_of(client.post(where, {"request_key": "k", "receipts": ["999999999"]}))
    answer = client.post(where, {"request_key": "k", "receipts": [first.pk]}, follow=True)
    deposit = Deposit.objects.get()
    assert "ENF-R-2026-000001" in text_of(answer) and second.number not in text_of(answer)
    assert client.get(url("deposit_pdf", pk, deposit.pk)).content.startswith(b"%PDF")
    here = url("deposit", pk, deposit.pk)
    assert "Écrivez la référence" in text_of(client.post(here, {"action": "credit"}))
    assert "Remise à la banque" in text_of(client.post(here, {"action": "credit", "reference": "DFT 7"}, follow=True))
    assert "a changé entre-temps" in text_of(client.post(here, {"action": "cancel", "reason": "x"}, follow=True))
    assert "ENF-R-2026-000001" in text_of(get(client, "receipt", first.pk))
    assert "Créditée" in text_of(get(client, "deposits", pk))
    check_books()


def test_a_cheque_taken_back_is_named(desk: Desk, client: Client) -> None:
    cheque = taken(desk, 40_00, M.CHEQUE)
    deposit = cheque_deposit(desk, [cheque])
    client.post(url("receipt_reverse", cheque.pk), {"kind": "bounced", "reason": "sans provision"})
    here = url("deposit", desk.regie.pk, deposit.pk)
    assert cheque.number in text_of(client.post(here, {"action": "credit", "reference": "x"}, follow=True))
    cancelled = text_of(client.post(here, {"action": "cancel", "reason": "chèque impayé"}, follow=True))
    assert "Annulée" in cancelled and "repris depuis" in cancelled


def test_cash_is_handed_in_out_of_a_drawer_and_the_safe(desk: Desk, client: Client) -> None:
    session = opened(desk)
    taken(desk, 80_00)
    where = f"{url('deposit_new', desk.regie.pk)}?nature=cash"
    form = {"request_key": "k", "source": "drawer", "n5000": "2"}
    assert "ne contient que 80,00 €" in text_of(client.post(where, form))
    assert "il n’y a rien" in text_of(client.post(where, {**form, "n5000": ""}))
    client.post(where, {**form, "n5000": "1"})
    assert queries.expected_cents(session) == 130_00
    assert Deposit.objects.get().session == session
    closed(desk, session, 130_00)
    page = text_of(client.get(where))
    assert "Le coffre contient 30,00 €" in page and "De ma caisse" not in page
    for odd in ("", "?nature=or", "?nature=%00"):
        assert client.get(url("deposit_new", desk.regie.pk) + odd).status_code == 404


def test_who_configures_adds_a_drawer(desk: Desk, admin: Client, client: Client) -> None:
    where = url("drawer_new", desk.regie.pk)
    assert client.get(where).status_code == 404
    assert "a déjà ce nom" in text_of(admin.post(where, {"name": "Guichet", "enabled": "on"}))
    admin.post(where, {"name": "Piscine", "enabled": "on"})
    other = Drawer.objects.get(name="Piscine")
    opened(desk, drawer=other)
    answer = admin.post(url("drawer", desk.regie.pk, other.pk), {"name": "Piscine"})
    assert "faites-la d’abord arrêter" in text_of(answer)
    assert "Piscine" in text_of(get(admin, "cash_desk", desk.regie.pk))
    assert admin.get(url("cash_session_open", desk.regie.pk, desk.drawer.pk)).status_code == 404


def test_the_comptable_reads_one_page_and_changes_nothing(desk: Desk) -> None:
    session = opened(desk)
    taken(desk, 80_00)
    cash_deposit(desk, 30_00, from_drawer=True)
    reader = make_agent(Profile.READER, email="comptable@valbourg.example", all_services=False)
    terms = {desk.regie.pk: regies.MandateTerms(kind="reader")}
    regies.configure_mandates(agent_id=reader.pk, terms=terms, actor=WHO, at=NOON)
    client = browser(reader)
    page = text_of(get(client, "cash_control", desk.regie.pk))
    for words in (
        "Espèces attendues 180,00 €",
        "Compte « caisse » 80,00 €",
        "Coffre 0,00 0,00",
        "Remises préparées 30,00 30,00",
        "ENF-R-2026-000001",
        "attendu 150,00 €",
    ):
        assert words in page, words
    assert "À faire" in text_of(get(client, "cash_desk", desk.regie.pk))
    for name, args in {
        "cash_session_open": (desk.drawer.pk,),
        "cash_session_close": (session.pk,),
        "cash_session_settle": (session.pk,),
        "deposit_new": (),
    }.items():
        for method in (client.get, client.post):
            assert method(url(name, desk.regie.pk, *args)).status_code == 404, name
    deposit = Deposit.objects.get()
    assert (
        client.post(url("deposit", desk.regie.pk, deposit.pk), {"action": "cancel", "reason": "x"}).status_code == 404
    )


def test_another_regie_s_cash_is_not_there(desk: Desk) -> None:
    other = make_regie("DOM", "Régie Domaine")
    regisseur = make_agent(Profile.REGISSEUR, email="salle@valbourg.example", all_services=False)
    terms = {other.pk: regies.MandateTerms()}
    regies.configure_mandates(agent_id=regisseur.pk, terms=terms, actor=WHO, at=NOON)
    session, cheque = opened(desk), taken(desk, 10_00, M.CHEQUE)
    deposit, client = cheque_deposit(desk, [cheque]), browser(regisseur)
    inside = {
        "cash_session_open": (desk.drawer.pk,),
        "cash_session": (session.pk,),
        "cash_session_close": (session.pk,),
        "cash_session_settle": (session.pk,),
        "deposit": (deposit.pk,),
        "deposit_pdf": (deposit.pk,),
    }
    for name in ("cash_desk", "cash_control", "deposits"):
        assert client.get(url(name, desk.regie.pk)).status_code == 404, name
    for name, args in inside.items():
        # Neither under their own régie, nor under one's own.
        for pk in (desk.regie.pk, other.pk):
            for method in (client.get, client.post):
                assert method(url(name, pk, *args)).status_code == 404, (name, pk)


def test_a_page_costs_the_same_whatever_there_is(desk: Desk, client: Client) -> None:
    def cost() -> list[int]:
        pages = ("cash_desk", "cash_control", "deposits")
        found = []
        for name in pages:
            with CaptureQueriesContext(connection) as asked:
                get(client, name, desk.regie.pk)
            found.append(len(asked))
        return found

    session = opened(desk)
    taken(desk, 10_00)
    cheque_deposit(desk, [taken(desk, 10_00, M.CHEQUE)])
    cost()
    before = cost()
    for n in range(4):
        taken(desk, 10_00)
        cheque_deposit(desk, [taken(desk, 10_00, M.CHEQUE)])
        cash_deposit(desk, 5_00, from_drawer=True, key=texts.token())
        drawer = cash_desk.configure_drawer(
            drawer_id=None, values={"regie": desk.regie, "name": f"Guichet {n}"}, actor=WHO, at=later()
        )
        closed(desk, opened(desk, drawer=drawer, agent=desk.other), 101_00, explanation="x", agent=desk.other)
    assert session.is_open
    assert cost() == before
