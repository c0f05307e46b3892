"""The words for what happened to an invoice and its money: to its payer in plain words, to agents completely."""

from collections.abc import Callable, Mapping
from datetime import date

from django.utils.translation import gettext as _, gettext_noop, ngettext

from obole.audit_log.models import Record
from obole.lib import dates, money
from obole.payments.models import Anomaly, Receipt, Reversal
from obole.payments.queries.accounts import Movement, MovementKind
from obole.payments.queries.years import YearPayment
from obole.payments.rules import AVOIR

Formatter = Callable[[Record], tuple[str, str]]
PRINTED = {
    "notice": gettext_noop("Facture imprimée, à poster"),
    "credit_note": gettext_noop("Avoir imprimé, à poster"),
    "reminder": gettext_noop("Relance imprimée"),
    "instalment": gettext_noop("Rappel d’un paiement de l’échéancier imprimé, à poster"),
    "other": gettext_noop("Avis imprimé, à poster"),
}
POSTED = {
    "notice": gettext_noop("Facture remise à l’affranchissement"),
    "credit_note": gettext_noop("Avoir remis à l’affranchissement"),
    "reminder": gettext_noop("Relance remise à l’affranchissement"),
    "instalment": gettext_noop("Rappel d’un paiement de l’échéancier remis à l’affranchissement"),
    "other": gettext_noop("Avis remis à l’affranchissement"),
}


def _amount(record: Record) -> str:
    return money.euros(int(record.details.get("cents", 0)))


def _fixed(title: str, detail: str = "") -> Formatter:
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


def _with_reason(title: str) -> Formatter:
    return lambda record: (_(title), str(record.details.get("reason", "")))


def _reminded(record: Record) -> tuple[str, str]:
    return _("Relance %(step)s") % {"step": record.details.get("step", "")}, ""


def _written(record: Record) -> tuple[str, str]:
    return _("Relance %(step)s, sur papier") % {"step": record.details.get("step", "")}, ""


def _posted(titles: Mapping[str, str]) -> Formatter:
    # Letters of before were of reminders alone, and did not say so.
    return lambda record: (_(titles[str(record.details.get("kind", "reminder"))]), "")


def _anomaly(record: Record) -> tuple[str, str]:
    kind = str(record.details.get("kind", ""))
    details = "" if kind == Anomaly.Kind.FREED else str(record.details.get("details", ""))
    if kind not in Anomaly.Kind.values:
        return _("À traiter"), details
    return _("À traiter : %(kind)s") % {"kind": Anomaly.Kind(kind).label}, details


def _reopened(record: Record) -> tuple[str, str]:
    return _("De nouveau à traiter"), _anomaly(record)[1]


def _given(record: Record) -> tuple[str, str]:
    name = str(record.details.get("after", ""))
    title = _("Tâche confiée à %(name)s") % {"name": name} if name else _("Tâche remise à tous")
    return title, _anomaly(record)[0]


def _closed(record: Record) -> tuple[str, str]:
    return _("Traité"), str(record.details.get("note", ""))


def _with_amount(title: str, *details: str) -> Formatter:
    def tell(record: Record) -> tuple[str, str]:
        said = (str(record.details.get(name, "")) for name in details)
        return _(title) % {"amount": _amount(record)}, " – ".join(item for item in said if item)

    return tell


def _back_for_payer(record: Record) -> tuple[str, str]:
    reason = str(record.details.get("reason", ""))
    if reason == AVOIR:
        return _("Votre paiement de %(amount)s n’est pas perdu") % {"amount": _amount(record)}, _(
            "La facture qu’il payait est annulée : il réglera une autre de vos factures, ou vous sera remboursé."
        )
    return _("Votre paiement de %(amount)s ne compte plus") % {"amount": _amount(record)}, reason


def _back_for_agents(title: str) -> Formatter:
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


