"""What was billed wrongly is counted again, and done again: an avoir, an invoice, one mail."""

from typing import Any

import pytest

from obole.billing import operations as billing
from obole.billing.models import CreditNote, Invoice, Letter
from obole.billing.states import InvoiceState
from obole.bulk_actions import operations as bulk_actions
from obole.bulk_actions.models import BulkVerb
from obole.campaigns import operations
from obole.campaigns.models import Campaign
from obole.directory.models import Citizen
from obole.directory.rules import NotAllowed, Profile
from obole.dossiers.models import Dossier
from obole.mailing.models import Message
from obole.payments import operations as payments
from tests.campaigns.steps import FIRST, count_meals, deposit, family, open_november, row
from tests.spaces import plain
from tests.world import Town, handed, make_agent, make_invoice, make_town, run_tasks

pytestmark = pytest.mark.django_db
PRICE = 325


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(FIRST, tick=False)
    return make_town()


@pytest.fixture
def billed(town: Town) -> tuple[Campaign, Dossier]:
    """Bill a family that was counted twice."""
    dossier = family(town, "Martin", 2, 2)
    return deposit(open_november(town), town), dossier


def redo(town: Town, invoice_id: int, **more: Any) -> Invoice:
    given: dict[str, Any] = {"code": "quantity", "comment": "", "actor": town.agent.actor, "at": FIRST, **more}
    return operations.redo_invoice(invoice_id=invoice_id, **given)


def test_what_was_counted_twice_is_cancelled_and_done_again_with_one_mail(
    town: Town, billed: tuple[Campaign, Dossier]
) -> None:
    campaign, dossier = billed
    old = row(campaign, dossier).invoice
    assert old and old.total_cents == 4 * PRICE
    count_meals(dossier, town, 1, 1)
    new = redo(town, old.pk)
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.state, new.state, new.total_cents) == (InvoiceState.CANCELLED, InvoiceState.DUE, 2 * PRICE)
    assert (new.replaces, row(campaign, dossier).invoice) == (old, new)
    kinds = Message.objects.order_by("id").values_list("kind", flat=True)
    assert [kind for kind in kinds if kind.startswith("invoice_")] == ["invoice_deposited", "invoice_replaced"]
    mail = Message.objects.get(kind="invoice_replaced")
    assert plain(mail.subject) == f"Votre facture {old.number} est remplacée par la {new.number}"
    assert "6,50 €" in plain(mail.text) and CreditNote.objects.get().why in mail.text
    assert mail.other_subjects.get().about_id == old.pk


def test_who_has_no_mail_gets_both_letters(town: Town, billed: tuple[Campaign, Dossier]) -> None:
    campaign, dossier = billed
    Citizen.objects.filter(pk=dossier.citizen_id).update(email="")
    count_meals(dossier, town, 1)
    redo(town, row(campaign, dossier).invoice_id or 0)
    assert sorted(Letter.objects.values_list("kind", flat=True)) == [Letter.Kind.CREDIT_NOTE, Letter.Kind.NOTICE]
    assert not Message.objects.filter(kind="invoice_replaced").exists()


def test_what_would_be_the_same_or_nothing_is_left_with_its_reason(
    town: Town, billed: tuple[Campaign, Dossier]
) -> None:
    campaign, dossier = billed
    invoice_id = row(campaign, dossier).invoice_id or 0
    with pytest.raises(billing.NotBillable, match="la même"):
        redo(town, invoice_id)
    count_meals(dossier, town, 0, 0)
    with pytest.raises(billing.NotBillable, match="plus rien à facturer"):
        redo(town, invoice_id)
    with pytest.raises(billing.NotBillable, match="ne vient pas d’une campagne"):
        redo(town, make_invoice(town).pk)
    assert not CreditNote.objects.exists()


def test_what_is_partly_paid_is_left(town: Town, billed: tuple[Campaign, Dossier]) -> None:
    campaign, dossier = billed
    invoice_id = row(campaign, dossier).invoice_id or 0
    payments.take_money(invoice_id=invoice_id, money=handed(100), request_key="t", actor=town.regisseur.actor, at=FIRST)
    count_meals(dossier, town, 1)
    with pytest.raises(billing.NotBillable, match="déjà payée"):
        redo(town, invoice_id)
    assert Invoice.objects.count() == 1


def test_only_who_handles_it_does_it_again(town: Town, billed: tuple[Campaign, Dossier]) -> None:
    campaign, dossier = billed
    stranger = make_agent(Profile.REVIEWER, email="ailleurs@example.org", all_services=False)
    with pytest.raises(NotAllowed):
        redo(town, row(campaign, dossier).invoice_id or 0, actor=stranger.actor)


def test_a_selection_is_done_again_in_one_action(town: Town) -> None:
    dossiers = [family(town, name, 2) for name in ("Martin", "Petit", "Roux")]
    campaign = deposit(open_november(town), town)
    ids = [row(campaign, one).invoice_id or 0 for one in dossiers]
    for dossier in dossiers[:2]:
        count_meals(dossier, town, 1)
    asked = bulk_actions.BulkRequest(BulkVerb.REDO_INVOICES, ids, {"code": "quantity", "comment": ""})
    action = bulk_actions.start(asked=asked, request_key="redo", actor=town.agent.actor, at=FIRST)
    run_tasks()
    action.refresh_from_db()
    assert (action.done, action.failed) == (2, 1)
    assert "la même" in action.rows.get(outcome="failed").reason
    assert [row(campaign, one).cents for one in dossiers] == [PRICE, PRICE, 2 * PRICE]
