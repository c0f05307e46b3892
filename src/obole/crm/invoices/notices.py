"""What is unusual about an invoice, on top of its page: sentences, each with the way to act for who may."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.urls import reverse
from django.utils.translation import gettext as _, ngettext

from obole.billing.states import InvoiceState
from obole.crm.money.anomaly_list import Task
from obole.lib import dates, money
from obole.mailing import queries as mailing, rules as mail_rules
from obole.mailing.models import Message
from obole.mailing.states import NOT_ARRIVED, Channel
from obole.payments import operations as payments
from obole.payments.display_status import DisplayStatus, InvoiceDisplay
from obole.payments.models import Attempt
from obole.recovery.models import Dispute, Hold, TransmissionLine
from obole.recovery.queries import AgreementStanding
from obole.reminders import queries as reminders

MINUTES_IN_WORDS = 60


@dataclass(frozen=True)
class Notice:
    """One sentence. ``links``: where it leads, in words; ``resend``: the mail that it offers to send again."""

    sentence: str
    tone: str = "late"
    icon: str = "warning"
    links: tuple[tuple[str, str], ...] = ()
    resend: Message | None = None


@dataclass(frozen=True, kw_only=True)
class InvoiceFacts:
    """What the page knows of an invoice already, and what its reader may do."""

    shown: InvoiceDisplay
    free_cents: int
    tasks: Sequence[Task]
    attempts: Sequence[Attempt]
    handover: TransmissionLine | None
    dispute: Dispute | None
    agreement: AgreementStanding | None
    sees_money: bool
    handles: bool
    at: datetime

    @cached_property
    def coming(self) -> reminders.NextReminder:
        """What is the next reminder of an invoice that is due."""
        return reminders.next_reminder(self.shown.invoice, today=dates.day_of(self.at))


def notices_of(facts: InvoiceFacts) -> list[Notice]:
    """Return what is unusual about an invoice, the most urgent first."""
    parts = (
        _free_money,
        _late_in_part,
        _at_the_bank,
        _undelivered,
        _disputed,
        _agreed,
        _held,
        _handed_over,
        _on_paper,
        _reminder,
    )
    return [notice for part in parts for notice in part(facts)]


def _free_money(facts: InvoiceFacts) -> Iterator[Notice]:
    """Tell of money that came for an invoice that did not need it."""
    invoice, cents = facts.shown.invoice, facts.free_cents
    if not cents or invoice.state in (InvoiceState.DUE, InvoiceState.DRAFT):
        return
    amount = money.euros(cents)
    if invoice.state != InvoiceState.PAID:
        said = _("%(amount)s arrivés pour cette facture attendent en recettes à classer.")
    elif cents >= invoice.total_cents:
        said = _("Payée deux fois : %(amount)s en recettes à classer.")
    else:
        said = _("Payée en trop : %(amount)s en recettes à classer.")
    links = [
        (
            _("Décider de l’encaissement %(number)s") % {"number": task.receipt.number if task.receipt else ""},
            reverse("crm:task", args=[task.anomaly.pk]),
        )
        for task in facts.tasks
        if task.free_cents
    ]
    yield Notice(said % {"amount": amount}, links=tuple(links))


def _late_in_part(facts: InvoiceFacts) -> Iterator[Notice]:
    invoice = facts.shown.invoice
    if facts.shown.status == DisplayStatus.LATE and invoice.received_cents:
        said = _("Partiellement payée, en retard : %(received)s sur %(total)s.")
        amounts = {"received": money.euros(invoice.received_cents), "total": money.euros(invoice.total_cents)}
        yield Notice(said % amounts)


def _at_the_bank(facts: InvoiceFacts) -> Iterator[Notice]:
    since = facts.shown.in_progress_since or facts.shown.unsettled_since
    if since is None:
        return
    said = _("En attente de la banque depuis %(time)s.") % {"time": _length(since, facts.at)}
    waiting = next((item for item in facts.attempts if item.opened_at == since), None)
    links = ((_("Voir la transaction"), reverse("crm:attempt", args=[waiting.pk])),) if waiting else ()
    yield Notice(said, tone="to-pay", icon="clock", links=links)


def _undelivered(facts: InvoiceFacts) -> Iterator[Notice]:
    """Tell of the mails that did not arrive and that nobody sent again."""
    invoice = facts.shown.invoice
    lost = list(mailing.about(invoice).filter(state__in=NOT_ARRIVED).order_by("created_at", "id"))
    again = mailing.sent_again(lost)
    for message in lost:
        if message.pk in again:
            continue
        said = _("Courriel « %(kind)s » non remis à %(to)s.")
        if message.channel == Channel.SMS:
            said = _("SMS non remis à %(to)s.")
        said = said % {"kind": mailing.label_of(message.kind), "to": message.to}
        why = mail_rules.explain(message.state, message.last_error)
        links = [(_("Lire le courriel"), reverse("crm:message", args=[message.pk]))]
        if facts.handles:
            links.append((_("Corriger l’adresse"), reverse("crm:citizen_edit", args=[invoice.payer_id])))
        resend = message if facts.handles and payments.address_to_resend(message) else None
        yield Notice(f"{said} {why}".strip(), icon="mail", links=tuple(links), resend=resend)


def _disputed(facts: InvoiceFacts) -> Iterator[Notice]:
    if facts.dispute is None:
        return
    day = dates.format_short(dates.day_of(facts.dispute.opened_at))
    by_payer = _("Erreur signalée par le payeur le %(day)s : « %(reason)s »")
    noted = _("Contestée par le payeur le %(day)s : « %(reason)s »")
    said = (by_payer if facts.dispute.by_payer else noted) % {"day": day, "reason": facts.dispute.reason}
    answer = ((_("Répondre à la contestation"), reverse("crm:dispute", args=[facts.shown.invoice.pk])),)
    yield Notice(said, links=answer if facts.handles else ())


def _agreed(facts: InvoiceFacts) -> Iterator[Notice]:
    standing = facts.agreement
    if standing is None or standing.next is None:
        return
    due = standing.next
    late = due.day < standing.today
    said = (
        _("Échéancier en cours : %(amount)s attendus depuis le %(day)s.")
        if late
        else _("Échéancier en cours : %(amount)s attendus le %(day)s.")
    )
    words = said % {"amount": money.euros(standing.to_pay), "day": dates.format_short(due.day)}
    links = ((_("Voir l’échéancier"), reverse("crm:agreement", args=[facts.shown.invoice.pk])),)
    tone = "late" if late else "in-progress"
    yield Notice(words, tone=tone, icon="calendar", links=links if facts.handles else ())


def _held(facts: InvoiceFacts) -> Iterator[Notice]:
    invoice = facts.shown.invoice
    hold = facts.coming.hold if invoice.state == InvoiceState.DUE else None
    if hold is None:
        return
    whole = _("Relances de toutes les factures de ce payeur suspendues jusqu’au %(day)s : %(why)s.")
    said = whole if hold.of_payer else _("Relances suspendues jusqu’au %(day)s : %(why)s.")
    why = ", ".join(part for part in (Hold.Reason(hold.reason).label.lower(), hold.comment) if part)
    words = said % {"day": dates.format_short(hold.until), "why": why}
    links = ((_("Reprendre ou changer"), reverse("crm:hold", args=[invoice.pk])),)
    yield Notice(words, tone="in-progress", icon="clock", links=links if facts.handles else ())


def _handed_over(facts: InvoiceFacts) -> Iterator[Notice]:
    line = facts.handover
    if line is None:
        return
    day = dates.format_short(dates.day_of(line.decided_at)) if line.decided_at else ""
    said = _("Transmise au comptable public le %(day)s.") % {"day": day}
    titre = _("Titre %(titre)s.") % {"titre": line.titre} if line.titre else _("Son titre n’est pas encore connu.")
    place = reverse("crm:transmission_line", args=[line.transmission.regie_id, line.transmission_id, line.pk])
    links = ((_("Voir la transmission"), place),) if facts.sees_money else ()
    yield Notice(f"{said} {titre}", tone="neutral", icon="document", links=links)


def _on_paper(facts: InvoiceFacts) -> Iterator[Notice]:
    """Tell that an invoice goes on paper, as long as nobody printed it with the letters."""
    invoice = facts.shown.invoice
    email = invoice.payer.email
    if invoice.state != InvoiceState.DUE or mailing.is_usable(email):
        return
    letter = reminders.notice_on_paper(invoice)
    if letter is not None and letter.batch_id is not None:
        return
    links = [(_("PDF à imprimer"), reverse("crm:invoice_pdf", args=[invoice.pk]))]
    said = _("À remettre sur papier : le payeur n’a pas d’adresse électronique.")
    if email:
        said = _("À remettre sur papier : les courriels à %(to)s reviennent.") % {"to": email}
    if letter is not None:
        said = _("À poster : aucun courriel n’arrive au payeur, la facture attend dans « Courriers à poster ».")
        links = [(_("Courriers à poster"), reverse("crm:letters"))] if facts.handles else []
    if facts.handles:
        label = _("Corriger l’adresse") if email else _("Ajouter son adresse")
        links.append((label, reverse("crm:citizen_edit", args=[invoice.payer_id])))
    yield Notice(said, icon="print", links=tuple(links))


def _reminder(facts: InvoiceFacts) -> Iterator[Notice]:
    invoice = facts.shown.invoice
    if invoice.state != InvoiceState.DUE or not invoice.remaining_cents or facts.agreement is not None:
        return
    coming = facts.coming
    if coming.day is not None:
        yield Notice(
            _("Prochaine relance le %(day)s.") % {"day": dates.format_short(coming.day)},
            tone="neutral",
            icon="calendar",
        )
    elif coming.obstacle is not None:
        yield Notice(_("Pas de relance : %(why)s.") % {"why": coming.obstacle.label}, tone="neutral", icon="calendar")


def _length(since: datetime, at: datetime) -> str:
    """Write how long something lasts: « 4 min », « 3 heures », « 2 jours »."""
    minutes = max(0, int((at - since).total_seconds() // 60))
    if minutes < MINUTES_IN_WORDS:
        return _("%(n)s min") % {"n": minutes}
    hours = minutes // 60
    if hours < 2 * 24:
        return ngettext("%(n)d heure", "%(n)d heures", hours) % {"n": hours}
    return ngettext("%(n)d jour", "%(n)d jours", hours // 24) % {"n": hours // 24}