def _returned(record: Record) -> tuple[str, str]:
    said = (str(record.details.get(name, "")) for name in ("reason", "reference"))
    title = _("Revenue du comptable public : %(amount)s") % {"amount": _amount(record)}
    return title, " – ".join(item for item in said if item)


def _titre(record: Record) -> tuple[str, str]:
    return _("Titre du comptable public : %(titre)s") % {"titre": record.details.get("titre", "")}, ""


def _answered(record: Record) -> tuple[str, str]:
    return _("Réponse à la contestation"), str(record.details.get("answer", ""))


def _agreed(record: Record) -> tuple[str, str]:
    said = ngettext("Échéancier convenu : %(n)d paiement", "Échéancier convenu : %(n)d paiements", _times(record))
    return said % {"n": _times(record)}, _("Le dernier est le %(day)s.") % {"day": _day(record, "until")}


def _times(record: Record) -> int:
    return int(record.details.get("times", 0))


def _held(record: Record) -> tuple[str, str]:
    whole = _("Relances de toutes les factures du payeur suspendues jusqu’au %(day)s")
    title = whole if record.details.get("of_payer") else _("Relances suspendues jusqu’au %(day)s")
    return title % {"day": _day(record, "until")}, str(record.details.get("reason", ""))


def _due_date(record: Record) -> str:
    return _("Échéance reportée au %(day)s") % {"day": _day(record, "after")}


def _due_date_for_payer(record: Record) -> tuple[str, str]:
    return _due_date(record), _("Elle remplace celle du %(day)s.") % {"day": _day(record, "before")}


def _due_date_for_agents(record: Record) -> tuple[str, str]:
    before = _("au lieu du %(day)s") % {"day": _day(record, "before")}
    return _due_date(record), f"{before} – {record.details.get('reason', '')}"


def _day(record: Record, name: str) -> str:
    return dates.format_short(date.fromisoformat(str(record.details[name])))


def _cancelled_for_agents(record: Record) -> tuple[str, str]:
    number = str(record.details.get("credit_note", ""))
    return (_("Annulée par l’avoir %(number)s") % {"number": number} if number else _("Facture annulée")), str(
        record.details.get("reason", "")
    )


