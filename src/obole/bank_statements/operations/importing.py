"""A file of the bank: what it would add, then kept; and withdrawn, when it was the wrong one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.bank_statements import states
from obole.bank_statements.models import BankLine, FileLayout, ListedPayment, Statement
from obole.bank_statements.operations.proposing import look_again
from obole.bank_statements.rules.readings import Reading, ReadLine, ReadPayment, keyed
from obole.bank_statements.states import LineState
from obole.lib import dates, money
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.regies.access import require_mandate
from obole.regies.models import Regie

K = Statement.Kind
BATCH = 2_000


class StatementRefused(ValueError):
    """The file is not kept, or not withdrawn: the sentence says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a reading comes from: its file's name, and what it is stored under."""

    name: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What one statement of a file would add."""

    reading: Reading
    new: tuple[tuple[str, int, ReadLine | ReadPayment], ...]
    gap_cents: int | None
    """By how much it does not follow the statements before; None where nobody knows."""

    @property
    def new_cents(self) -> int:
        """What it adds."""
        return sum(row.cents for _key, _rank, row in self.new)


def plan_import(*, regie_id: int, kind: str, readings: Sequence[Reading], digest: str) -> list[Planned]:
    """
    Say what the statements of a file would add; nothing is written.

    :raises StatementRefused: if it was imported already, is another account's, does not add up, or brings nothing.
    """
    _require_new_file(regie_id, kind, digest)
    if len({reading.account for reading in readings}) > 1:
        raise StatementRefused(
            _("Ce fichier contient les relevés de plusieurs comptes : demandez à la banque un fichier par compte.")
        )
    for reading in readings:
        _require_right(regie_id, kind, reading)
    planned = [_planned(regie_id, kind, reading) for reading in readings]
    if not any(item.new or not item.reading.rows for item in planned):
        raise StatementRefused(_("Toutes les lignes de ce fichier sont déjà là : il n’y a rien à importer."))
    return planned


@atomic_with_retry
def keep_statements(
    *, regie_id: int, kind: str, readings: Sequence[Reading], source: Source, actor: Actor, at: datetime
) -> list[Statement]:
    """
    Keep the statements of a file that was read, and the lines that were not known; all or none.

    :raises StatementRefused: as ``plan_import`` does.
    """
    # Two imports of one régie wait for each other: each sees what the other kept.
    regie = Regie.objects.locked().get(pk=regie_id)
    require_mandate(regie_id=regie_id, actor=actor, at=at)
    kept = []
    for position, reading in enumerate(readings):
        if position == 0:
            plan_import(regie_id=regie_id, kind=kind, readings=readings, digest=source.digest)
        planned = _planned(regie_id, kind, reading)
        statement = _keep(regie, kind, planned, source, position=position, actor=actor, at=at)
        audit_log.log_event(
            "statement.import", subject=statement, actor=actor, at=at, lines=statement.new_count, kind=kind
        )
        kept.append(statement)
    look_again(regie_id)
    return kept


@atomic_with_retry
def remember_layout(*, regie_id: int, kind: str, columns: Mapping[str, str], actor: Actor, at: datetime) -> FileLayout:
    """Remember the columns of a régie's files: the next one is read with them."""
    require_mandate(regie_id=regie_id, actor=actor, at=at)
    layout, _made = FileLayout.objects.update_or_create(
        regie_id=regie_id, kind=kind, defaults={"columns": dict(columns), "changed_by": actor, "changed_at": at}
    )
    audit_log.log_event("statement.layout", subject=layout, actor=actor, at=at, kind=kind)
    return layout


@atomic_with_retry
def withdraw_statement(*, statement_id: int, reason: str, actor: Actor, at: datetime) -> Statement:
    """
    Take back a file imported by mistake, with the lines that it brought; they may be imported again.

    :raises StatementRefused: if one of its lines is matched, or it was withdrawn already, or nothing says why.
    """
    lines = BankLine.objects.select_for_update(no_key=True).filter(statement=statement_id)
    lines_held = list(lines.exclude(state=LineState.WITHDRAWN).order_by("id"))
    statement = Statement.objects.select_for_update(no_key=True).get(pk=statement_id)
    require_mandate(regie_id=statement.regie_id, actor=actor, at=at)
    if statement.withdrawn_at is not None:
        raise StatementRefused(_("Ce relevé a déjà été retiré."))
    if not reason.strip():
        raise StatementRefused(_("Écrivez pourquoi ce relevé est retiré."))
    if any(line.state == LineState.MATCHED for line in lines_held):
        raise StatementRefused(
            _("Des lignes de ce relevé sont rapprochées : défaites d’abord leurs rapprochements, puis retirez-le.")
        )
    _withdraw_lines(lines_held, actor=actor, at=at)
    ListedPayment.objects.filter(statement=statement, withdrawn=False).update(withdrawn=True)
    statement.withdrawn_by, statement.withdrawn_at, statement.withdrawn_reason = actor, at, reason.strip()[:300]
    statement.save(update_fields=["withdrawn_by", "withdrawn_at", "withdrawn_reason"])
    audit_log.log_event("statement.withdraw", subject=statement, actor=actor, at=at, reason=statement.withdrawn_reason)
    look_again(statement.regie_id)
    return statement


def _withdraw_lines(lines: Sequence[BankLine], *, actor: Actor, at: datetime) -> None:
    steps = list[audit_log.Said]()
    for line in lines:
        steps.append((states.WITHDRAW.apply(line), line, {}))
        line.proposal, line.ignored_reason = None, ""
    BankLine.objects.bulk_update(lines, ["state", "proposal", "ignored_reason"], batch_size=BATCH)
    audit_log.log_transitions(steps, actor=actor, at=at)


