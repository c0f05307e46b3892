"""Files that are kept: no line twice, whatever overlaps; balances that follow; and what takes a file back."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from obole.audit_log.models import Record
from obole.bank_statements import operations, queries
from obole.bank_statements.models import BankLine, FileLayout, ListedPayment, Statement
from obole.bank_statements.operations import StatementRefused
from obole.directory.rules import NotAllowed
from obole.lib import actors
from tests.bank_statements import files
from tests.bank_statements.files import Said
from tests.bank_statements.steps import DAY, WHO, accept, card, day, imported, keep
from tests.books import count_everything
from tests.world import Town, later, make_regie

pytestmark = pytest.mark.django_db
LINES: list[Said] = [(day(0), 100, "A"), (day(1), 200, "B"), (day(1), 200, "B"), (day(2), -50, "C")]


def facts() -> list[tuple[int, str]]:
    return list(BankLine.objects.exclude(state="withdrawn").order_by("day", "id").values_list("cents", "label"))


def test_the_same_file_twice_brings_nothing(town: Town) -> None:
    content = files.camt(LINES, before=1000)
    [first] = keep(town.regie, content)
    assert (first.line_count, first.new_count, first.new_cents, first.gap_cents) == (4, 4, 450, None)
    before = count_everything()
    with pytest.raises(StatementRefused, match=r"déjà été importé le .* par regisseur"):
        keep(town.regie, content)
    with pytest.raises(StatementRefused, match="pour une autre régie"):
        keep(make_regie("TER", "Régie Terrasses"), content)
    assert {**count_everything(), "Record": 0} == {**before, "Record": 0}


def test_periods_that_overlap_bring_each_line_once_and_two_alike_stay_two(town: Town) -> None:
    keep(town.regie, files.with_a_sign(LINES[:2]))
    [second] = keep(town.regie, files.with_a_sign(LINES[1:]))
    assert (second.line_count, second.new_count) == (3, 2)
    assert facts() == [(100, "A"), (200, "B"), (200, "B"), (-50, "C")]
    with pytest.raises(StatementRefused, match="rien à importer"):
        keep(town.regie, files.with_a_sign(LINES[1:3]))


def test_another_layout_of_the_same_days_knows_the_lines(town: Town) -> None:
    keep(town.regie, files.with_a_sign(LINES))
    with pytest.raises(StatementRefused, match="rien à importer"):
        keep(town.regie, files.with_two_columns(LINES, before=7))


def test_another_format_of_the_same_days_is_refused(town: Town) -> None:
    keep(town.regie, files.with_a_sign(LINES))
    with pytest.raises(StatementRefused, match=r"fichier d’un autre format.*à partir du lendemain"):
        keep(town.regie, files.camt(LINES[2:]))
    keep(town.regie, files.camt([(day(3), 5, "E")]))


def test_a_balance_that_does_not_add_up_is_refused_and_one_that_does_not_follow_is_told(town: Town) -> None:
    with pytest.raises(StatementRefused, match=r"1,00\s€ d’écart"):
        keep(town.regie, files.camt(LINES, before=1000, closing=1550))
    assert not Statement.objects.exists()
    keep(town.regie, files.camt(LINES, before=1000))
    [follows] = keep(town.regie, files.camt([(day(3), 5, "E")], before=1450))
    [gap] = keep(town.regie, files.camt([(day(5), 5, "F")], before=1500))
    assert (follows.gap_cents, gap.gap_cents) == (0, 45)
    [after] = keep(town.regie, files.camt([(day(6), 5, "G")], before=1505))
    assert after.gap_cents == 0, "a gap is told once"
    assert queries.bank_balance(town.regie) == 1510
    assert queries.bank_balance(town.regie, until=day(3)) == 1455
    assert queries.bank_balance(town.regie, until=day(-9)) is None


def test_another_account_is_refused(town: Town) -> None:
    keep(town.regie, files.camt(LINES))
    other = "FR7630006000011234567890189"
    with pytest.raises(StatementRefused, match=f"compte {other}, qui n’est pas celui"):
        keep(town.regie, files.camt([(day(3), 5, "E")], iban=other))
    with pytest.raises(StatementRefused, match="n’est pas celui de cette régie"):
        keep(make_regie("TER", "Régie Terrasses"), files.camt([(day(3), 5, "E")]))


def test_payfip_s_list_is_kept_once_too(town: Town) -> None:
    listed = [("ENF1", 5200, DAY, day(1)), ("ENF2", 5200, DAY, day(1))]
    keep(town.regie, files.payfip_list(listed), kind="payfip")
    [again] = keep(town.regie, files.payfip_list([*listed, ("ENF3", 100, DAY, day(1))]), kind="payfip")
    assert (again.new_count, again.net_cents, ListedPayment.objects.count()) == (1, 10_500, 3)
    assert [item.reference for item in queries.unknown_listed(town.regie.pk)] == ["ENF1", "ENF2", "ENF3"]


def test_a_file_is_withdrawn_with_its_lines_unless_one_is_matched(town: Town) -> None:
    receipt = card(town)
    line, other = imported(town, (day(1), receipt.cents, "PAYFIP"), (day(1), 7, "x"))
    accept(line)
    with pytest.raises(StatementRefused, match="défaites d’abord"):
        withdraw(line.statement)
    operations.undo_match(line_id=line.pk, reason="r", actor=WHO, at=later(days=11))
    with pytest.raises(StatementRefused, match="pourquoi"):
        withdraw(line.statement, reason=" ")
    withdraw(line.statement)
    assert facts() == []
    with pytest.raises(StatementRefused, match="déjà été retiré"):
        withdraw(line.statement)
    [again] = imported(town, (day(1), receipt.cents, "PAYFIP"), (day(1), 7, "x"))[:1]
    assert again.pk != line.pk and again.key == line.key
    assert Record.objects.filter(verb="bank_line.withdraw").count() == 2
    other.refresh_from_db()
    assert other.state == "withdrawn"


def withdraw(statement: Statement, *, reason: str = "Mauvais compte") -> None:
    operations.withdraw_statement(statement_id=statement.pk, reason=reason, actor=WHO, at=later(days=11))


def test_columns_are_remembered(town: Town) -> None:
    for columns in ({"day": "Date"}, {"day": "Jour"}):
        operations.remember_layout(regie_id=town.regie.pk, kind="account", columns=columns, actor=WHO, at=later())
    assert FileLayout.objects.get().columns == {"day": "Jour"} == queries.layout_of(town.regie, "account")
    assert queries.layout_of(town.regie, "payfip") == {}


def test_without_a_mandate_nothing_is_kept(town: Town) -> None:
    for actor in (town.admin.actor, town.agent.actor, town.citizen.actor, actors.PAYER_RETURN):
        with pytest.raises(NotAllowed):
            keep(town.regie, files.camt(LINES), actor=actor)
        with pytest.raises(NotAllowed):
            operations.remember_layout(regie_id=town.regie.pk, kind="account", columns={}, actor=actor, at=later())
    [statement] = keep(town.regie, files.camt(LINES), actor=town.regisseur.actor)
    with pytest.raises(NotAllowed):
        operations.withdraw_statement(statement_id=statement.pk, reason="r", actor=town.admin.actor, at=later())


def test_the_database_keeps_what_the_bank_said(town: Town) -> None:
    [statement] = keep(town.regie, files.camt(LINES, before=1000))
    line = BankLine.objects.order_by("id")[0]
    for act in (
        lambda: BankLine.objects.filter(pk=line.pk).update(cents=1),
        lambda: BankLine.objects.filter(pk=line.pk).delete(),
        lambda: Statement.objects.filter(pk=statement.pk).update(opening_cents=1),
        lambda: Statement.objects.filter(pk=statement.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    with pytest.raises(IntegrityError), transaction.atomic():
        BankLine.objects.create(
            regie=town.regie, statement=statement, key=line.key, rank=1, day=DAY + timedelta(1), cents=1, label="x"
        )
