"""What happened to an invoice, told: to its payer in plain words, to agents completely."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from obole.billing.models import Invoice
from obole.gateways.base import Status
from obole.lib import money
from obole.mailing import queries as mailing
from obole.mailing.defaults import KINDS
from obole.mailing.models import Message
from obole.mailing.states import MessageState
from obole.payments.models import Anomaly, Attempt, BankExchange, Receipt, Refund, Reversal
from obole.payments.rules import AVOIR
from obole.trail import queries as trail
from obole.trail.models import Record


@dataclass(frozen=True)
class Happening:
    """One line of a story. ``exchange`` leads agents who may to the bank's own words."""

    at: datetime
    title: str
    detail: str = ""
    tone: str = "neutral"
    exchange: BankExchange | None = None
    message: Message | None = None


Teller = Callable[[Record], tuple[str, str]]


def for_payer(invoice: Invoice) -> list[Happening]:
    """Return what a payer wants to know, newest first, without a word of the trade."""
    told = [_tell(record, _FOR_PAYER) for record in _records(invoice)]
    mails = [
        Happening(message.created_at, _("Un courriel vous a été envoyé"), message.subject)
        for message in mailing.about(invoice).exclude(state=MessageState.DROPPED)
    ]
    return _sorted([one for one in told if one is not None] + mails)


def for_agents(invoice: Invoice, *, with_bank: bool) -> list[Happening]:
    """Return everything, newest first; the bank's exchanges only for who may see the money."""
    told = [_tell(record, _FOR_AGENTS, with_actor=True) for record in _records(invoice)]
    happenings = [one for one in told if one is not None]
    happenings += [_tell_message(message) for message in mailing.about(invoice)]
    if with_bank:
        happenings += [
            _tell_exchange(one)
            for one in BankExchange.objects.filter(attempt__shares__invoice=invoice).select_related("attempt")
        ]
    return _sorted(happenings)


def _records(invoice: Invoice) -> Iterable[Record]:
    sent_for = Q(invoice=invoice) | Q(attempt__shares__invoice=invoice)
    receipts = Receipt.objects.filter(sent_for).distinct().order_by("id")
    refunds = Refund.objects.filter(receipt__in=receipts).order_by("id")
    attempts = Attempt.objects.filter(shares__invoice=invoice).order_by("id")
    return trail.about(invoice, *attempts, *receipts, *refunds)


def _sorted(happenings: list[Happening]) -> list[Happening]:
    return sorted(happenings, key=lambda one: one.at, reverse=True)


def _tell(record: Record, words: dict[str, tuple[Teller, str]], *, with_actor: bool = False) -> Happening | None:
    if record.verb not in words:
        return None
    teller, tone = words[record.verb]
    title, detail = teller(record)
    if with_actor:
        detail = " · ".join(part for part in (detail, record.actor) if part)
    return Happening(record.at, title, detail, tone)


def _tell_message(message: Message) -> Happening:
    kind = KINDS[message.kind].label if message.kind in KINDS else message.kind
    title = _("Courriel « %(kind)s »") % {"kind": kind}
    return Happening(
        message.created_at, title, f"{message.to} – {MessageState(message.state).label}", "neutral", message=message
    )


def _tell_exchange(exchange: BankExchange) -> Happening:
    title = _("Banque : %(kind)s") % {"kind": BankExchange.Kind(exchange.kind).label}
    return Happening(
        exchange.at,
        title,
        " – ".join(part for part in (exchange.attempt.reference, outcome_in_words(exchange)) if part),
        "bank",
        exchange=exchange,
    )


def outcome_in_words(exchange: BankExchange) -> str:
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


def _amount(record: Record) -> str:
    return money.euros(int(record.details.get("cents", 0)))


def _fixed(title: str, detail: str = "") -> Teller:
    return lambda record: (_(title), _(detail) if detail else "")


def _paid_for_payer(record: Record) -> tuple[str, str]:
    return _("Paiement reçu : %(amount)s") % {"amount": _amount(record)}, ""


def _paid_for_agents(record: Record) -> tuple[str, str]:
    title = _("Paiement accepté : %(amount)s") % {"amount": _amount(record)}
    place = _("crédités à la régie") if record.details.get("matched") else _("portés en recettes à classer")
    return title, _("%(place)s, écriture n° %(entry)s") % {"place": place, "entry": record.details.get("entry", "")}


