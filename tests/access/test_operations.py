"""Every operation that an agent calls refuses, by itself, who works for another prestation or another régie."""

import inspect
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from obole.billing import operations as billing
from obole.billing.operations import PricingAnswers
from obole.catalogue import queries as catalogue
from obole.directory.rules import NotAllowed
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.lib.actors import Actor
from obole.payments import operations as payments
from obole.payments.models import Anomaly, Receipt, Reversal
from obole.regies import ledger, operations as regies
from obole.regies.models import Entry
from tests.access.roles import Role
from tests.access.sides import Side
from tests.access.world import World, rolled_back
from tests.world import NOON, later

pytestmark = pytest.mark.django_db

WITHOUT: dict[str, str] = {
    "dossiers.release_of": "an administrator's, when an agent leaves: it gives back, and reads nothing",
    "billing.configure_type": "a setting: the right to configure, at the door",
    "billing.settle_invoice": "a part of what books the money, under that operation's mandate and lock",
    "billing.unsettle_invoice": "a part of what books the money, under that operation's mandate and lock",
    "payments.start_payment": "a payer's: who holds the address of an invoice may pay it",
    "payments.open_attempt": "the first half of start_payment",
    "payments.resolve_attempt": "asks the bank, whose answer is the same whoever asks",
    "payments.apply_gateway_status": "the bank's word",
    "regies.configure_act": "a setting: the right to configure, at the door",
    "regies.configure_regie": "a setting: the right to configure, at the door, and two persons for its bank",
    "regies.give_mandates": "a setting: the right to configure, at the door, and never to oneself",
    "regies.configure_mandates": "a setting: the right to configure, at the door, and never to oneself",
}
"""What asks for neither a prestation nor a mandate, and why."""
NOTHING = dossiers.Application(answers={"enfant": "Zoé", "ecole": "Jules-Ferry", "repas": 1})
CASH = payments.Money(cents=100, means=Receipt.Means.CASH)


def of_applicants(side: Side) -> dict[str, dict[str, Any]]:
    """Return what the citizen alone does."""
    mine = {"dossier_id": Dossier.objects.get(public_id=side.objects["my unfinished"][0]).pk}
    form = catalogue.current_form(side.town.scheme)
    assert form is not None
    return {
        "dossiers.submit": {
            "citizen_id": side.town.citizen.pk,
            "form_id": form.pk,
            "request_key": "n",
            "filled": NOTHING,
        },
        "dossiers.complete": {**mine, "filled": NOTHING},
        "dossiers.withdraw": mine,
    }


def of_prestations(side: Side, agent_id: int) -> dict[str, dict[str, Any]]:
    """Return what takes the prestation, or the mandate, ready to be done."""
    review, sent, accepted = ({"dossier_id": side.objects[name][0]} for name in ("review", "sent", "accepted"))
    due, draft, again = ({"invoice_id": side.objects[name][0]} for name in ("due", "draft", "cancelled"))
    part, carried = {"part_id": side.objects["part"][0]}, {"carried_id": side.objects["carried"][0]}
    reason, kind = {"reason": "Erreur"}, {"type_id": side.town.type.pk}
    priced = {"answered": answered(side), "period": ""}
    return {
        "dossiers.take": {**sent, "agent_id": agent_id},
        "dossiers.ask_complement": {**review, **reason},
        "dossiers.accept": {**review, **reason},
        "dossiers.reject": {**review, **reason},
        "dossiers.answer_as_agent": {**review, "answers": {}},
        "dossiers.close": accepted,
        "billing.generate_invoice": {**review, **kind, **priced, "request_key": "g"},
        "billing.carry_price": {**review, **kind, **priced, "request_key": "c"},
        "billing.correct_draft": {**draft, **priced},
        "billing.discard_draft": draft,
        "billing.issue_invoice": draft,
        "billing.issue_batch": {"invoice_ids": [draft["invoice_id"]]},
        "billing.redo_invoice": again,
        "billing.cancel_invoice": {**due, "code": "twice", "comment": ""},
        "billing.bill_instalment": part,
        "billing.reschedule_instalment": {**part, "issue_on": NOON.date() + timedelta(days=5)},
        "billing.abandon_instalments": {**part, **reason},
        "billing.give_up_carry_over": {**carried, **reason},
        "billing.cancel_security_deposit": {"caution_id": side.objects["caution"][0], **reason},
        "billing.bill_kept_security_deposit": {"caution_id": side.objects["caution"][0], **kind},
    }


