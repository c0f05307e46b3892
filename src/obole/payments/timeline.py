"""What happened to an invoice, told: to its payer in plain words, to agents completely."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _, gettext_lazy

from obole.audit_log import queries as audit_log
from obole.audit_log.models import Record
from obole.billing.models import Invoice
from obole.gateways.base import Status
from obole.lib.actors import WORKER, Actor
from obole.mailing import queries as mailing
from obole.mailing.models import Message
from obole.mailing.states import Channel, MessageState, label_of as state_label
from obole.payments.models import Anomaly, Attempt, BankExchange, Receipt, Refund
from obole.payments.states import AttemptState
from obole.payments.wording import FOR_AGENTS, FOR_PAYER, Formatter


class StoryPart(models.TextChoices):
    """What a line of a story is of."""

    MONEY = "argent", gettext_lazy("Argent")
    MAILS = "courriels", gettext_lazy("Courriels")
    CHANGES = "changements", gettext_lazy("Changements")


MONEY_VERBS = ("attempt.", "receipt.", "refund.", "anomaly.")
MONEY_OF_INVOICE = frozenset({"invoice.settle", "invoice.part_paid", "invoice.unsettle", "invoice.taken_back"})
BEFORE, ASKED, DONE, COUNTED, TOLD = range(5)
"""At one instant a try is opened, the bank asked, what it says is done, counted for its invoices, and people told."""


@dataclass(frozen=True)
class TimelineEntry:
    """
    One line of a story. ``exchange`` leads agents who may to the bank's own words, ``anomaly`` to what is to be done.
    """

    at: datetime
    title: str
    detail: str = ""
    tone: str = "neutral"
    exchange: BankExchange | None = None
    message: Message | None = None
    anomaly: Anomaly | None = None
    part: StoryPart = StoryPart.CHANGES
    order: tuple[int, int] = (DONE, 0)
    """Tells, of two lines of one instant, which was the cause of the other."""
    after: datetime | None = None
    """When what it comes from happened, whatever the clock of who wrote it says."""


def payer_timeline(invoice: Invoice) -> list[TimelineEntry]:
    """Return what a payer wants to know, newest first, without a word of the trade."""
    told = [_tell(record, FOR_PAYER) for record in _records(invoice)]
    mails = [
        TimelineEntry(message.created_at, *_told_payer(message), order=(TOLD, message.pk))
        for message in mailing.about(invoice).exclude(state=MessageState.DROPPED)
    ]
    return _sorted([item for item in told if item is not None] + mails)


def _told_payer(message: Message) -> tuple[str, str]:
    if message.channel == Channel.SMS:
        return _("Un SMS vous a été envoyé"), message.text
    return _("Un courriel vous a été envoyé"), message.subject


def agent_timeline(invoice: Invoice, *, with_bank: bool) -> list[TimelineEntry]:
    """Return everything, newest first; the bank's exchanges only for who may see the money."""
    records = list(_records(invoice))
    tasks = _tasks(invoice, records) if with_bank else {}
    told = [_tell(record, FOR_AGENTS, with_actor=True, tasks=tasks, issued_at=invoice.issued_at) for record in records]
    entries = [item for item in told if item is not None]
    entries += [_tell_message(message) for message in mailing.about(invoice)]
    if with_bank:
        entries += [
            _tell_exchange(item)
            for item in BankExchange.objects.filter(attempt__shares__invoice=invoice).select_related("attempt")
        ]
    return _sorted(entries)


def _records(invoice: Invoice) -> Iterable[Record]:
    sent_for = Q(invoice=invoice) | Q(attempt__shares__invoice=invoice)
    receipts = Receipt.objects.filter(sent_for).distinct().order_by("id")
    refunds = Refund.objects.filter(receipt__in=receipts).order_by("id")
    attempts = Attempt.objects.filter(shares__invoice=invoice).order_by("id")
    return audit_log.about(invoice, *attempts, *receipts, *refunds)


def _sorted(entries: list[TimelineEntry]) -> list[TimelineEntry]:
    """Put the newest first; of one instant, what was caused above what caused it."""
    return sorted(entries, key=lambda entry: (max(entry.at, entry.after or entry.at), *entry.order), reverse=True)


def _tasks(invoice: Invoice, records: Iterable[Record]) -> dict[tuple[str, str, int], Anomaly]:
    """Return what a person was asked to look at, by its kind and the thing whose story tells of it."""
    told = [record for record in records if record.verb.startswith("anomaly.")]
    if not told:
        return {}
    ids: dict[str, list[int]] = {}
    for record in told:
        ids.setdefault(record.subject_kind.partition(".")[2], []).append(record.subject_id)
    of_them = Q(pk__in=[])
    for name in ("attempt", "invoice", "receipt", "refund"):
        of_them |= Q(**{f"{name}__in": ids.get(name, [])})
    found: dict[tuple[str, str, int], Anomaly] = {}
    for anomaly in Anomaly.objects.filter(of_them).order_by("id"):
        for name in ("refund", "receipt", "invoice", "attempt"):
            key = (
                anomaly.kind,
                f"payments.{name}" if name != "invoice" else "billing.invoice",
                getattr(anomaly, f"{name}_id"),
            )
            if key[2] and (key not in found or anomaly.invoice_id == invoice.pk):
                found[key] = anomaly
    return found