def _issued_for_agents(record: Record) -> tuple[str, str]:
    return _("Facture émise et déposée"), f"{record.details.get('number', '')} – {_amount(record)}"


def _opened(record: Record) -> tuple[str, str]:
    return _("Tentative ouverte"), _("référence %(reference)s") % {"reference": record.details.get("reference", "")}


def _failed(record: Record) -> tuple[str, str]:
    return _("La banque n’a pas ouvert le paiement"), str(record.details.get("error", ""))


def _with_reason(title: str) -> Teller:
    return lambda record: (_(title), str(record.details.get("reason", "")))


def _reminded(record: Record) -> tuple[str, str]:
    return _("Relance %(step)s") % {"step": record.details.get("step", "")}, ""


def _anomaly(record: Record) -> tuple[str, str]:
    kind = str(record.details.get("kind", ""))
    details = "" if kind == Anomaly.Kind.FREED else str(record.details.get("details", ""))
    if kind not in Anomaly.Kind.values:
        return _("À traiter"), details
    return _("À traiter : %(kind)s") % {"kind": Anomaly.Kind(kind).label}, details


def _closed(record: Record) -> tuple[str, str]:
    return _("Traité"), str(record.details.get("note", ""))


def _with_amount(title: str, *details: str) -> Teller:
    def tell(record: Record) -> tuple[str, str]:
        said = (str(record.details.get(name, "")) for name in details)
        return _(title) % {"amount": _amount(record)}, " – ".join(one for one in said if one)

    return tell


def _back_for_payer(record: Record) -> tuple[str, str]:
    reason = str(record.details.get("reason", ""))
    if reason == AVOIR:
        return _("Votre paiement de %(amount)s n’est pas perdu") % {"amount": _amount(record)}, _(
            "La facture qu’il payait est annulée : il réglera une autre de vos factures, ou vous sera remboursé."
        )
    return _("Votre paiement de %(amount)s ne compte plus") % {"amount": _amount(record)}, reason


def _back_for_agents(title: str) -> Teller:
    def tell(record: Record) -> tuple[str, str]:
        reason = str(record.details.get("reason", ""))
        freed = reason == AVOIR
        said = _("Mis en recettes à classer : %(amount)s") if freed else _(title)
        return said % {"amount": _amount(record)}, _("la facture est annulée") if freed else reason

    return tell


def _taken(record: Record) -> tuple[str, str]:
    means = Receipt.Means(str(record.details.get("means", "cash"))).label
    title = _("Encaissé au guichet : %(amount)s") % {"amount": _amount(record)}
    return title, _("%(means)s, quittance %(number)s") % {"means": means, "number": record.details.get("number", "")}


def _reversed(record: Record) -> tuple[str, str]:
    kind = Reversal.Kind(str(record.details.get("kind", Reversal.Kind.REJECTED))).label
    title = _("%(kind)s : %(amount)s") % {"kind": kind, "amount": _amount(record)}
    return title, str(record.details.get("reason", ""))


def _cancelled_for_agents(record: Record) -> tuple[str, str]:
    number = str(record.details.get("credit_note", ""))
    return (_("Annulée par l’avoir %(number)s") % {"number": number} if number else _("Facture annulée")), str(
        record.details.get("reason", "")
    )


