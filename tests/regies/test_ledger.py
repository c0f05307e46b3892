"""The ledger: balanced, once for each cause, numbered, chained, and never changed, whoever asks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import IntegrityError, connection, models, transaction
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from obole.audit_log.models import Record
from obole.billing.models import Invoice, InvoiceLine, InvoicePdf
from obole.catalogue.models import FormVersion
from obole.lib.dates import PARIS
from obole.payments.models import Attempt, BankExchange, Receipt, ReceiptPdf
from obole.regies import ledger
from obole.regies.accounts import Account
from obole.regies.models import Balance, Entry, Line, Regie
from obole.regies.queries import balances, balances_of, received_by_day
from tests.books import count_everything, recomputed_hash
from tests.world import NOON, make_regie

CASH_IN = ledger.transfer_postings(debit=Account.CASH, credit=Account.SUSPENSE, cents=1250)


@pytest.fixture
def regie(db: None) -> Regie:
    return make_regie("ENF", "Régie Enfance")


def post(
    regie: Regie,
    key: str = "1",
    postings: Sequence[ledger.Posting] = CASH_IN,
    *,
    at: datetime = NOON,
    label: str = "Essai",
) -> Entry:
    with transaction.atomic():
        return ledger.post(
            regie_id=regie.pk, cause=ledger.Cause(kind="test", key=key), postings=postings, label=label, at=at
        )


def test_an_entry_is_written_with_its_lines_and_its_balances(regie: Regie) -> None:
    entry = post(regie)

    assert (entry.number, entry.previous_hash, len(entry.hash)) == (1, "", 64)
    lines = list(Line.objects.order_by("id").values_list("account", "debit", "credit"))
    assert lines == [("cash", 1250, 0), ("suspense", 0, 1250)]
    held = balances(regie)
    assert (held["cash"], held["suspense"], held["receivable"]) == (1250, 1250, 0)
    assert balances_of([regie]) == {regie.pk: held}


@pytest.mark.parametrize(
    "postings",
    [
        [],
        [ledger.Posting(account=Account.CASH, debit=5)],
        [ledger.Posting(account=Account.CASH, debit=5), ledger.Posting(account=Account.SUSPENSE, credit=4)],
        [ledger.Posting(account=Account.CASH), ledger.Posting(account=Account.SUSPENSE)],
    ],
)
def test_an_entry_that_does_not_balance_is_refused(regie: Regie, postings: list[ledger.Posting]) -> None:
    before = count_everything()
    with pytest.raises(ledger.Unbalanced):
        post(regie, postings=postings)
    regie.refresh_from_db()
    assert (count_everything(), regie.entry_count, Balance.objects.count()) == (before, 0, 0)


@pytest.mark.parametrize(
    "postings",
    [
        [ledger.Posting(account=Account.CASH, debit=-5), ledger.Posting(account=Account.SUSPENSE, debit=15, credit=10)],
        [ledger.Posting(account=Account.CASH, debit=5, credit=5)],
    ],
)
@pytest.mark.django_db
def test_negative_and_two_sided_lines_are_refused_by_the_database(db: None, postings: list[ledger.Posting]) -> None:
    regie = make_regie("ENF", "Régie Enfance")
    with pytest.raises((IntegrityError, ledger.Unbalanced)), transaction.atomic():
        post(regie, postings=postings)
    assert (Entry.objects.count(), Balance.objects.count()) == (0, 0)


def test_a_cause_is_booked_once(regie: Regie) -> None:
    post(regie)
    other = make_regie("CUL", "Régie Culture")
    for where in (regie, other):
        with pytest.raises(ledger.AlreadyPosted):
            post(where)
    assert Entry.objects.count() == 1


@pytest.mark.django_db
def test_nothing_is_booked_outside_a_transaction(db: None) -> None:
    regie = make_regie("ENF", "Régie Enfance")
    cause = ledger.Cause(kind="test", key="1")
    with pytest.raises(RuntimeError, match="outside a transaction"):
        ledger.post(regie_id=regie.pk, cause=cause, postings=CASH_IN, label="Essai", at=NOON)
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_lines_inserted_by_hand_must_sum_to_zero_in_each_entry(db: None) -> None:
    regie = make_regie("ENF", "Régie Enfance")
    with transaction.atomic():
        first, second = post(regie), post(regie, key="2")
    crossed = [Line(entry=first, account="cash", debit=1), Line(entry=second, account="suspense", credit=1)]
    for lines in (crossed[:1], crossed):
        with pytest.raises(IntegrityError, match="does not sum to zero"), transaction.atomic():
            Line.objects.bulk_create(lines)
    assert Line.objects.count() == 4
    assert balances(regie)["cash"] == 2500


def test_neg_without_the_trigger_half_an_entry_is_kept(regie: Regie) -> None:
    entry = post(regie)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    Line.objects.create(entry=entry, account="cash", debit=1)
    assert recomputed_hash(entry) != entry.hash


def test_an_account_that_does_not_exist_is_refused(regie: Regie) -> None:
    entry = post(regie)
    with pytest.raises(IntegrityError, match="line_account_known"), transaction.atomic():
        Line.objects.create(entry=entry, account="pocket", debit=1)


APPEND_ONLY: tuple[type[models.Model], ...] = (
    Entry,
    Line,
    Record,
    Receipt,
    ReceiptPdf,
    InvoicePdf,
    BankExchange,
    InvoiceLine,
    FormVersion,
)


@pytest.mark.parametrize("model", APPEND_ONLY, ids=lambda model: model.__name__)
def test_what_must_stay_has_its_trigger(db: None, model: type[models.Model]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgtype FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgname LIKE"
            " 'pgtrigger%%'",
            [model._meta.db_table],
        )
        kinds = [row[0] for row in cursor.fetchall()]
    before, row, delete, update = 2, 1, 8, 16
    assert any(kind & before and kind & row and kind & delete and kind & update for kind in kinds)


@pytest.mark.parametrize("model", [Attempt, Invoice], ids=lambda model: model.__name__)
def test_attempts_and_issued_invoices_are_never_deleted(db: None, model: type[models.Model]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE '%%never_deleted%%'",
            [model._meta.db_table],
        )
        assert cursor.fetchone() == (1,)


def test_the_chain_is_recomputed_from_the_rows(regie: Regie) -> None:
    odd = datetime(2026, 10, 25, 2, 30, 15, 123457, tzinfo=PARIS)
    entries = [
        post(regie, "1", label="Œuvre « été » — 12 €\u202f!"),
        post(regie, "2", at=odd),
        post(regie, "3", at=odd.astimezone(timezone(timedelta(hours=9))) + timedelta(microseconds=1), label="x" * 500),
    ]
    cause = ledger.Cause(kind="test", key="4")
    with transaction.atomic():
        with_bank_time = ledger.post(
            regie_id=regie.pk, cause=cause, postings=CASH_IN, label="", at=NOON, happened_at=odd
        )

    head = ""
    for entry in [*entries, with_bank_time]:
        assert (recomputed_hash(entry), entry.previous_hash) == (entry.hash, head)
        head = entry.hash
    regie.refresh_from_db()
    assert (regie.entry_count, regie.entry_head) == (4, head)


MOVEMENTS = st.lists(
    st.tuples(st.sampled_from(list(Account)), st.sampled_from(list(Account)), st.integers(1, 10**9)),
    min_size=1,
    max_size=12,
)


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(movements=MOVEMENTS)
def test_balances_are_the_sums_of_the_lines(regie: Regie, movements: list[tuple[Account, Account, int]]) -> None:
    with transaction.atomic():
        for number, (debit, credit, cents) in enumerate(movements):
            post(regie, str(number), ledger.transfer_postings(debit=debit, credit=credit, cents=cents))
        sums = dict.fromkeys(Account, 0)
        for debit, credit, cents in movements:
            sums[debit] += cents if debit.is_debit else -cents
            sums[credit] -= cents if credit.is_debit else -cents
        assert balances(regie) == sums
        assert Entry.objects.filter(regie=regie).count() == len(movements)
        transaction.set_rollback(True)


def test_days_of_receipts_are_days_in_paris(regie: Regie) -> None:
    late_evening = datetime(2026, 6, 30, 21, 59, tzinfo=UTC)
    for key, at in (("1", late_evening), ("2", late_evening + timedelta(minutes=1))):
        postings = ledger.transfer_postings(debit=Account.CARD_CLEARING, credit=Account.SUSPENSE, cents=100 * int(key))
        with transaction.atomic():
            cause = ledger.Cause(kind="receipt", key=key)
            ledger.post(regie_id=regie.pk, cause=cause, label="", at=at, postings=postings)
    first, last = datetime(2026, 6, 29).date(), datetime(2026, 7, 1).date()  # noqa: DTZ001
    received = received_by_day([regie], first=first, last=last)
    assert list(received.values()) == [0, 100, 200]


def test_what_is_taken_back_lowers_what_came_in_that_day(regie: Regie) -> None:
    noon = datetime(2026, 6, 30, 10, 0, tzinfo=UTC)
    moved = [
        ("receipt", "1", noon, Account.DEBIT_CLEARING, Account.SUSPENSE, 5200),
        ("receipt", "2", noon + timedelta(days=1), Account.CASH, Account.SUSPENSE, 700),
        ("reversal", "1", noon + timedelta(days=1), Account.SUSPENSE, Account.DEBIT_CLEARING, 5200),
        ("refund", "1", noon + timedelta(days=1), Account.SUSPENSE, Account.TREASURY_DEPOSIT, 100),
    ]
    for kind, key, at, debit, credit, cents in moved:
        postings = ledger.transfer_postings(debit=debit, credit=credit, cents=cents)
        with transaction.atomic():
            ledger.post(regie_id=regie.pk, cause=ledger.Cause(kind=kind, key=key), label="", at=at, postings=postings)
    first, last = datetime(2026, 6, 30).date(), datetime(2026, 7, 1).date()  # noqa: DTZ001
    assert list(received_by_day([regie], first=first, last=last).values()) == [5200, -4500]
