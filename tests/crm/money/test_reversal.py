"""
Money that the bank takes back, said on the page of its transaction: a coded reason, its words, and who may say so.
"""

import pytest
import time_machine
from django.test import Client
from django.utils import translation

from obole.payments.models import Attempt, Receipt, Reversal
from tests.books import check_books
from tests.crm.desk import Desk, browser, get, make_desk, text_of, try_to_pay, url
from tests.payments.test_counter import take
from tests.payments.test_reversals import hear_debit
from tests.world import later, run_tasks

pytestmark = pytest.mark.django_db
BUTTON = "Le prélèvement a été rejeté…"


@pytest.fixture
def desk() -> Desk:
    with time_machine.travel(later(30), tick=False):
        return make_desk()


@pytest.fixture
def client(desk: Desk) -> Client:
    return browser(desk.town.regisseur)


@pytest.fixture
def debit(desk: Desk) -> Receipt:
    return hear_debit(try_to_pay(desk.due, minutes=2))


def test_a_rejected_debit_is_said_on_its_transaction_with_the_banks_reason(
    desk: Desk, client: Client, debit: Receipt
) -> None:
    assert BUTTON in text_of(get(client, "attempt", debit.attempt_id))
    target = url("receipt_reverse", debit.pk)
    page = text_of(client.get(target))
    assert "Compte clos" in page and "Erreur de saisie" not in page
    client.post(target, {"kind": "rejected", "code": "funds", "reason": "2e présentation"})
    reversal = Reversal.objects.get()
    assert (reversal.code, reversal.reason) == ("funds", "2e présentation")
    assert reversal.why == "Provision insuffisante – 2e présentation"
    page = text_of(get(client, "attempt", debit.attempt_id))
    assert "Provision insuffisante – 2e présentation" in page and BUTTON not in page
    desk.due.refresh_from_db()
    assert (desk.due.state, desk.due.received_cents) == ("due", 0)
    run_tasks()
    check_books()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"code": "", "reason": "x"}, "Choisissez le motif que donne la banque"),
        ({"code": "other", "reason": " "}, "Précision : Écrivez le motif que donne la banque"),
        ({"code": "lost", "reason": "x"}, "Sélectionnez un choix valide"),
        ({"code": "funds", "reason": "", "kind": "mistake"}, "Sélectionnez un choix valide"),
    ],
)
def test_a_rejection_without_a_reason_takes_nothing_back(
    client: Client, debit: Receipt, given: dict[str, str], sentence: str
) -> None:
    answer = client.post(url("receipt_reverse", debit.pk), {"kind": "rejected", **given})
    assert answer.status_code == 200 and sentence in text_of(answer)
    assert not Reversal.objects.exists()


def test_another_reason_is_kept_as_it_was_written(client: Client, debit: Receipt) -> None:
    client.post(url("receipt_reverse", debit.pk), {"kind": "rejected", "code": "other", "reason": "Décès du titulaire"})
    assert Reversal.objects.get().reason == "Décès du titulaire"


def test_the_payer_reads_french_whatever_the_agents_language(desk: Desk, client: Client, debit: Receipt) -> None:
    client.post(url("receipt_reverse", debit.pk), {"kind": "rejected", "code": "details", "reason": ""})
    with translation.override("en"):
        assert Reversal.objects.get().why == "Coordonnées bancaires inexploitables"


def test_a_wrong_entry_says_what_it_is_for_and_asks_for_no_code_of_a_bank(desk: Desk, client: Client) -> None:
    receipt = take(desk.due.pk, 100)
    page = text_of(client.get(url("receipt_reverse", receipt.pk)))
    assert "C’est pour une erreur de saisie" in page and "provision" not in page and "Compte clos" not in page
    client.post(url("receipt_reverse", receipt.pk), {"kind": "mistake", "code": "funds", "reason": "mauvaise facture"})
    reversal = Reversal.objects.get()
    assert (reversal.code, reversal.why) == ("", "mauvaise facture")
    assert "Repris, ne compte plus" in text_of(get(client, "receipt", receipt.pk))


def test_a_cheque_asks_first_whether_the_bank_refused_it(desk: Desk, client: Client) -> None:
    receipt = take(desk.due.pk, 100, means=Receipt.Means.CHEQUE)
    answer = client.post(url("receipt_reverse", receipt.pk), {"reason": "impayé"})
    assert "Choisissez ce qui s’est passé" in text_of(answer)
    assert not Reversal.objects.exists()


def test_a_card_payment_offers_no_rejection(desk: Desk, client: Client) -> None:
    assert Attempt.objects.get(pk=desk.paid_attempt.pk).receipt.means == "card"
    assert BUTTON not in text_of(get(client, "attempt", desk.paid_attempt.pk))
    assert "ne peut pas être repris" in text_of(client.get(url("receipt_reverse", desk.receipt.pk), follow=True))
