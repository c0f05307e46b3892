"""Cautions: asked once for a dossier, received, given back or kept; never revenue, never in a total."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from obole.audit_log.models import Record
from obole.billing import operations as billing, queries
from obole.billing.models import Invoice, SecurityDeposit
from obole.dossiers import operations as dossiers
from obole.lib.states import ForbiddenTransition
from obole.regies import operations as regies
from obole.regies.models import Entry
from tests.billing.priced import HALL_ASKED, bill, publish
from tests.books import check_books
from tests.pricing.dispositifs import HALL
from tests.world import NOON, WHO, Town, make_dossier, make_town, make_type

pytestmark = pytest.mark.django_db
BY = {"actor": WHO, "at": NOON}


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def damage(town: Town) -> SecurityDeposit:
    """The caution of 800 € of a hall that was billed, of a régie that may hold it."""
    regies.configure_regie(regie_id=town.regie.pk, values={"holds_cautions": True}, actor=WHO, at=NOON)
    bill(town, publish(town, HALL), HALL_ASKED)
    return SecurityDeposit.objects.get(key="degats")


def receive(caution: SecurityDeposit, means: str = "cheque") -> SecurityDeposit:
    return billing.receive_security_deposit(caution_id=caution.pk, means=means, reference=" chèque  n° 0123 ", **BY)


def keep(
    town: Town, caution: SecurityDeposit, cents: int = 12000, reason: str = "Vaisselle cassée", **more: Any
) -> Invoice:
    return billing.keep_security_deposit(
        caution_id=caution.pk, cents=cents, reason=reason, type_id=more.get("type_id", town.type.pk), **BY
    )


def story(caution: SecurityDeposit) -> list[str]:
    rows = Record.objects.filter(subject_kind="billing.securitydeposit", subject_id=caution.pk).order_by("id")
    return list(rows.values_list("verb", flat=True))


def test_cautions_are_asked_with_the_price_and_in_no_total(town: Town, damage: SecurityDeposit) -> None:
    asked = [
        (deposit.label, deposit.cents, deposit.state, deposit.payer)
        for deposit in queries.security_deposits_of(damage.dossier)
    ]
    assert asked == [("Dégâts", 80000, "asked", town.citizen), ("Ménage", 15000, "asked", town.citizen)]
    assert Invoice.objects.get().total_cents == 52600
    assert story(damage) == ["caution.ask"]


def test_billed_again_the_dossier_has_the_same_cautions(town: Town, damage: SecurityDeposit) -> None:
    again = bill(town, publish(town, HALL), HALL_ASKED, dossier=damage.dossier, key="again")
    assert again.number == "ENF-2026-000002" and SecurityDeposit.objects.count() == 2
    with pytest.raises(DatabaseError), transaction.atomic():
        twin = SecurityDeposit.objects.get(pk=damage.pk)
        twin.pk, twin.public_id = None, "another"
        twin.save(force_insert=True)


def test_a_caution_is_received_and_given_back_without_a_word_in_the_ledger(town: Town, damage: SecurityDeposit) -> None:
    before = Entry.objects.count()
    got = receive(damage)
    assert (got.state, got.means, got.reference, got.received_at) == ("received", "cheque", "chèque n° 0123", NOON)
    back = billing.return_security_deposit(caution_id=damage.pk, **BY)
    assert (back.state, back.returned_cents, back.kept_cents) == ("returned", 80000, 0)
    assert Entry.objects.count() == before
    assert story(damage) == ["caution.ask", "caution.receive", "caution.give_back"]
    check_books()


@pytest.mark.parametrize("cents", [1, 12000, 80000])
def test_what_is_kept_becomes_a_draft_for_the_same_payer(town: Town, damage: SecurityDeposit, cents: int) -> None:
    receive(damage)
    draft = keep(town, damage, cents)
    damage.refresh_from_db()
    assert (damage.state, damage.kept_cents, damage.returned_cents) == ("kept", cents, 80000 - cents)
    assert (draft.state, draft.total_cents, draft.payer, damage.invoice) == ("draft", cents, town.citizen, draft)
    line = draft.lines.get()
    assert (line.label, line.detail, line.amount_cents) == ("Caution retenue\u00a0: Dégâts", "Vaisselle cassée", cents)
    issued = billing.issue_invoice(invoice_id=draft.pk, **BY)
    assert issued.number == "ENF-2026-000002"
    check_books()


def test_a_dossier_that_is_closed_still_has_its_caution_kept(town: Town, damage: SecurityDeposit) -> None:
    receive(damage)
    dossiers.accept(dossier_id=damage.dossier_id, reason="", **BY)
    dossiers.close(dossier_id=damage.dossier_id, **BY)
    assert keep(town, damage).total_cents == 12000


@pytest.mark.parametrize(
    ("cents", "reason", "refusal"),
    [
        (0, "x", billing.NoSecurityDeposit),
        (-1, "x", billing.NoSecurityDeposit),
        (80001, "x", billing.NoSecurityDeposit),
        (100, " ", billing.ReasonMissing),
    ],
)
def test_what_cannot_be_kept_leaves_it_held(
    town: Town, damage: SecurityDeposit, cents: int, reason: str, refusal: type[Exception]
) -> None:
    receive(damage)
    with pytest.raises(refusal):
        keep(town, damage, cents, reason)
    damage.refresh_from_db()
    assert damage.state == "received" and Invoice.objects.count() == 1


def test_a_type_that_does_not_apply_keeps_nothing(town: Town, damage: SecurityDeposit) -> None:
    other = make_type(town.regie, [], name="Autre")
    receive(damage)
    with pytest.raises(billing.NotBillable, match="ne s’applique pas"):
        keep(town, damage, type_id=other.pk)


def test_a_regie_without_the_right_asks_and_receives_nothing(town: Town, damage: SecurityDeposit) -> None:
    regies.configure_regie(regie_id=town.regie.pk, values={"holds_cautions": False}, actor=WHO, at=NOON)
    with pytest.raises(billing.NoSecurityDeposit, match="n’est pas habilitée"):
        receive(damage)
    damage.refresh_from_db()
    assert damage.state == "asked"


def test_a_caution_that_is_not_needed_is_dropped_with_a_reason(damage: SecurityDeposit) -> None:
    with pytest.raises(billing.ReasonMissing):
        billing.cancel_security_deposit(caution_id=damage.pk, reason="", **BY)
    assert billing.cancel_security_deposit(caution_id=damage.pk, reason="Salle non louée", **BY).state == "dropped"
    with pytest.raises(ForbiddenTransition):
        receive(damage)


def test_a_life_has_no_short_cut(town: Town, damage: SecurityDeposit) -> None:
    for wrong in (lambda: billing.return_security_deposit(caution_id=damage.pk, **BY), lambda: keep(town, damage)):
        with pytest.raises(ForbiddenTransition):
            wrong()
    receive(damage)
    billing.return_security_deposit(caution_id=damage.pk, **BY)
    for wrong in (
        lambda: receive(damage),
        lambda: keep(town, damage),
        lambda: billing.return_security_deposit(caution_id=damage.pk, **BY),
    ):
        with pytest.raises(ForbiddenTransition):
            wrong()
    with pytest.raises(billing.NoSecurityDeposit, match="rien à facturer"):
        billing.bill_kept_security_deposit(caution_id=damage.pk, type_id=town.type.pk, **BY)


def test_a_draft_that_was_given_up_is_prepared_again(town: Town, damage: SecurityDeposit) -> None:
    receive(damage)
    draft = keep(town, damage)
    assert billing.bill_kept_security_deposit(caution_id=damage.pk, type_id=town.type.pk, **BY) == draft
    billing.discard_draft(invoice_id=draft.pk, **BY)
    damage.refresh_from_db()
    assert (damage.state, damage.invoice) == ("kept", None)
    again = billing.bill_kept_security_deposit(caution_id=damage.pk, type_id=town.type.pk, **BY)
    assert (again.total_cents, again.lines.get().detail) == (12000, "Vaisselle cassée")


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "received"},
        {"state": "kept"},
        {"state": "returned"},
        {"state": "dropped"},
        {"state": "lost"},
        {"kept_cents": 1},
        {"received_at": NOON},
        {"means": "cash"},
        {"ended_at": NOON},
        {"cents": 0},
    ],
)
def test_the_database_ties_a_state_to_its_facts(damage: SecurityDeposit, wrong: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        SecurityDeposit.objects.filter(pk=damage.pk).update(**wrong)


def test_the_database_keeps_cautions(town: Town, damage: SecurityDeposit) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        damage.delete()
    receive(damage)
    keep(town, damage)
    with pytest.raises(DatabaseError), transaction.atomic():
        SecurityDeposit.objects.filter(pk=damage.pk).update(kept_cents=80001)


def test_a_refused_dossier_keeps_its_cautions_to_be_given_back(town: Town) -> None:
    regies.configure_regie(regie_id=town.regie.pk, values={"holds_cautions": True}, actor=WHO, at=NOON)
    dossier = make_dossier(town)
    bill(town, publish(town, HALL), HALL_ASKED, dossier=dossier)
    caution = SecurityDeposit.objects.get(key="menage")
    receive(caution, "cash")
    dossiers.reject(dossier_id=dossier.pk, reason="non", **BY)
    assert billing.return_security_deposit(caution_id=caution.pk, **BY).state == "returned"
