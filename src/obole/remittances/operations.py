"""Paying over to the comptable: signed by who answers for it, then shown by the bank; and what reminds of it."""

from datetime import date, datetime, timedelta

from django.db.models import F, Q, Sum
from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.lib import dates, money, sql, texts
from obole.lib.actors import Actor
from obole.lib.queue import defer
from obole.lib.transactions import atomic_with_retry
from obole.payments import operations as payments
from obole.payments.models import Anomaly
from obole.regies import ledger, numbering, queries as regies
from obole.regies.access import require_mandate, require_signature
from obole.regies.accounts import Account
from obole.regies.models import Line, Regie, Series
from obole.remittances import queries, states
from obole.remittances.models import Remittance, UndoneTransfer
from obole.remittances.states import RemittanceState

NOTED_FOR = timedelta(days=7)
"""A task that was noted while nothing changed comes back a week later."""

_TAKE = """
    INSERT INTO regies_remittedentry (entry_id, remittance)
    SELECT id, %(number)s FROM unnest(%(ids)s::bigint[]) AS id
"""


class NotRemittable(ValueError):
    """This bordereau cannot be signed: the sentence says why, and what to do."""


class PreviewChanged(NotRemittable):
    """It is not what was on the screen any more."""


class TransferUnnamed(ValueError):
    """Nothing says which transfer it is."""


class ReasonMissing(ValueError):
    """A transfer is undone for a reason."""


@atomic_with_retry
def sign_remittance(
    *, regie_id: int, until: date, expected_cents: int, request_key: str, actor: Actor, at: datetime
) -> Remittance:
    """
    Sign over all that may be paid over up to a day. The same ``request_key`` again returns the bordereau that it made.

    :param expected_cents: the total that was seen: nobody signs another one.
    :raises obole.directory.rules.NotAllowed: if it is neither the régisseur nor a suppléant of that day.
    :raises PreviewChanged: if the total is not that one any more.
    :raises NotRemittable: if there is nothing to pay over, or more than the compte DFT can bear.
    :raises obole.regies.ledger.PeriodClosed: if today is closed.
    """
    regie = Regie.objects.get(pk=regie_id)
    quality = require_signature(regie_id=regie_id, actor=actor, at=at)
    year, kind = dates.day_of(at).year, Series.Kind.REMITTANCE
    # Of two who sign at once, the second waits here, and finds what is left.
    numbering.hold(regie=regie, kind=kind, year=year)
    twin = Remittance.objects.filter(request_key=request_key, regie=regie).first()
    if twin is not None:
        return twin
    Regie.objects.locked().get(pk=regie_id)
    ids = _entries(regie, until=until, at=at)
    sequence = numbering.take_number(regie=regie, kind=kind, year=year)
    number = numbering.format_number(regie=regie, kind=kind, year=year, sequence=sequence)
    sql.execute(_TAKE, ids=ids, number=number)
    natures, refund_cents = _totals(number)
    total = sum(natures.values()) + refund_cents
    if total != expected_cents:
        raise PreviewChanged(_changed(total))
    why_not = reason_not_to_sign(regie, revenue_cents=sum(natures.values()), refund_cents=refund_cents)
    if why_not:
        raise NotRemittable(why_not)
    remittance = Remittance(
        regie=regie,
        number=number,
        sequence=sequence,
        year=year,
        request_key=request_key,
        until=until,
        entry_count=len(ids),
        revenue_cents=sum(natures.values()),
        refund_cents=refund_cents,
        signed_by=actor,
        quality=quality,
        signed_at=at,
    )
    postings = _postings(natures)
    if postings:
        cause = ledger.Cause(kind="remittance", key=number)
        remittance.entry = ledger.post(regie_id=regie_id, cause=cause, postings=postings, label=number, at=at)
    remittance.save(force_insert=True)
    audit_log.log_event("remittance.sign", subject=remittance, actor=actor, at=at, cents=total, entries=len(ids))
    defer("remittances.render", remittance_id=remittance.pk)
    return remittance


def reason_not_to_sign(regie: Regie, *, revenue_cents: int, refund_cents: int) -> str:
    """
    Say why a bordereau of so much cannot be signed now; nothing if it can. What the comptable paid for the régie is in
    recettes versées already: the account bears it.
    """
    if revenue_cents + refund_cents <= 0:
        return _(
            "Le total n’est pas positif : ce qui a été repris dépasse ce qui a été reçu. Attendez d’autres recettes."
        )
    held = regies.available_cents(regie)
    if held >= revenue_cents:
        return ""
    return _(
        "Le compte DFT ne peut verser que %(held)s, déduction faite des virements déjà signés, et il en faut"
        " %(cents)s : pointez ce que la banque a crédité, déposez les espèces, ou, si une somme a été reprise depuis,"
        " choisissez un dernier jour plus récent."
    ) % {"held": money.euros(max(0, held)), "cents": money.euros(revenue_cents)}