FOR_PAYER: dict[str, tuple[Formatter, str]] = {
    "invoice.issue": (_fixed(gettext_noop("Facture déposée dans votre espace")), "info"),
    "invoice.settle": (_paid_for_payer, "done"),
    "invoice.part_paid": (_paid_for_payer, "done"),
    "invoice.cancel": (_with_reason(gettext_noop("Facture annulée")), "ended"),
    "invoice.transfer": (_fixed(gettext_noop("Facture transmise au comptable public")), "ended"),
    "invoice.due_date": (_due_date_for_payer, "info"),
    "dispute.report": (_fixed(gettext_noop("Vous avez signalé une erreur")), "info"),
    "dispute.answer": (_fixed(gettext_noop("Le service a répondu à votre signalement")), "info"),
    "agreement.make": (_agreed, "info"),
    "agreement.break": (_fixed(gettext_noop("Échéancier rompu : un paiement n’est pas arrivé")), "late"),
    "agreement.end": (_fixed(gettext_noop("Échéancier arrêté")), "neutral"),
    "invoice.redo": (_fixed(gettext_noop("La facture va être refaite")), "info"),
    "invoice.unsettle": (_back_for_payer, "late"),
    "invoice.taken_back": (_back_for_payer, "late"),
    "receipt.apply": (_with_amount(gettext_noop("Une somme déjà reçue a été comptée : %(amount)s")), "done"),
    "refund.done": (_with_amount(gettext_noop("Remboursement effectué : %(amount)s")), "done"),
    "refund.hand_over": (_with_amount(gettext_noop("Paiement reversé au comptable public : %(amount)s")), "done"),
    "invoice.return": (
        _with_reason(gettext_noop("Transmission annulée : facture de nouveau à payer à la régie")),
        "info",
    ),
    "line.titre": (_titre, "info"),
    "attempt.start": (_fixed(gettext_noop("Vous êtes parti payer sur le site de la banque")), "info"),
    "attempt.fail": (
        _fixed(gettext_noop("La banque n’a pas ouvert le paiement"), gettext_noop("Aucune somme n’a été débitée.")),
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
    "attempt.release": (
        _fixed(
            gettext_noop("La facture peut être payée de nouveau"),
            gettext_noop("La banque n’a pas encore répondu : si vous avez validé votre carte, ne payez pas deux fois."),
        ),
        "info",
    ),
}
FOR_AGENTS: dict[str, tuple[Formatter, str]] = {
    "invoice.due_date": (_due_date_for_agents, "info"),
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
    "anomaly.reopen": (_reopened, "late"),
    "invoice.transfer": (_fixed(gettext_noop("Transmise au comptable public")), "ended"),
    "invoice.return": (_returned, "late"),
    "line.titre": (_titre, "info"),
    "dispute.open": (_with_reason(gettext_noop("Contestée par le payeur")), "late"),
    "dispute.close": (_answered, "done"),
    "dispute.report": (_fixed(gettext_noop("Erreur signalée par le payeur")), "late"),
    "dispute.answer": (_fixed(gettext_noop("Réponse envoyée au payeur")), "done"),
    "agreement.make": (_agreed, "info"),
    "agreement.keep": (_fixed(gettext_noop("Échéancier tenu jusqu’au bout")), "done"),
    "agreement.break": (_fixed(gettext_noop("Échéancier rompu : un paiement n’est pas arrivé")), "late"),
    "agreement.end": (_fixed(gettext_noop("Échéancier arrêté")), "neutral"),
    "instalment.soon": (_fixed(gettext_noop("Paiement de l’échéancier rappelé")), "info"),
    "instalment.late": (_fixed(gettext_noop("Paiement de l’échéancier demandé, il est en retard")), "late"),
    "hold.place": (_held, "neutral"),
    "hold.lift": (_fixed(gettext_noop("Relances reprises")), "neutral"),
    "hold.end": (_fixed(gettext_noop("Suspension des relances terminée")), "neutral"),
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
    "reminder.write": (_written, "late"),
    "reminder.return": (
        _fixed(
            gettext_noop("Relance non lue : son courriel est revenu"),
            gettext_noop("Elle repart, sur papier s’il le faut."),
        ),
        "late",
    ),
    "letter.print": (_posted(PRINTED), "neutral"),
    "letter.post": (_posted(POSTED), "neutral"),
    "anomaly.open": (_anomaly, "late"),
    "anomaly.assign": (_given, "neutral"),
    "anomaly.close": (_closed, "done"),
}


def movement_title(movement: Movement) -> str:
    """Say what a movement of a payer's account is: « Facture ENF-2026-000012 », « Paiement n° … »."""
    words = {
        MovementKind.INVOICE: _("Facture %(number)s"),
        MovementKind.CREDIT_NOTE: _("Avoir %(number)s"),
        MovementKind.PAYMENT: _("Paiement n° %(number)s"),
        MovementKind.TAKEN_BACK: _("Paiement n° %(number)s repris"),
        MovementKind.REFUND: _("Remboursement du paiement n° %(number)s"),
        MovementKind.HANDED_OVER: _("Paiement n° %(number)s remis au comptable public"),
        MovementKind.TRANSFER: _("Facture %(number)s transmise au comptable public"),
        MovementKind.RETURN: _("Facture %(number)s revenue du comptable public"),
    }
    return words[movement.kind] % {"number": movement.number}


def kept_title(payment: YearPayment) -> str:
    """Say what became of money that is for no invoice of a year."""
    if payment.is_handed_over:
        return _("Remis au comptable public, à qui la facture est transmise")
    return _("Gardé par la régie, à compter pour une facture ou à rendre")