def author(actor: Actor) -> str:
    """Name who did something as people say it: a machine by what it is, a bank by its name."""
    kind, _colon, code = actor.id.partition(":")
    if kind == "gateway":
        return BANKS.get(code, code)
    return _("Automatique") if actor.id == WORKER.id else actor.name


BANKS = {"payfip": "PayFiP", "sandbox": "Banque d’essai"}


def _tell(
    record: Record,
    words: dict[str, tuple[Formatter, str]],
    *,
    with_actor: bool = False,
    tasks: Mapping[tuple[str, str, int], Anomaly] | None = None,
    issued_at: datetime | None = None,
) -> TimelineEntry | None:
    if record.verb not in words:
        return None
    formatter, tone = words[record.verb]
    title, detail = formatter(record)
    if with_actor:
        detail = " · ".join(part for part in (detail, author(record.actor)) if part)
    asked = (tasks or {}).get((str(record.details.get("kind", "")), record.subject_kind, record.subject_id))
    after = issued_at if record.verb == "invoice.document" else None
    rank = BEFORE if record.verb == "attempt.open" else COUNTED if record.verb in MONEY_OF_INVOICE else DONE
    return TimelineEntry(
        record.at, title, detail, tone, anomaly=asked, part=_part(record), order=(rank, record.pk), after=after
    )


def _part(record: Record) -> StoryPart:
    if record.verb in ("reminder.send", "reminder.return") or record.details.get("kind") == Anomaly.Kind.UNDELIVERED:
        return StoryPart.MAILS
    money_moves = record.verb.startswith(MONEY_VERBS) or record.verb in MONEY_OF_INVOICE
    return StoryPart.MONEY if money_moves else StoryPart.CHANGES


def _tell_message(message: Message) -> TimelineEntry:
    title = _("Courriel « %(kind)s »") % {"kind": mailing.label_of(message.kind)}
    if message.channel == Channel.SMS:
        title = mailing.label_of(message.kind)
    detail = f"{message.to} – {state_label(message.state, message.channel)}"
    return TimelineEntry(
        message.created_at,
        title,
        detail,
        "refused" if message.state in (MessageState.FAILED, MessageState.BOUNCED) else "neutral",
        message=message,
        part=StoryPart.MAILS,
        order=(TOLD, message.pk),
    )


def _tell_exchange(exchange: BankExchange) -> TimelineEntry:
    title = _("Banque : %(kind)s") % {"kind": BankExchange.Kind(exchange.kind).label}
    return TimelineEntry(
        exchange.at,
        title,
        " – ".join(part for part in (exchange.attempt.reference, describe_outcome(exchange)) if part),
        "bank",
        exchange=exchange,
        part=StoryPart.MONEY,
        order=(ASKED, exchange.pk),
    )


def describe_outcome(exchange: BankExchange) -> str:
    """Say how a question to the bank ended: our word for it, then the bank's own."""
    ours, _space, theirs = exchange.outcome.partition(" ")
    words = {
        "created": _("paiement créé"),
        Status.PAID_BY_CARD: _("payé par carte"),
        Status.PAID_BY_DEBIT: _("payé par prélèvement"),
        Status.REFUSED: _("refusé"),
        Status.ABANDONED: _("abandonné"),
        Status.PENDING: _("pas encore de résultat"),
        Status.MISSING: _("inconnu de la banque"),
        Status.UNKNOWN: _("réponse inconnue"),
        "Unreachable": _("pas de réponse utilisable"),
        "Rejected": _("refus de la banque"),
    }
    said = words.get(ours, ours)
    return f"{said} ({theirs})" if theirs else said


def describe_end(attempt: Attempt) -> str:
    """Say what became of a try to pay, and where the money is, without a word of the bank's own."""
    state, nothing = AttemptState(attempt.state), _("Aucune somme n’a été prise.")
    words = {
        AttemptState.OPENING: _("Le paiement est demandé à la banque."),
        AttemptState.WAITING: _("Le payeur est à la banque, ou n’en est pas revenu : la banque n’a encore rien dit."),
        AttemptState.PAID: _("La banque a accepté le paiement."),
        AttemptState.REFUSED: _("La banque du payeur a refusé le paiement.") + " " + nothing,
        AttemptState.ABANDONED: _("Le payeur a quitté la page de la banque sans payer.") + " " + nothing,
        AttemptState.EXPIRED: _("Le payeur n’a pas payé dans le temps que la banque laisse."),
        AttemptState.FAILED: _("La banque n’a pas ouvert le paiement.") + " " + nothing,
        AttemptState.REVERSED: _("La banque avait accepté le paiement, puis l’a repris : la somme est de nouveau due."),
        AttemptState.TESTED: _("C’était un essai : rien n’est encaissé."),
    }
    return words[state]
