"""What happened, as the timelines draw it."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from obole.audit_log import queries as audit_log
from obole.audit_log.models import Record
from obole.billing import queries
from obole.billing.models import Invoice, PlannedInstalment, SecurityDeposit
from obole.dossiers.models import Dossier
from obole.lib import money
from obole.payments.models import Refund
from obole.payments.timeline import StoryPart, TimelineEntry, author
from obole.ui.timeline import Event

TONES = {"bank": "to_pay", "info": "to_pay"}

DOSSIER_WORDS = {
    "dossier.submit": (gettext_lazy("Dossier déposé"), "info"),
    "dossier.file": (gettext_lazy("Dossier déposé au guichet"), "info"),
    "dossier.take": (gettext_lazy("Pris en charge"), "info"),
    "dossier.release": (gettext_lazy("Remis à tous"), "info"),
    "dossier.ask_complement": (gettext_lazy("Complément demandé"), "late"),
    "dossier.complete": (gettext_lazy("Complété par l’usager"), "info"),
    "dossier.complete_for": (gettext_lazy("Complété au guichet"), "info"),
    "dossier.accept": (gettext_lazy("Accepté"), "done"),
    "dossier.reject": (gettext_lazy("Refusé"), "refused"),
    "dossier.withdraw": (gettext_lazy("Retiré par l’usager"), "ended"),
    "dossier.close": (gettext_lazy("Clos"), "ended"),
    "dossier.reopen": (gettext_lazy("Rouvert"), "info"),
    "dossier.reconsider": (gettext_lazy("Refus repris : de nouveau en instruction"), "late"),
    "dossier.assign": (gettext_lazy("Confié à un agent"), "info"),
    "dossier.note": (gettext_lazy("Note écrite"), "neutral"),
    "dossier.date_answer": (gettext_lazy("Réponse changée à une date"), "neutral"),
    "dossier.quantity": (gettext_lazy("Quantité corrigée"), "neutral"),
    "consumption.book": (gettext_lazy("Réservation changée"), "neutral"),
    "consumption.announce_absence": (gettext_lazy("Absence notée"), "neutral"),
    "consumption.cancel_absence": (gettext_lazy("Absence annulée"), "neutral"),
    "consumption.enrol": (gettext_lazy("Jours d’inscription changés"), "neutral"),
    "invoice.issue": (gettext_lazy("Facture émise et déposée"), "info"),
    "invoice.settle": (gettext_lazy("Facture soldée"), "done"),
    "invoice.part_paid": (gettext_lazy("Facture payée en partie"), "done"),
    "invoice.cancel": (gettext_lazy("Facture annulée"), "ended"),
    "invoice.transfer": (gettext_lazy("Facture transmise au comptable public"), "ended"),
    "part.move": (gettext_lazy("Part prévue un autre jour"), "info"),
    "part.abandon": (gettext_lazy("Part abandonnée"), "ended"),
}

CAUTION_WORDS = {
    "caution.ask": (gettext_lazy("Caution demandée"), "to_pay"),
    "caution.receive": (gettext_lazy("Caution reçue"), "in_progress"),
    "caution.give_back": (gettext_lazy("Caution restituée"), "done"),
    "caution.keep": (gettext_lazy("Caution retenue"), "late"),
    "caution.drop": (gettext_lazy("Caution sans objet"), "ended"),
}

_WORDS = {**DOSSIER_WORDS, **CAUTION_WORDS}

REFUND_WORDS = {
    "refund.approve": (gettext_lazy("Approuvé par une seconde personne"), "in_progress"),
    "refund.complete": (gettext_lazy("Remboursement effectué"), "done"),
    "refund.give_up": (gettext_lazy("Remboursement abandonné"), "ended"),
}


def of_invoice(entries: Iterable[TimelineEntry], *, part: str = "") -> list[Event]:
    """
    Return the story of an invoice, with the way to the mails, to what is to be done and to the bank's own words.

    :param part: what to tell of it, of ``StoryPart``; anything else: all of it.
    """
    wanted = part if part in StoryPart.values else ""
    return [_event(entry) for entry in entries if not wanted or entry.part == wanted]


def parts_of_story(asked: str) -> list[tuple[str, str, bool]]:
    """Return the parts that a story may be asked for: what the address says, the words, whether it is this one."""
    known = asked if asked in StoryPart.values else ""
    parts = [("", _("Tout")), *((value, str(label)) for value, label in StoryPart.choices)]
    return [(value, label, value == known) for value, label in parts]


def of_dossier(dossier: Dossier, invoices: Iterable[Invoice]) -> list[Event]:
    """Return the story of a dossier and of its invoices, newest first."""
    numbers = {invoice.pk: str(invoice) for invoice in invoices}
    beside = [
        *PlannedInstalment.objects.filter(plan__dossier=dossier).order_by("id"),
        *queries.security_deposits_of(dossier),
    ]
    subjects = [dossier, *Invoice.objects.filter(pk__in=numbers).order_by("id"), *beside]
    told = (_beside(record) or _told(record, numbers) for record in audit_log.about(*subjects) if record.verb in _WORDS)
    return list(told)


def of_refund(refund: Refund) -> list[Event]:
    """
    Return the story of a refund, newest first: who asked, who approved, who wrote that it was paid, who gave it up.
    """
    told = [_refund_step(record) for record in audit_log.about(refund) if record.verb in REFUND_WORDS]
    detail = f"{refund.requested_by} · {refund.reason}"
    return [*told, Event(refund.requested_at, _("Remboursement demandé"), detail, "late")]


def _beside(record: Record) -> Event | None:
    """Return what happened to a caution, as its own story tells it."""
    return _caution_step(record) if record.verb in CAUTION_WORDS else None


def of_caution(caution: SecurityDeposit) -> list[Event]:
    """Return the story of a caution, newest first."""
    return [_caution_step(record) for record in audit_log.about(caution) if record.verb in CAUTION_WORDS]


def _caution_step(record: Record) -> Event:
    title, tone = CAUTION_WORDS[record.verb]
    details = record.details
    means = str(SecurityDeposit.Means(details["means"]).label) if details.get("means") else ""
    kept = money.euros(details["cents"]) if record.verb == "caution.keep" else ""
    said = (kept, means, str(details.get("reference", "")), str(details.get("reason", "")), author(record.actor))
    return Event(record.at, str(title), " · ".join(item for item in said if item), tone)


def _refund_step(record: Record) -> Event:
    title, tone = REFUND_WORDS[record.verb]
    said = [
        author(record.actor),
        *(str(record.details[name]) for name in ("mandate", "reason") if record.details.get(name)),
    ]
    return Event(record.at, str(title), " · ".join(said), tone)


def _event(entry: TimelineEntry) -> Event:
    url, label = "", ""
    if entry.exchange is not None:
        url, label = reverse("crm:exchange", args=[entry.exchange.pk]), _("échange brut")
    elif entry.anomaly is not None:
        url, label = reverse("crm:task", args=[entry.anomaly.pk]), _("voir la tâche")
    elif entry.message is not None:
        url, label = reverse("crm:message", args=[entry.message.pk]), _("lire le courriel")
    return Event(entry.at, entry.title, entry.detail, TONES.get(entry.tone, entry.tone), url, label)


def _told(record: Record, numbers: dict[int, str]) -> Event:
    title, tone = DOSSIER_WORDS[record.verb]
    details = record.details
    about_invoice = record.subject_kind == "billing.invoice"
    parts = [
        numbers.get(record.subject_id, "") if about_invoice else "",
        str(details.get("reason", "")),
        " → ".join(filter(None, (details["before"], details["after"]))) if record.verb == "dossier.assign" else "",
        "{}\u00a0: {} → {}".format(details["product"], details["before"], details["after"])
        if "product" in details
        else "",
        author(record.actor),
    ]
    url = reverse("crm:invoice", args=[record.subject_id]) if about_invoice else ""
    return Event(
        record.at,
        str(title),
        " · ".join(part for part in parts if part),
        TONES.get(tone, tone),
        url,
        _("voir la facture"),
    )