def _require_new_file(regie_id: int, kind: str, digest: str) -> None:
    twin = Statement.objects.filter(digest=digest, kind=kind, withdrawn_at=None).order_by("id").first()
    if twin is None:
        return
    if twin.regie_id != regie_id:
        raise StatementRefused(_("Ce fichier a été importé pour une autre régie : choisissez celui de cette régie."))
    raise StatementRefused(
        _("Ce fichier a déjà été importé le %(day)s par %(who)s : rien n’est ajouté.")
        % {"day": dates.format_short(dates.day_of(twin.imported_at)), "who": twin.imported_by.name}
    )


def _require_right(regie_id: int, kind: str, reading: Reading) -> None:
    known = Statement.objects.filter(kind=kind, withdrawn_at=None)
    if reading.account:
        named = known.exclude(account="").order_by("id")
        own = named.filter(regie=regie_id).first()
        other = named.filter(account=reading.account).exclude(regie=regie_id)
        if (own is not None and own.account != reading.account) or (own is None and other.exists()):
            raise StatementRefused(
                _("Ce relevé est celui du compte %(account)s, qui n’est pas celui de cette régie.")
                % {"account": reading.account}
            )
    if reading.difference_cents:
        raise StatementRefused(
            _(
                "Le solde d’ouverture et les lignes ne donnent pas le solde de clôture : il y a %(cents)s d’écart. Une"
                " ligne manque au fichier : exportez-le de nouveau."
            )
            % {"cents": money.euros(reading.difference_cents)}
        )
    days = known.filter(regie=regie_id, first_day__lte=reading.last_day, last_day__gte=reading.first_day)
    other_form = days.exclude(form=reading.form).order_by("-last_day").first() if kind == K.ACCOUNT else None
    if other_form is not None:
        raise StatementRefused(
            _(
                "Les jours jusqu’au %(day)s ont été importés d’un fichier d’un autre format, qui écrit les mêmes lignes"
                " autrement : importez à partir du lendemain."
            )
            % {"day": dates.format_short(other_form.last_day)}
        )


def _planned(regie_id: int, kind: str, reading: Reading) -> Planned:
    known = set(_standing(regie_id, kind, reading).order_by("id").values_list("key", "rank"))
    new = tuple(item for item in _keyed(reading) if item[:2] not in known)
    return Planned(reading=reading, new=new, gap_cents=_gap(regie_id, reading))


def _standing(regie_id: int, kind: str, reading: Reading) -> QuerySet[Any]:
    days: dict[str, Any] = {"regie": regie_id, "day__range": (reading.first_day, reading.last_day)}
    if kind == K.PAYFIP:
        return ListedPayment.objects.filter(withdrawn=False, **days)
    return BankLine.objects.filter(**days).exclude(state=LineState.WITHDRAWN)


def _keyed(reading: Reading) -> list[tuple[str, int, ReadLine | ReadPayment]]:
    return [*keyed(reading.lines), *keyed(reading.payments)]


def _gap(regie_id: int, reading: Reading) -> int | None:
    """Return by how much an opening balance differs from what the statements before come to."""
    if reading.opening_cents is None:
        return None
    begun = Statement.objects.filter(regie=regie_id, withdrawn_at=None, opening_cents__isnull=False)
    before = begun.filter(first_day__lte=reading.first_day).order_by("first_day", "id").last()
    if before is None or before.opening_cents is None:
        return None
    between = BankLine.objects.filter(regie=regie_id, day__gte=before.first_day, day__lt=reading.first_day)
    moved = between.exclude(state=LineState.WITHDRAWN).order_by().aggregate(sum=Sum("cents"))["sum"] or 0
    return reading.opening_cents - before.opening_cents - moved


def _keep(  # noqa: PLR0913 - a row says all of this
    regie: Regie, kind: str, planned: Planned, source: Source, *, position: int, actor: Actor, at: datetime
) -> Statement:
    reading = planned.reading
    statement = Statement.objects.create(
        regie=regie,
        kind=kind,
        form=reading.form,
        account=reading.account,
        name=source.name[:200],
        digest=source.digest,
        position=position,
        first_day=reading.first_day,
        last_day=reading.last_day,
        opening_cents=reading.opening_cents,
        closing_cents=reading.closing_cents,
        net_cents=reading.net_cents,
        line_count=len(reading.rows),
        new_count=len(planned.new),
        new_cents=planned.new_cents,
        gap_cents=planned.gap_cents,
        imported_by=actor,
        imported_at=at,
    )
    _keep_rows(statement, planned)
    return statement


def _keep_rows(statement: Statement, planned: Planned) -> None:
    lines, payments = list[BankLine](), list[ListedPayment]()
    for key, rank, row in planned.new:
        known = {"regie_id": statement.regie_id, "statement": statement, "key": key, "rank": rank}
        if isinstance(row, ReadLine):
            lines.append(
                BankLine(
                    **known,
                    day=row.day,
                    value_day=row.value_day,
                    cents=row.cents,
                    label=row.label,
                    details=row.details,
                    reason_code=row.reason_code,
                )
            )
        else:
            payments.append(
                ListedPayment(
                    **known,
                    reference=row.reference,
                    day=row.day,
                    credited_on=row.credited_on,
                    remittance=row.remittance,
                    cents=row.cents,
                    authorisation=row.authorisation,
                )
            )
    BankLine.objects.bulk_create(lines, batch_size=BATCH)
    ListedPayment.objects.bulk_create(payments, batch_size=BATCH)
