"""What lines seem to be: never a receipt twice, always to the cent, surely only where one thing alone is possible."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from obole.bank_statements import wording
from obole.bank_statements.rules import matching
from obole.bank_statements.rules.pool import Known, Listed, OpenLine, Pool, Proposal, references_in, spelled

D = date(2026, 11, 2)


def known(pk: int, cents: int, *, day: int = 0, means: str = "card", refs: tuple[str, ...] = ()) -> Known:
    return Known(pk=pk, cents=cents, day=D + timedelta(days=day), means=means, references=refs)


def line(pk: int, cents: int, *, day: int = 1, words: str = "VIR SEPA DGFIP", code: str = "") -> OpenLine:
    return OpenLine(pk=pk, day=D + timedelta(days=day), cents=cents, words=words, reason_code=code)


def found(lines: list[OpenLine], **pool: object) -> dict[int, Proposal]:
    return {item.line: item for item in matching.proposals(lines, Pool(**pool))}  # type: ignore[arg-type]


def told(item: Proposal | None) -> tuple[str, tuple[int, ...], str, bool]:
    assert item is not None
    assert wording.reason(item.why, item.words)
    return item.kind, tuple(sorted(item.receipts)), item.why, item.sure


def test_a_line_is_all_the_cards_of_a_day() -> None:
    cards = [known(1, 500), known(2, 700), known(3, 900, day=1)]
    assert told(found([line(1, 1200)], in_instance=cards)[1]) == ("online", (1, 2), "day", True)


def test_a_line_is_a_long_week_end_or_cards_with_debits() -> None:
    cards = [known(1, 500), known(2, 700, day=1), known(3, 900, day=2, means="debit")]
    assert told(found([line(1, 1200, day=4)], in_instance=cards[:2])[1]) == ("online", (1, 2), "day", True)
    mixed = [known(1, 500), known(2, 33, means="debit"), known(3, 900, day=1)]
    assert told(found([line(1, 533)], in_instance=mixed)[1]) == ("online", (1, 2), "day", True)


def test_two_days_of_the_same_sum_are_for_a_person() -> None:
    cards = [known(1, 500), known(2, 500, day=1)]
    proposed = found([line(1, 500, day=3)], in_instance=cards)[1]
    assert (proposed.why, proposed.sure) == ("day", False)
    two = found([line(1, 500, day=3), line(2, 500, day=4)], in_instance=cards)
    assert {item.receipts for item in two.values()} == {(1,), (2,)} and not any(item.sure for item in two.values())


def test_money_is_not_credited_before_it_came_nor_months_later() -> None:
    cards = [known(1, 500, day=2), known(2, 700, day=-60)]
    assert found([line(1, 500, day=-10), line(2, 700)], in_instance=cards) == {}


def test_a_reference_in_the_label_decides() -> None:
    cards = [known(1, 500, refs=("ENF2026000001AB",)), known(2, 500, refs=("ENF2026000002CD",))]
    proposed = found([line(1, 500, words="VIR enf 2026 000002 cd")], in_instance=cards)[1]
    assert told(proposed) == ("online", (2,), "reference", True)
    other_amount = found([line(1, 499, words="VIR ENF2026000002CD")], in_instance=cards)
    assert other_amount == {}
    several = found([line(1, 1000, words="ENF2026000001AB ENF2026000002CD")], in_instance=cards)[1]
    assert told(several) == ("online", (1, 2), "reference", True)


def test_a_transfer_written_at_the_counter_is_only_shown() -> None:
    transfers = [known(1, 500, means="transfer", refs=("ENF-Q-2026-000001",)), known(2, 700, means="transfer")]
    proposed = found([line(1, 500, words="VIR ENF Q 2026 000001"), line(2, 700)], transfers=transfers)
    assert told(proposed[1]) == ("transfer", (1,), "reference", True)
    assert told(proposed[2]) == ("transfer", (2,), "amount", False)


def test_a_slip_of_cheques_over_days() -> None:
    cheques = [known(pk, 100 * pk, day=pk, means="cheque") for pk in range(1, 6)]
    assert told(found([line(1, 1000, day=9)], in_instance=cheques)[1]) == ("cheques", (1, 2, 3, 4), "day", True)


def test_payfip_s_list_says_what_is_in_a_credit() -> None:
    cards = [known(1, 500), known(2, 700), known(3, 900)]
    listed = [Listed(credit="2026-11-03", cents=500, receipt=1), Listed(credit="2026-11-03", cents=900, receipt=3)]
    assert told(found([line(1, 1400)], in_instance=cards, listed=listed)[1]) == ("online", (1, 3), "list", True)
    unknown = [*listed, Listed(credit="2026-11-03", cents=700, receipt=None)]
    assert found([line(1, 1400)], in_instance=cards, listed=unknown) == {}


def test_what_leaves_the_account() -> None:
    credited = [
        known(1, 500, means="debit", refs=("ENF2026000001",)),
        Known(pk=2, cents=900, day=D, means="cheque", references=("0001234",), is_taken_back=True),
    ]
    refunds = [known(7, 300, refs=("MANDAT 2026-17",))]
    lines = [
        line(1, -500, words="REJET PRLV ENF2026000001", code="AM04"),
        line(2, -900, words="CHEQUE IMPAYE 0001234"),
        line(3, -300, words="VIR MANDAT 2026 17"),
        line(4, -12, words="COMMISSIONS CARTES 11/2026"),
        line(5, -44, words="VIR DGFIP"),
    ]
    proposed = found(lines, credited=credited, refunds=refunds)
    assert told(proposed[1]) == ("reversal", (1,), "reference", False), "its payer is told: a person decides"
    assert told(proposed[2]) == ("reversal", (2,), "reference", True), "it was taken back already"
    assert (proposed[3].kind, proposed[3].refund, proposed[3].sure) == ("refund", 7, True)
    assert told(proposed[4]) == ("fees", (), "fees", False)
    assert 5 not in proposed


def test_references_are_found_however_the_bank_spells_them() -> None:
    assert spelled("ENF-Q-2026-000001") == "enfq2026000001" and spelled("12") == "" and spelled("référence") == ""
    assert "enfq2026000001" in set(references_in("VIR M. Dupont, ENF Q 2026-000001 merci"))


MEANS = ("card", "debit", "terminal", "cheque", "cesu")
AMOUNTS = st.integers(1, 30)


WORDS = ("", "REJET", "FRAIS", "REMISE1000", *(f"REF000{pk:03d}" for pk in (0, 1, 2, 100, 200, 300)))


def some(draw: st.DrawFn, first: int, means: str) -> list[Known]:
    count = draw(st.integers(0, 4))
    return [known(pk, draw(AMOUNTS), means=means, refs=(f"REF000{pk:03d}",)) for pk in range(first, first + count)]


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[OpenLine], Pool]:
    """Few amounts, few days, and labels that name receipts: everything collides."""
    days, means = st.integers(0, 6), st.sampled_from(MEANS)
    instance = [
        known(pk, draw(AMOUNTS), day=draw(days), means=draw(means), refs=(f"REF000{pk:03d}",))
        for pk in range(draw(st.integers(0, 14)))
    ]
    credit = st.sampled_from(["REMISE1000", "REMISE2000"])
    listed = [
        Listed(credit=draw(credit), cents=item.cents, receipt=draw(st.sampled_from([item.pk, None])))
        for item in instance[:5]
    ]
    cents, words = st.one_of(st.integers(1, 90), st.integers(-30, -1)), st.lists(st.sampled_from(WORDS), max_size=3)
    lines = [
        line(pk, draw(cents), day=draw(st.integers(0, 9)), words=" ".join(draw(words)))
        for pk in range(draw(st.integers(0, 9)))
    ]
    back, refunds = some(draw, 200, "debit"), some(draw, 300, "")
    transfers = some(draw, 100, "transfer")
    return lines, Pool(in_instance=instance, transfers=transfers, credited=back, refunds=refunds, listed=listed)


@settings(max_examples=300, deadline=None)
@given(cases())
def test_no_receipt_serves_twice_and_everything_agrees_to_the_cent(case: tuple[list[OpenLine], Pool]) -> None:
    lines, pool = case
    amounts = {item.pk: item.cents for item in lines}
    cents = {item.pk: item.cents for item in (*pool.in_instance, *pool.transfers, *pool.credited)}
    refunds = {item.pk: item.cents for item in pool.refunds}
    proposed = matching.proposals(lines, pool)
    assert len({item.line for item in proposed}) == len(proposed)
    used = [pk for item in proposed for pk in item.receipts]
    given_back = [item.refund for item in proposed if item.refund is not None]
    assert len(set(used)) == len(used) and len(set(given_back)) == len(given_back)
    for item in proposed:
        assert wording.reason(item.why, item.words)
        if item.refund is not None:
            assert refunds[item.refund] == -amounts[item.line]
        elif item.kind != "fees":
            assert sum(cents[pk] for pk in item.receipts) == abs(amounts[item.line])
        assert (amounts[item.line] > 0) == (item.kind in ("online", "cheques", "transfer"))


@pytest.mark.parametrize("means", [("cheque", "card"), ("transfer", "card")])
def test_means_that_no_bank_credits_together_are_not_proposed_together(means: tuple[str, str]) -> None:
    items = [known(1, 5, means=means[0], refs=("REF00000001",)), known(2, 6, means=means[1], refs=("REF00000002",))]
    instance = [item for item in items if item.means != "transfer"]
    transfers = [item for item in items if item.means == "transfer"]
    words = "REF00000001 REF00000002"
    assert found([line(1, 11, words=words)], in_instance=instance, transfers=transfers) == {}