@atomic_with_retry
def record_transfer(*, remittance_id: int, reference: str, actor: Actor, at: datetime) -> Remittance:
    """
    Write that the transfer of a bordereau has left: recettes versées to compte DFT, once. The same reference again
    changes nothing.

    :param reference: what says so: a line of the bank's statement, or the transfer's own number.
    :raises TransferUnnamed: without one.
    :raises AccountTooLow: if the books do not know all the money that left.
    :raises obole.lib.states.ForbiddenTransition: if another transfer was recorded.
    """
    said = texts.clean_line(reference)[:60]
    if not said:
        raise TransferUnnamed
    remittance = Remittance.objects.locked().select_related("regie").get(pk=remittance_id)
    require_mandate(regie_id=remittance.regie_id, actor=actor, at=at)
    if remittance.state == RemittanceState.TRANSFERRED and remittance.transfer_reference == said:
        return remittance
    step = states.TRANSFER.apply(remittance)
    cents = remittance.total_cents
    payments.require_funds(regie_id=remittance.regie_id, account=Account.TREASURY_DEPOSIT, cents=cents)
    remittance.transfer_entry = ledger.post(
        regie_id=remittance.regie_id,
        cause=ledger.Cause(kind="remittance_transfer", key=_turn(remittance)),
        postings=ledger.transfer_postings(debit=Account.REMITTED, credit=Account.TREASURY_DEPOSIT, cents=cents),
        label=f"{remittance.number} {said}",
        at=at,
    )
    remittance.transfer_reference, remittance.transferred_by, remittance.transferred_at = said, actor, at
    remittance.save()
    audit_log.log_transition(step, subject=remittance, actor=actor, at=at, cents=cents, reference=said)
    return remittance


@atomic_with_retry
def undo_transfer(*, remittance_id: int, reason: str, actor: Actor, at: datetime) -> UndoneTransfer:
    """
    Write that the transfer of a bordereau had not left: compte DFT to recettes versées, and it may be recorded again.

    :raises ReasonMissing: if nothing says why.
    :raises obole.lib.states.ForbiddenTransition: if no transfer is recorded.
    """
    said = texts.clean_line(reason)[:300]
    if not said:
        raise ReasonMissing
    remittance = Remittance.objects.locked().select_related("transfer_entry").get(pk=remittance_id)
    require_mandate(regie_id=remittance.regie_id, actor=actor, at=at)
    step = states.UNDO_TRANSFER.apply(remittance)
    booked, reference, cents = remittance.transfer_entry, remittance.transfer_reference, remittance.total_cents
    undone = UndoneTransfer(remittance=remittance, entry=booked, reference=reference, reason=said, at=at, actor=actor)
    undone.undone_entry = ledger.post(
        regie_id=remittance.regie_id,
        cause=ledger.Cause(kind="remittance_transfer_undone", key=undone.entry.cause_key),
        postings=ledger.transfer_postings(debit=Account.TREASURY_DEPOSIT, credit=Account.REMITTED, cents=cents),
        label=f"{remittance.number} {said}"[:200],
        at=at,
    )
    undone.save(force_insert=True)
    remittance.transfer_entry = remittance.transferred_by = remittance.transferred_at = None
    remittance.transfer_reference = ""
    remittance.save()
    audit_log.log_transition(step, subject=remittance, actor=actor, at=at, cents=cents, reason=said)
    return undone


def _turn(remittance: Remittance) -> str:
    """Return what names a transfer: its bordereau, and which time it is once others were undone."""
    undone = UndoneTransfer.objects.filter(remittance=remittance).count()
    return f"{remittance.number}:{undone + 1}" if undone else remittance.number


def follow_limits(*, at: datetime) -> None:
    """Keep the tasks about what each régie holds and when it last paid over."""
    for regie in Regie.objects.select_related("act").order_by("id"):
        held, late = queries.too_much_held(regie), queries.late_since(regie, at=at)
        details = f"{money.euros(held[0])} / {money.euros(held[1])}" if held else ""
        _follow(Anomaly.Kind.CEILING, regie, holds=held is not None, details=details, at=at)
        details = dates.format_short(late) if late else ""
        _follow(Anomaly.Kind.REMITTANCE_LATE, regie, holds=late is not None, details=details, at=at)


def _follow(kind: Anomaly.Kind, regie: Regie, *, holds: bool, details: str, at: datetime) -> None:
    payments.follow(kind, regie, holds=holds, details=details, again_after=NOTED_FOR, at=at)


def _entries(regie: Regie, *, until: date, at: datetime) -> list[int]:
    if until > dates.day_of(at):
        raise NotRemittable(_("Ce jour n’est pas encore venu : choisissez aujourd’hui au plus tard."))
    wanted = queries.ready(queries.entries_to_remit(regie, until=until), until=until)
    ids = list(wanted.order_by("number").values_list("pk", flat=True))
    if not ids:
        raise NotRemittable(_("Il n’y a rien à verser à cette date : tout l’est déjà, ou attend la banque."))
    return ids


def _totals(number: str) -> tuple[dict[str, int], int]:
    """Return what the entries of a bordereau come to, by nature; and what the comptable paid for the régie."""
    lines = Line.objects.filter(entry__remitted__remittance=number)
    due = lines.filter(account=Account.REVENUE_DUE).order_by("nature").values("nature")
    natures = {row["nature"]: row["cents"] for row in due.annotate(cents=Sum(F("credit") - F("debit")))}
    paid = Q(account=Account.REMITTED, entry__cause_kind=queries.REFUNDED)
    return natures, lines.filter(paid).aggregate(cents=Sum("credit"))["cents"] or 0


def _postings(natures: dict[str, int]) -> list[ledger.Posting]:
    """Move each nature to recettes versées; one of which more was taken back than received comes the other way."""
    due = [
        ledger.Posting(account=Account.REVENUE_DUE, nature=nature, debit=max(0, cents), credit=max(0, -cents))
        for nature, cents in natures.items()
        if cents
    ]
    total = sum(natures.values())
    paid = ledger.Posting(account=Account.REMITTED, credit=max(0, total), debit=max(0, -total))
    return [*due, *([paid] if total else [])]


def _changed(cents: int) -> str:
    return _("Le total a changé entre-temps : il est de %(cents)s. Vérifiez, puis signez de nouveau.") % {
        "cents": money.euros(cents)
    }