_FOR_PAYER: dict[str, tuple[Teller, str]] = {
    "invoice.issue": (_fixed(gettext_noop("Facture déposée dans votre espace")), "info"),
    "invoice.settle": (_paid_for_payer, "done"),
    "invoice.part_paid": (_paid_for_payer, "done"),
    "invoice.cancel": (_with_reason(gettext_noop("Facture annulée")), "ended"),
    "invoice.transfer": (_fixed(gettext_noop("Facture transmise au comptable public")), "ended"),
    "invoice.redo": (_fixed(gettext_noop("La facture va être refaite")), "info"),
    "invoice.unsettle": (_back_for_payer, "late"),
    "invoice.taken_back": (_back_for_payer, "late"),
    "receipt.apply": (_with_amount(gettext_noop("Une somme déjà reçue a été comptée : %(amount)s")), "done"),
    "refund.done": (_with_amount(gettext_noop("Remboursement par le comptable public : %(amount)s")), "done"),
    "attempt.start": (_fixed(gettext_noop("Vous êtes parti payer sur le site de la banque")), "info"),
    "attempt.fail": (
        _fixed(gettext_noop("La banque n’a pas répondu"), gettext_noop("Aucune somme n’a été débitée.")),
        "refused",
    ),
    "attempt.refuse": (
        _fixed(gettext_noop("Paiement refusé par votre banque"), gettext_noop("Aucune somme n’a été débitée.")),
        "refused",
    ),
    "attempt.abandon": (
        _fixed(gettext_noop("Paiement abandonné"), gettext_noop("Aucune somme n’a été débitée.")),
        "neutral",
    ),
    "attempt.release": (_fixed(gettext_noop("La facture peut être payée de nouveau")), "info"),
}
_FOR_AGENTS: dict[str, tuple[Teller, str]] = {
    "invoice.issue": (_issued_for_agents, "info"),
    "invoice.settle": (_fixed(gettext_noop("Facture soldée")), "done"),
    "invoice.part_paid": (_fixed(gettext_noop("Facture payée en partie")), "done"),
    "invoice.cancel": (_cancelled_for_agents, "ended"),
    "invoice.draft": (_fixed(gettext_noop("Brouillon préparé")), "neutral"),
    "invoice.correct": (_with_amount(gettext_noop("Brouillon corrigé : %(amount)s")), "neutral"),
    "invoice.redo": (_fixed(gettext_noop("Nouveau brouillon préparé pour la remplacer")), "info"),
    "invoice.redo_given_up": (_fixed(gettext_noop("Le brouillon qui la remplaçait a été abandonné")), "ended"),
    "invoice.unsettle": (_back_for_agents(gettext_noop("De nouveau à payer : %(amount)s")), "late"),
    "invoice.taken_back": (_back_for_agents(gettext_noop("Somme reprise : %(amount)s")), "late"),
    "receipt.take": (_taken, "done"),
    "receipt.apply": (
        _with_amount(gettext_noop("Imputé depuis les recettes à classer : %(amount)s"), "number", "reason"),
        "done",
    ),
    "receipt.reverse": (_reversed, "refused"),
    "attempt.reverse": (_reversed, "refused"),
    "refund.request": (_with_amount(gettext_noop("Remboursement demandé : %(amount)s"), "reason"), "info"),
    "refund.approve": (_with_amount(gettext_noop("Remboursement approuvé : %(amount)s")), "info"),
    "refund.complete": (_with_amount(gettext_noop("Remboursé par le comptable : %(amount)s"), "mandate"), "done"),
    "refund.give_up": (_with_amount(gettext_noop("Remboursement abandonné : %(amount)s"), "reason"), "ended"),
    "anomaly.reopen": (_fixed(gettext_noop("De nouveau à traiter")), "late"),
    "invoice.transfer": (_fixed(gettext_noop("Transmise au comptable public")), "ended"),
    "invoice.document": (_fixed(gettext_noop("PDF produit et conservé")), "neutral"),
    "attempt.open": (_opened, "info"),
    "attempt.start": (_fixed(gettext_noop("Usager envoyé à la banque")), "info"),
    "attempt.fail": (_failed, "refused"),
    "attempt.pay": (_paid_for_agents, "done"),
    "attempt.refuse": (
        _fixed(gettext_noop("Paiement refusé"), gettext_noop("La facture est revenue à « À payer ».")),
        "refused",
    ),
    "attempt.abandon": (
        _fixed(gettext_noop("Paiement abandonné par l’usager"), gettext_noop("La facture est revenue à « À payer ».")),
        "neutral",
    ),
    "attempt.expire": (_fixed(gettext_noop("Tentative expirée")), "ended"),
    "attempt.test": (_fixed(gettext_noop("Paiement d’essai réussi, rien n’est encaissé")), "neutral"),
    "attempt.release": (_fixed(gettext_noop("Facture débloquée, l’ancienne tentative reste surveillée")), "info"),
    "reminder.send": (_reminded, "late"),
    "anomaly.open": (_anomaly, "late"),
    "anomaly.close": (_closed, "done"),
}
