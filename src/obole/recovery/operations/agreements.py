"""« Échéancier » of an invoice that was issued: agreed with its payer, followed day by day, kept, broken or ended."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from django.utils.translation import gettext as _, ngettext

from obole.audit_log import operations as audit_log
from obole.billing.access import require_biller
from obole.billing.models import Invoice, Letter
from obole.billing.states import InvoiceState
from obole.lib import actors, dates, money
from obole.lib.actors import Actor
from obole.lib.states import Transition
from obole.lib.transactions import atomic_with_retry
from obole.mailing import operations as mailing, rules as mail_rules
from obole.payments import queries as payments
from obole.recovery import agreement_states as states, emails, queries
from obole.recovery.agreement_states import AgreementState
from obole.recovery.models import Agreement, Instalment, InstalmentNotice
from obole.recovery.rules import instalments

HOURS = range(8, 20)
"""When payers are written to, in Paris."""
Kind = InstalmentNotice.Kind


class CannotAgree(ValueError):
    """An invoice cannot be paid so in several times; the message is a French sentence for the agent."""


@dataclass(frozen=True)
class AgreementRequest:
    """The days and cents of the instalments, in order, and how many days late one may be."""

    instalments: Sequence[tuple[date, int]]
    grace_days: int


@atomic_with_retry
def make_agreement(*, invoice_id: int, asked: AgreementRequest, actor: Actor, at: datetime) -> Agreement:
    """
    Agree with the payer of an invoice that is due on the days on which they pay it. The invoice does not change; it is
    neither reminded nor handed over while the agreement is kept.

    :raises obole.directory.rules.NotAllowed: if it is neither of their prestations nor of their régies.
    :raises CannotAgree: if nothing can be agreed on now, or if the instalments are not what is left to pay.
    """
    invoice = Invoice.objects.locked().get(pk=invoice_id)
    require_biller(invoice, actor=actor, at=at)
    _guard(invoice)
    _check(asked, cents=invoice.remaining_cents, today=dates.day_of(at))
    agreement = Agreement.objects.create(
        invoice=invoice, cents=invoice.remaining_cents, grace_days=asked.grace_days, agreed_at=at, agreed_by=actor
    )
    Instalment.objects.bulk_create(
        Instalment(agreement=agreement, rank=rank, day=day, cents=cents)
        for rank, (day, cents) in enumerate(asked.instalments, start=1)
    )
    last = asked.instalments[-1][0].isoformat()
    audit_log.log_event("agreement.make", subject=invoice, actor=actor, at=at, times=len(asked.instalments), until=last)
    emails.send_agreement(agreement, at=at)
    return agreement


@atomic_with_retry
def end_agreement(*, agreement_id: int, actor: Actor, at: datetime) -> Agreement:
    """
    End an agreement before its last day: the invoice is reminded as planned again. One that has ended stays as it is.

    :raises obole.directory.rules.NotAllowed: if the invoice is neither of their prestations nor of their régies.
    """
    agreement = _locked(agreement_id)
    require_biller(agreement.invoice, actor=actor, at=at)
    if agreement.state == AgreementState.OPEN:
        _end(agreement, states.END, actor=actor, at=at)
    return agreement


@atomic_with_retry
def follow_agreement(*, agreement_id: int, at: datetime) -> None:
    """
    Write that an agreement is over: kept, or broken by an instalment that is too late; else recall the next instalment
    or ask for the one that is late, each once. Nothing is decided while the payer pays, contests the invoice, or is
    left in peace until a day.
    """
    agreement = _locked(agreement_id)
    invoice, today = agreement.invoice, dates.day_of(at)
    standing = queries.agreement_of(invoice, today) if agreement.state == AgreementState.OPEN else None
    if standing is not None:
        _follow(standing, at=at)
    elif agreement.state == AgreementState.OPEN:
        move = states.KEEP if invoice.state == InvoiceState.PAID else states.END
        _end(agreement, move, actor=actors.WORKER, at=at)


def deliver_notice(*, message_id: int, at: datetime) -> None:
    """
    Hand over the mail about an instalment, unless it was paid or the agreement has ended meanwhile: then it is left.

    :raises OSError: if the mail server did not take it and it will be tried again.
    """
    notice = InstalmentNotice.objects.select_related("instalment__agreement__invoice").get(message=message_id)
    if _is_still_asked(notice, today=dates.day_of(at)):
        mailing.deliver(message_id=message_id, at=at, task="recovery.deliver_notice")
    else:
        _drop(notice.pk, message_id=message_id, at=at)


@atomic_with_retry
def _drop(notice_id: int, *, message_id: int, at: datetime) -> None:
    """Leave a mail that waits; one that was left, or has gone meanwhile, stays as it is."""
    if mailing.cancel(message_id=message_id, reason=mail_rules.NOT_DUE, at=at):
        InstalmentNotice.objects.filter(pk=notice_id).update(dropped_at=at)


def _is_still_asked(notice: InstalmentNotice, *, today: date) -> bool:
    agreement, rank = notice.instalment.agreement, notice.instalment.rank
    standing = queries.agreement_of(agreement.invoice, today)
    if standing is None or standing.agreement != agreement or _is_in_peace(agreement.invoice, today):
        return False
    return any(due.rank == rank and due.missing for due in standing.dues)


def letters_still_asked(letter_ids: Collection[int], *, today: date) -> set[int]:
    """Return those of some letters about instalments that still ask for what is missing."""
    notices = InstalmentNotice.objects.filter(letter__in=letter_ids).order_by("id")
    notices = notices.select_related("instalment__agreement__invoice")
    return {notice.letter_id for notice in notices if notice.letter_id and _is_still_asked(notice, today=today)}


def leave_letters(*, letter_ids: Collection[int], at: datetime) -> None:
    """Leave the letters about instalments that were not printed, since they said what was not true any more."""
    InstalmentNotice.objects.filter(letter__in=letter_ids, dropped_at=None).update(dropped_at=at)


def _follow(standing: queries.AgreementStanding, *, at: datetime) -> None:
    agreement, today = standing.agreement, standing.today
    if _is_in_peace(agreement.invoice, today):
        return
    if instalments.is_broken(standing.dues, grace_days=agreement.grace_days, today=today):
        _end(agreement, states.BREAK, actor=actors.WORKER, at=at)
        emails.send_broken_agreement(agreement, at=at)
    elif dates.local(at).hour in HOURS:
        _tell(standing, at=at)


def _tell(standing: queries.AgreementStanding, *, at: datetime) -> None:
    due, agreed_on = standing.next, dates.day_of(standing.agreement.agreed_at)
    if due is None:
        return
    kind = None
    if standing.today >= due.day + instalments.LATE:
        kind = Kind.LATE
    elif agreed_on < due.day - instalments.SOON <= standing.today <= due.day:
        # What was agreed on a few days before says it already.
        kind = Kind.SOON
    instalment = Instalment.objects.get(agreement=standing.agreement, rank=due.rank)
    sent = InstalmentNotice.objects.filter(instalment=instalment, kind=kind)
    if kind is None or sent.filter(dropped_at=None).exists():
        return
    notice = emails.send_instalment(standing, due, kind, turn=sent.count(), at=at)
    if notice is not None:
        by = {"letter" if isinstance(notice, Letter) else "message": notice}
        InstalmentNotice.objects.create(instalment=instalment, kind=kind, decided_at=at, **by)
        audit_log.log_event(f"instalment.{kind}", subject=standing.agreement.invoice, actor=actors.WORKER, at=at)


def _locked(agreement_id: int) -> Agreement:
    """Lock an agreement after its invoice, as whoever pays does."""
    invoice = Invoice.objects.locked().get(agreements=agreement_id)
    agreement = Agreement.objects.select_for_update(of=("self",)).get(pk=agreement_id)
    agreement.invoice = invoice
    return agreement


def _end(agreement: Agreement, move: Transition, *, actor: Actor, at: datetime) -> None:
    step = move.apply(agreement)
    agreement.ended_at = at
    agreement.save(update_fields=["state", "ended_at"])
    audit_log.log_transition(step, subject=agreement.invoice, actor=actor, at=at)


def _is_paying(invoice: Invoice) -> bool:
    """Tell whether its payer is at the bank, or money of theirs waits for a person."""
    waits = Invoice.objects.filter(payments.money_waits(), pk=invoice.pk)
    return invoice.is_in_progress or waits.exists()


def _is_in_peace(invoice: Invoice, today: date) -> bool:
    """Tell whether nothing is asked of its payer now: they pay, contest it, or reminders are suspended until a day."""
    contested = queries.open_dispute_of(invoice) is not None
    return contested or queries.hold_of(invoice, today) is not None or _is_paying(invoice)


def _guard(invoice: Invoice) -> None:
    if invoice.state != InvoiceState.DUE or not invoice.remaining_cents:
        raise CannotAgree(_("Cette facture n’est plus à payer ici : il n’y a rien à échelonner."))
    if Agreement.objects.filter(invoice=invoice, state=AgreementState.OPEN).exists():
        raise CannotAgree(_("Un échéancier est déjà en cours pour cette facture : arrêtez-le d’abord."))
    if _is_paying(invoice):
        raise CannotAgree(_("Un paiement est en cours pour cette facture : attendez qu’il soit compté."))
    if Invoice.objects.filter(queries.is_disputed(), pk=invoice.pk).exists():
        raise CannotAgree(_("Le payeur conteste cette facture : répondez-lui d’abord."))
    if Invoice.objects.filter(queries.is_being_handed_over(), pk=invoice.pk).exists():
        raise CannotAgree(_("Cette facture est dans une transmission au comptable : retirez-la d’abord."))


def _check(asked: AgreementRequest, *, cents: int, today: date) -> None:
    parts = asked.instalments
    days, gap = [day for day, _cents in parts], sum(part for _day, part in parts) - cents
    if not 2 <= len(parts) <= instalments.MOST:
        raise CannotAgree(_("Un échéancier compte de 2 à %(most)s paiements.") % {"most": instalments.MOST})
    if days[0] < today or days[-1] > today + instalments.LONGEST:
        raise CannotAgree(_("Le premier paiement est à venir, et le dernier d’ici deux ans."))
    if any(later <= day for day, later in pairwise(days)):
        raise CannotAgree(_("Chaque paiement vient après celui qui le précède : revoyez les dates."))
    if any(part < instalments.SMALLEST_CENTS for _day, part in parts):
        raise CannotAgree(_("Chaque paiement est d’1 € au moins : c’est le minimum par carte."))
    if gap:
        said = {"total": money.euros(cents), "gap": money.euros(abs(gap))}
        too_much = _("Le total doit faire %(total)s : il y a %(gap)s de trop.")
        too_little = _("Le total doit faire %(total)s : il manque %(gap)s.")
        raise CannotAgree((too_much if gap > 0 else too_little) % said)
    if not 0 <= asked.grace_days <= instalments.LONGEST_GRACE:
        most = ngettext("%(n)d jour", "%(n)d jours", instalments.LONGEST_GRACE) % {"n": instalments.LONGEST_GRACE}
        raise CannotAgree(_("Un retard de %(most)s au plus est admis.") % {"most": most})
