"""Every operation that an agent calls refuses, by itself, who works for another prestation or another régie."""

import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import pytest

from obole.bank_statements import operations as bank_statements
from obole.billing import operations as billing
from obole.books import operations as books
from obole.bulk_actions import operations as bulk_actions
from obole.campaigns import operations as campaigns
from obole.cash_desk import operations as cash_desk
from obole.consumption import operations as consumption
from obole.directory.rules import NotAllowed
from obole.dossiers import operations as dossiers
from obole.lib.actors import Actor
from obole.payments import operations as payments
from obole.recovery import operations as recovery
from obole.regies import operations as regies
from obole.reminders import operations as reminders
from obole.remittances import operations as remittances
from tests.access.asked import of_applicants, of_money, of_prestations, of_titulaires
from tests.access.roles import Role
from tests.access.world import World, rolled_back
from tests.world import later

pytestmark = pytest.mark.django_db

WITHOUT: dict[str, str] = {
    "bulk_actions.start": "a wish: each of its rows is done by its own room's operation, which asks",
    "bulk_actions.cancel": "who asked for it, and nobody else",
    "dossiers.release_of": "an administrator's, when an agent leaves: it gives back, and reads nothing",
    "consumption.receive_call": "a key's, with the dossiers of its prestations and no other's: see tests/api",
    "billing.configure_type": "a setting: the right to configure, at the door",
    "billing.draft_many": "a part of a campaign, whose dispositifs were asked for",
    "billing.settle_invoice": "a part of what books the money, under that operation's mandate and lock",
    "billing.unsettle_invoice": "a part of what books the money, under that operation's mandate and lock",
    "payments.start_payment": "a payer's: who holds the address of an invoice may pay it",
    "payments.open_attempt": "the first half of start_payment",
    "payments.resolve_attempt": "asks the bank, whose answer is the same whoever asks",
    "payments.apply_gateway_status": "the bank's word",
    "books.countersign_handover": "who was named by the one who leaves, and nobody else",
    "cash_desk.configure_drawer": "a setting: the right to configure, at the door",
    "recovery.configure_pes": "a setting: the right to configure, at the door",
    "regies.configure_act": "a setting: the right to configure, at the door",
    "regies.configure_regie": "a setting: the right to configure, at the door, and two persons for its bank",
    "regies.record_bank_test": "a setting that is tried: the right to configure, at the door",
    "regies.pass_mandate": "a part of the remise de service, under its two signatures: administrators gave both",
    "regies.give_mandates": "a setting: the right to configure, at the door, and never to oneself",
    "regies.configure_mandates": "a setting: the right to configure, at the door, and never to oneself",
}
"""What asks for neither a prestation nor a mandate, and why."""
ROOMS: dict[str, ModuleType] = {
    "dossiers": dossiers,
    "consumption": consumption,
    "billing": billing,
    "payments": payments,
    "regies": regies,
    "recovery": recovery,
    "cash_desk": cash_desk,
    "bank_statements": bank_statements,
    "remittances": remittances,
    "books": books,
    "bulk_actions": bulk_actions,
    "campaigns": campaigns,
    "reminders": reminders,
}


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
    known = {**of_applicants(side), **of_prestations(side, 1), **of_money(side), **of_titulaires(side)}
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
    asked = {**of_applicants(side), **of_prestations(side, actor.pk_of("agent") or 0)}
    asked |= {**of_money(side), **of_titulaires(side)}
    assert [name for name, given in asked.items() if not is_refused(name, given, actor)] == []


def test_who_handles_the_prestation_does_what_is_of_it_and_moves_no_money(ready: World) -> None:
    side, actor = ready.sides["ours"], actor_of(ready.roles["instructor"])
    asked = of_prestations(side, actor.pk_of("agent") or 0)
    assert [name for name, given in asked.items() if is_refused(name, given, actor)] == []
    closed = {**of_applicants(side), **of_money(side), **of_titulaires(side)}
    assert [name for name, given in closed.items() if not is_refused(name, given, actor)] == []


def test_who_answers_for_the_regie_moves_its_money_and_reviews_no_dossier(ready: World) -> None:
    side, actor = ready.sides["ours"], actor_of(ready.roles["régisseur"])
    assert [name for name, given in of_money(side).items() if is_refused(name, given, actor)] == []
    of_dossiers = {name: given for name, given in of_prestations(side, 1).items() if "invoice_id" not in given}
    refused = [name for name, given in of_dossiers.items() if is_refused(name, given, actor)]
    assert set(of_dossiers) - set(refused) == {
        "billing.issue_batch",
        "billing.cancel_security_deposit",
        "billing.bill_kept_security_deposit",
        "recovery.close_dispute",
        "recovery.end_agreement",
        "recovery.lift_hold",
        "reminders.make_batch",
        "reminders.post_batch",
        "payments.resend_message",
    }


def test_an_administrator_without_mandate_moves_no_money(ready: World) -> None:
    side, actor = ready.sides["ours"], actor_of(ready.roles["administrator without mandate"])
    money = {**of_money(side), **of_titulaires(side)}
    assert [name for name, given in money.items() if not is_refused(name, given, actor)] == []


def test_a_citizen_does_what_is_theirs_and_nothing_else(ready: World) -> None:
    side, other = ready.sides["ours"], ready.sides["theirs"].town.citizen.actor
    mine, work = of_applicants(side), {**of_prestations(side, 1), **of_money(side)}
    assert [name for name, given in mine.items() if is_refused(name, given, side.town.citizen.actor)] == []
    assert [name for name, given in mine.items() if not is_refused(name, given, other)] == []
    for actor in (side.town.citizen.actor, other):
        assert [name for name, given in work.items() if not is_refused(name, given, actor)] == []