def of_mandates(side: Side) -> dict[str, dict[str, Any]]:
    """Return what moves money."""
    due = {"invoice_id": side.objects["due"][0]}
    caution = {"caution_id": side.objects["caution"][0]}
    receipt, refund = {"receipt_id": side.objects["receipt"][0]}, {"refund_id": side.objects["refund"][0]}
    waits = {"receipt_id": Anomaly.objects.get(pk=side.objects["task"][0]).receipt_id}
    reason, regie = {"reason": "Erreur"}, {"regie_id": side.town.regie.pk}
    entry = Entry.objects.filter(regie=side.town.regie).earliest("id")
    credited = {"cause": ledger.Cause(kind="clearing", key="c"), "label": "Relevé"}
    return {
        "billing.return_invoice": {**due, "due_date": later(days=9).date(), **reason, "reference": "R1"},
        "billing.receive_security_deposit": {**caution, "means": "cheque", "reference": ""},
        "billing.return_security_deposit": caution,
        "billing.keep_security_deposit": {**caution, "cents": 1, **reason, "type_id": side.town.type.pk},
        "billing.transfer_invoice": due,
        "payments.take_money": {**due, "money": CASH, "request_key": "t"},
        "payments.take_unmatched": {**regie, "money": CASH, "request_key": "u"},
        "payments.request_refund": {**waits, "cents": 1, **reason, "request_key": "r"},
        "payments.approve_refund": refund,
        "payments.complete_refund": {**refund, "mandate": "12"},
        "payments.give_up_refund": {**refund, **reason},
        "payments.apply_receipt": {**waits, **due, "cents": 1, **reason, "request_key": "a"},
        "payments.rebill_receipt": {**waits, "invoice_id": side.objects["cancelled"][0], **reason},
        "payments.reverse_receipt": {**receipt, "kind": Reversal.Kind.MISTAKE, **reason},
        "payments.cancel_invoice": {**due, "code": "twice", "comment": ""},
        "payments.clear_receipts": {**regie, "receipt_ids": [receipt["receipt_id"]], **credited},
        "payments.clear_many": {**regie, "credited": []},
        "payments.undo_clearing": {"entry_id": entry.pk, **credited},
        "payments.regularise_receipts": {**regie, "receipt_ids": [waits["receipt_id"]], "reference": "M1"},
        "payments.close_anomaly": {"anomaly_id": side.objects["task"][0], "note": "Vu", "keep": True},
        "regies.close_period": {**regie, "until": later(days=-1).date()},
    }


def answered(side: Side) -> PricingAnswers:
    version = catalogue.current_pricing(side.town.scheme)
    assert version is not None
    return PricingAnswers(version_id=version.pk, answers={"repas": "2"}, on=NOON.date())


ROOMS: dict[str, ModuleType] = {"dossiers": dossiers, "billing": billing, "payments": payments, "regies": regies}


def operations() -> dict[str, Callable[..., Any]]:
    """Return every public operation of these rooms that somebody does."""
    return {
        f"{room}.{name}": verb
        for room, module in ROOMS.items()
        for name, verb in inspect.getmembers(module, inspect.isfunction)
        if not name.startswith("_")
        and verb.__module__.startswith(module.__name__)
        and "actor" in inspect.signature(verb).parameters
    }


def is_refused(name: str, given: Mapping[str, Any], actor: Actor) -> bool:
    """Do it, undo it, and tell whether it was refused to who asked; another obstacle is no refusal."""
    with rolled_back():
        try:
            operations()[name](**given, actor=actor, at=later(30))
        except NotAllowed:
            return True
        except Exception as obstacle:  # noqa: BLE001 - whatever it is, it was looked at after the rights
            assert not isinstance(obstacle, TypeError), obstacle
        return False


def actor_of(role: Role) -> Actor:
    assert role.agent is not None
    return role.agent.actor


def test_every_operation_is_asked_for_its_rights(ready: World) -> None:
    side = ready.sides["ours"]
    known = {**of_applicants(side), **of_prestations(side, 1), **of_mandates(side)}
    assert set(operations()) == {*known, *WITHOUT}


@pytest.mark.parametrize(
    "who",
    [
        "instructor of the other prestation",
        "régisseur of the other régie",
        "instructor who only reads",
        "reader",
        "mandataire whose mandate ended",
    ],
)
def test_who_works_elsewhere_or_only_reads_writes_nothing(ready: World, who: str) -> None:
    side, actor = ready.sides["ours"], actor_of(ready.roles[who])
    asked = {**of_applicants(side), **of_prestations(side, actor.pk_of("agent") or 0), **of_mandates(side)}
    assert [name for name, given in asked.items() if not is_refused(name, given, actor)] == []


def test_who_handles_the_prestation_does_what_is_of_it_and_moves_no_money(ready: World) -> None:
    side, actor = ready.sides["ours"], actor_of(ready.roles["instructor"])
    asked = of_prestations(side, actor.pk_of("agent") or 0)
    assert [name for name, given in asked.items() if is_refused(name, given, actor)] == []
    closed = {**of_applicants(side), **of_mandates(side)}
    assert [name for name, given in closed.items() if not is_refused(name, given, actor)] == []


def test_who_answers_for_the_regie_moves_its_money_and_reviews_no_dossier(ready: World) -> None:
    side, actor = ready.sides["ours"], actor_of(ready.roles["régisseur"])
    assert [name for name, given in of_mandates(side).items() if is_refused(name, given, actor)] == []
    of_dossiers = {name: given for name, given in of_prestations(side, 1).items() if "invoice_id" not in given}
    refused = [name for name, given in of_dossiers.items() if is_refused(name, given, actor)]
    assert set(of_dossiers) - set(refused) == {
        "billing.issue_batch",
        "billing.cancel_security_deposit",
        "billing.bill_kept_security_deposit",
    }


def test_an_administrator_without_mandate_moves_no_money(ready: World) -> None:
    side, actor = ready.sides["ours"], actor_of(ready.roles["administrator without mandate"])
    assert [name for name, given in of_mandates(side).items() if not is_refused(name, given, actor)] == []


def test_a_citizen_does_what_is_theirs_and_nothing_else(ready: World) -> None:
    side, other = ready.sides["ours"], ready.sides["theirs"].town.citizen.actor
    mine, work = of_applicants(side), {**of_prestations(side, 1), **of_mandates(side)}
    assert [name for name, given in mine.items() if is_refused(name, given, side.town.citizen.actor)] == []
    assert [name for name, given in mine.items() if not is_refused(name, given, other)] == []
    for actor in (side.town.citizen.actor, other):
        assert [name for name, given in work.items() if not is_refused(name, given, actor)] == []
