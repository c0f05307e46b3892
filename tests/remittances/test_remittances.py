"""What is paid over: whole entries whose money is there, each once, signed by who may, to the cent."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from obole.audit_log.models import Record
from obole.directory.rules import NotAllowed, Profile
from obole.lib import actors
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments
from obole.payments.models import Receipt, Reversal
from obole.regies import operations as regies, queries as balances
from obole.regies.ledger import PeriodClosed
from obole.regies.models import Entry, Mandate, RemittedEntry
from obole.remittances import operations, queries
from obole.remittances.models import Remittance
from obole.remittances.operations import NotRemittable, PreviewChanged, TransferUnnamed
from tests.books import check_books
from tests.payments.steps import held
from tests.remittances.steps import TODAY, cancel, clear, paid, sign, total, transfer
from tests.world import NOON, Town, later, make_agent, make_invoice, make_town

pytestmark = pytest.mark.django_db
ACCOUNTS = ("treasury_deposit", "revenue_due", "remitted")
Means = Receipt.Means


@pytest.fixture
def town() -> Town:
    return make_town()


def test_what_is_there_is_signed_over_and_leaves_the_account(town: Town) -> None:
    card, cheque, virement = paid(town, Means.CARD), paid(town, Means.CHEQUE), paid(town)
    assert total(town) == virement.cents
    clear(town, card, cheque)
    all_of_it = card.cents + cheque.cents + virement.cents
    assert (total(town), held(town.regie, *ACCOUNTS)) == (all_of_it, (all_of_it, all_of_it, 0))

    remittance = sign(town)

    assert (remittance.number, remittance.total_cents, remittance.entry_count) == ("ENF-V-2026-000001", all_of_it, 3)
    assert (remittance.state, remittance.quality, str(remittance.signed_by)) == ("signed", "holder", "Agent Régisseur")
    assert held(town.regie, *ACCOUNTS) == (all_of_it, 0, all_of_it)
    check_books()

    gone = transfer(remittance)

    assert (gone.state, held(town.regie, *ACCOUNTS)) == ("transferred", (0, 0, 0))
    assert transfer(remittance).transfer_entry_id == gone.transfer_entry_id
    with pytest.raises(ForbiddenTransition):
        transfer(remittance, reference="VIR 2")
    verbs = Record.objects.filter(subject_kind="remittances.remittance").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["remittance.sign", "remittance.transfer"]
    check_books()


def test_money_in_instance_waits_apart_and_goes_with_the_next(town: Town) -> None:
    card, virement = paid(town, Means.CARD), paid(town)
    entries = queries.entries_to_remit(town.regie, until=TODAY)
    waits = queries.shares(queries.vouchers(queries.waiting(entries, until=TODAY)))
    assert [(share.nature, share.means, share.cents) for share in waits] == [("7067", "card", card.cents)]
    first = sign(town)
    assert first.total_cents == virement.cents
    clear(town, card)
    second = sign(town)
    assert (second.number, second.total_cents) == ("ENF-V-2026-000002", card.cents)
    check_books()


def test_each_share_is_the_sum_of_its_vouchers(town: Town) -> None:
    for means in (Means.TRANSFER, Means.TRANSFER, Means.CASH):
        paid(town, means, meals=4)
    remittance_cents = total(town)
    shares = queries.shares(queries.vouchers(queries.entries_to_remit(town.regie, until=TODAY)))
    assert {share.means: share.cents for share in shares} == {"transfer": 2600, "cash": 1300}
    for share in shares:
        lines = queries.only(
            queries.vouchers(queries.entries_to_remit(town.regie, until=TODAY)), nature=share.nature, means=share.means
        )
        assert sum(line.cents for line in lines) == share.cents
    with pytest.raises(NotRemittable, match="2[\u202f ]?6,00|26,00"):
        sign(town, cents=remittance_cents)


def test_what_was_taken_back_before_is_in_it_with_what_it_takes_back(town: Town) -> None:
    wrong, right = paid(town), paid(town)
    payments.reverse_receipt(
        receipt_id=wrong.pk,
        kind=Reversal.Kind.MISTAKE,
        reason="mauvaise facture",
        actor=town.regisseur.actor,
        at=later(90),
    )
    bounced = paid(town, Means.CHEQUE)
    payments.reverse_receipt(
        receipt_id=bounced.pk, kind=Reversal.Kind.BOUNCED, reason="impayé", actor=town.regisseur.actor, at=later(91)
    )
    remittance = sign(town)
    assert (remittance.total_cents, remittance.entry_count) == (right.cents, 5)
    assert held(town.regie, *ACCOUNTS) == (right.cents, 0, right.cents)
    check_books()


def test_a_cheque_that_bounced_after_the_period_waits_with_what_takes_it_back(town: Town) -> None:
    bounced, right = paid(town, Means.CHEQUE), paid(town)
    next_day = NOON + timedelta(days=1)
    payments.reverse_receipt(
        receipt_id=bounced.pk, kind=Reversal.Kind.BOUNCED, reason="impayé", actor=town.regisseur.actor, at=next_day
    )
    assert total(town) == right.cents
    remittance = sign(town)
    assert remittance.entry_count == 1
    after = queries.entries_to_remit(town.regie, until=TODAY + timedelta(days=1))
    assert queries.ready(after, until=TODAY + timedelta(days=1)).count() == 2
    check_books()


def test_what_the_account_cannot_bear_is_refused_whole(town: Town) -> None:
    paid(town, Means.CASH)
    with pytest.raises(NotRemittable, match="Le compte DFT ne peut verser que 0,00"):
        sign(town)
    assert not Remittance.objects.exists() and not RemittedEntry.objects.exists()
    virement = paid(town)
    with pytest.raises(NotRemittable, match="52,00"):
        sign(town)
    assert balances.available_cents(town.regie) == virement.cents
    check_books()


def test_what_was_signed_and_has_not_left_counts_against_the_account(town: Town) -> None:
    paid(town)
    sign(town)
    assert balances.available_cents(town.regie) == 0
    paid(town, Means.CASH)
    with pytest.raises(NotRemittable, match="ne peut verser que 0,00"):
        sign(town)


def test_nothing_less_than_nothing_another_total_or_tomorrow_is_not_signed(town: Town) -> None:
    with pytest.raises(NotRemittable, match="rien à verser"):
        sign(town, cents=0)
    paid(town)
    with pytest.raises(PreviewChanged, match="52,00"):
        sign(town, cents=1)
    with pytest.raises(NotRemittable, match="pas encore venu"):
        sign(town, until=TODAY + timedelta(days=1))
    sign(town)
    with pytest.raises(NotRemittable, match="rien à verser"):
        sign(town, cents=0)


def test_a_negative_total_is_not_signed(town: Town) -> None:
    receipt = paid(town)
    next_day = NOON + timedelta(days=1)
    payments.reverse_receipt(
        receipt_id=receipt.pk, kind=Reversal.Kind.MISTAKE, reason="x", actor=town.regisseur.actor, at=next_day
    )
    with pytest.raises(NotRemittable, match="compte DFT"):
        sign(town)
    said = operations.reason_not_to_sign(town.regie, revenue_cents=-1, refund_cents=1)
    assert said.startswith("Le total n’est pas positif")


def test_the_same_form_sent_twice_signs_once(town: Town) -> None:
    paid(town)
    assert sign(town, key="once").pk == sign(town, key="once", cents=0).pk
    assert Remittance.objects.count() == 1


def test_only_the_regisseur_and_who_stands_in_sign(town: Town) -> None:
    paid(town)
    other = make_agent(Profile.REGISSEUR, email="autre@valbourg.example")
    terms = {"substitute": True, "delegate": False, "reader": False}
    for actor in (town.admin.actor, town.agent.actor, other.actor, actors.WORKER, actors.OPERATOR, town.citizen.actor):
        with pytest.raises(NotAllowed):
            sign(town, actor=actor)
    for kind, may in terms.items():
        regies.configure_mandates(
            agent_id=other.pk,
            terms={town.regie.pk: regies.MandateTerms(kind=kind)},
            actor=actors.OPERATOR,
            at=later(100),
        )
        if may:
            assert sign(town, actor=other.actor).quality == Mandate.Kind.SUBSTITUTE
            paid(town)
        else:
            with pytest.raises(NotAllowed):
                sign(town, actor=other.actor)
    regies.configure_mandates(
        agent_id=other.pk,
        terms={town.regie.pk: regies.MandateTerms(ends_on=TODAY - timedelta(days=1))},
        actor=actors.OPERATOR,
        at=later(101),
    )
    with pytest.raises(NotAllowed):
        sign(town, actor=other.actor)


def test_a_transfer_is_named_and_recorded_by_who_has_a_mandate(town: Town) -> None:
    paid(town)
    remittance = sign(town)
    with pytest.raises(TransferUnnamed):
        transfer(remittance, reference=" ")
    with pytest.raises(NotAllowed):
        transfer(remittance, actor=town.admin.actor)
    assert held(town.regie, *ACCOUNTS) == (5200, 0, 5200)


def test_a_transfer_is_not_recorded_beyond_what_the_books_hold(town: Town) -> None:
    direct = paid(town)
    remittance = sign(town)
    payments.reverse_receipt(
        receipt_id=direct.pk, kind=Reversal.Kind.MISTAKE, reason="x", actor=town.regisseur.actor, at=later(150)
    )
    with pytest.raises(payments.AccountTooLow, match="0,00"):
        transfer(remittance)
    check_books()


def test_a_closed_day_takes_no_bordereau(town: Town) -> None:
    paid(town)
    regies.close_period(regie_id=town.regie.pk, until=TODAY, actor=town.regisseur.actor, at=NOON + timedelta(days=1))
    with pytest.raises(PeriodClosed):
        sign(town)
    assert not Remittance.objects.exists()


def test_a_new_year_begins_a_new_series(town: Town) -> None:
    paid(town)
    sign(town)
    paid(town)
    in_january = NOON + timedelta(days=60)
    remittance = operations.sign_remittance(
        regie_id=town.regie.pk,
        until=TODAY,
        expected_cents=5200,
        request_key="j",
        actor=town.regisseur.actor,
        at=in_january,
    )
    assert remittance.number == "ENF-V-2027-000001"
    check_books()


def test_an_avoir_after_it_moves_nothing_of_what_is_to_be_paid_over(town: Town) -> None:
    receipt = paid(town)
    sign(town)
    cancel(make_invoice(town))
    assert receipt.invoice is not None
    cancel(receipt.invoice)
    assert held(town.regie, "revenue_due", "fees", "suspense") == (0, 5200, 5200)
    assert not queries.entries_to_remit(town.regie, until=TODAY).exists()
    check_books()


def test_the_database_keeps_a_bordereau_as_it_was_signed(town: Town) -> None:
    paid(town)
    remittance = transfer(sign(town))
    with pytest.raises(DatabaseError), transaction.atomic():
        Remittance.objects.update(transfer_reference="autre")
    with pytest.raises(DatabaseError), transaction.atomic():
        Remittance.objects.filter(pk=remittance.pk).delete()
    for table in ("remittances_remittance", "regies_remittedentry", "payments_regularisation"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {table} CASCADE")
    with pytest.raises(DatabaseError), transaction.atomic():
        RemittedEntry.objects.update(remittance="X")
    entry = Entry.objects.get(cause_kind="receipt")
    with pytest.raises(DatabaseError), transaction.atomic():
        RemittedEntry.objects.bulk_create([RemittedEntry(entry=entry, remittance="Y")])
