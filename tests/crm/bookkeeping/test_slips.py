"""The screens of a line that is a remise or a versement, of undoing either, and of what stays on one side."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html

from obole.bank_statements import operations
from obole.bank_statements.models import BankLine, Match
from obole.cash_desk.models import Deposit
from obole.directory.rules import Profile
from obole.payments.models import Anomaly, Receipt
from obole.remittances.models import Remittance
from tests.bank_statements.steps import day, imported, propose
from tests.books import check_books, count_everything
from tests.cash_desk.steps import Desk, cheque_deposit, credited, make_drawer, taken
from tests.crm.desk import browser, get, text_of, url
from tests.remittances.steps import paid, sign, transfer
from tests.world import Town, later, make_agent, make_regie

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(town: Town, time_machine: Any) -> Town:
    """Move ten days on, so that the bank has had the time."""
    time_machine.move_to(later(days=10), tick=False)
    return town


def remise(town: Town, cents: int = 5200) -> Deposit:
    desk = Desk(town, make_drawer(town.regie), town.regisseur)
    return cheque_deposit(desk, [taken(desk, cents, Receipt.Means.CHEQUE)])


def press(client: Client, town: Town, line: BankLine, action: str, **sent: Any) -> str:
    here = url("bank_line", town.regie.pk, line.pk)
    return text_of(client.post(here, {"action": action, **sent}, follow=True))


def seen(client: Client, town: Town, line: BankLine) -> Any:
    return html.fromstring(get(client, "bank_line", town.regie.pk, line.pk).content.decode())


def test_a_remise_is_proposed_accepted_and_undone(client: Client, town: Town) -> None:
    one = remise(town)
    [line, _other] = imported(town, (day(2), 5200, f"REMISE CHEQUES {one.number}"), (day(2), 700, "x"))
    page = seen(client, town, line)
    assert f"/remises/{one.pk}/" in str(page.xpath("//section[@aria-labelledby='papier']//a/@href"))
    said = press(client, town, line, "accept", seen=page.xpath("//input[@name='seen']/@value")[0])
    assert "Remise à la banque" in said and one.number in said and "Encaissements" in said
    paper = text_of(get(client, "deposit", town.regie.pk, one.pk))
    assert "Montrée par la banque" in paper and "ne l’a pas créditée" not in paper
    said = press(client, town, line, "undo", reason="Autre compte")
    assert "Rapprochement défait" in said
    paper = text_of(get(client, "deposit", town.regie.pk, one.pk))
    assert "Crédit annulé" in paper and "Autre compte" in paper and "Préparée" in paper
    check_books()


def test_a_versement_of_the_same_amount_is_chosen(client: Client, town: Town) -> None:
    paid(town)
    one = sign(town)
    [line] = imported(town, (day(2), -5200, "VIR SGC"))
    assert "Un versement au comptable" not in text_of(get(client, "bank_line", town.regie.pk, line.pk)), (
        "it is proposed"
    )
    paid(town)
    sign(town)
    propose(town)
    assert "Un versement au comptable" in text_of(get(client, "bank_line", town.regie.pk, line.pk))
    before = count_everything()
    assert "Choisissez-en un." in press(client, town, line, "slip")
    assert "Ce choix n’est plus possible" in press(client, town, line, "slip", slip="99999")
    assert count_everything() == before
    assert "Virement d’un bordereau de versement" in press(client, town, line, "slip", slip=one.pk)
    paper = text_of(get(client, "remittance", town.regie.pk, one.pk))
    assert "Montré par la banque" in paper and "n’est pas parti" not in paper
    refused = client.post(url("remittance", town.regie.pk, one.pk), {"action": "undo", "reason": "x"}, follow=True)
    assert "défaites ce rapprochement" in text_of(refused)
    assert Remittance.objects.get(pk=one.pk).state == "transferred"


def test_a_transfer_written_by_mistake_is_undone_with_a_reason(client: Client, town: Town) -> None:
    paid(town)
    one = transfer(sign(town))
    here = url("remittance", town.regie.pk, one.pk)
    shown = client.post(here, {"action": "undo", "reason": " "})
    assert "Écrivez pourquoi ce virement est annulé." in text_of(shown)
    assert browser(town.admin).post(here, {"action": "undo", "reason": "x"}).status_code == 404
    said = text_of(client.post(here, {"action": "undo", "reason": "Refusé par la banque"}, follow=True))
    assert "le virement est annulé" in said and "Refusé par la banque" in said and "Noter le virement" in said
    assert "Aucun virement n’est noté" in text_of(client.post(here, {"action": "undo", "reason": "x"}, follow=True))
    assert "Viré au comptable" in text_of(client.post(here, {"reference": "VIR 9"}, follow=True))
    assert "Virement du versement annulé" in text_of(get(client, "regie", town.regie.pk))
    check_books()


def test_a_credit_written_by_mistake_is_undone_with_a_reason(client: Client, town: Town) -> None:
    desk = Desk(town, make_drawer(town.regie), town.regisseur)
    one = credited(desk, cheque_deposit(desk, [taken(desk, 5200, Receipt.Means.CHEQUE)]))
    here = url("deposit", town.regie.pk, one.pk)
    assert "Écrivez pourquoi ce crédit est annulé." in text_of(client.post(here, {"action": "undo", "reason": ""}))
    assert browser(town.admin).post(here, {"action": "undo", "reason": "x"}).status_code == 404
    said = text_of(client.post(here, {"action": "undo", "reason": "Autre régie"}, follow=True))
    assert "le crédit est annulé" in said and "Remise non créditée" in said
    credited(desk, one, reference="DFT 2")
    sign(town)
    assert "versée au comptable" in text_of(client.post(here, {"action": "undo", "reason": "x"}, follow=True))
    check_books()


def test_what_stays_on_one_side_is_a_task_with_its_list(town: Town, time_machine: Any) -> None:
    one = remise(town)
    [line] = imported(town, (day(2), -1300, "VIR INCONNU"))
    time_machine.move_to(later(days=30), tick=False)
    operations.follow_sides(at=later(days=30))
    client = browser(town.regisseur)
    page = text_of(get(client, "tasks"))
    assert "Lignes du relevé à rapprocher" in page and "Sommes que la banque n’a pas montrées" in page
    other = make_agent(Profile.REGISSEUR, email="autre@valbourg.example")
    assert "Lignes du relevé" not in text_of(browser(other).get(url("tasks")))
    for kind, found in (("bank_only", line.label), ("here_only", one.number)):
        task = get(client, "task", Anomaly.objects.get(kind=kind).pk)
        [link] = html.fromstring(task.content.decode()).xpath(
            "//dl[@class='facts']//a[contains(@href, 'rappro')]/@href"
        )
        assert found in text_of(client.get(link))
    assert "Seulement ici (1)" in text_of(get(client, "reconciliation", town.regie.pk))


def test_a_line_of_a_slip_costs_the_same_whatever_the_number_of_slips(client: Client, town: Town) -> None:
    def count(line: BankLine) -> int:
        with CaptureQueriesContext(connection) as queries:
            get(client, "bank_line", town.regie.pk, line.pk)
            get(client, "reconciliation", town.regie.pk, vue="ici", jours="0")
        return len(queries)

    desk = Desk(town, make_drawer(town.regie), town.regisseur)

    def one_more() -> None:
        cheque_deposit(desk, [taken(desk, 5200, Receipt.Means.CHEQUE)])

    one_more()
    [line] = imported(town, (day(2), 5200, "REMISE"))
    count(line)
    one_more()
    few = count(line)
    for _more in range(3):
        one_more()
    assert count(line) == few


def test_another_regie_s_slip_is_neither_seen_nor_chosen(client: Client, town: Town) -> None:
    one = remise(town)
    other = make_regie("CUL", "Régie Culture")
    [line] = imported(town, (day(2), 5200, "REMISE"))
    for name, pk in (("bank_line", line.pk), ("deposit", one.pk)):
        assert client.get(url(name, other.pk, pk)).status_code == 404
        assert client.post(url(name, other.pk, pk), {"action": "undo", "reason": "x"}).status_code == 404
    assert not Match.objects.exists()
