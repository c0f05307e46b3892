"""What citizens read about where things stand: no word of the trade."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

from obole.audit_log import queries as audit_log
from obole.audit_log.models import Record
from obole.billing.models import Invoice
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.gateways import registry
from obole.lib import money
from obole.payments import timeline
from obole.payments.display_status import DisplayStatus, InvoiceDisplay
from obole.payments.models import Attempt
from obole.payments.operations import starting
from obole.payments.operations.starting import OnlineObstacle
from obole.payments.states import AttemptState
from obole.portal.outages import Outages
from obole.ui.timeline import Event

Words = str | Promise


@dataclass(frozen=True)
class DossierStatus:
    """How an application is shown, and what comes next."""

    label: Words
    tone: str
    icon: str
    next: Words


_LOOKS = {
    DossierState.DRAFT: DossierStatus(
        gettext_lazy("Brouillon"), "ended", "edit", gettext_lazy("Cette demande n’est pas envoyée.")
    ),
    DossierState.SUBMITTED: DossierStatus(
        gettext_lazy("Déposée"), "to_pay", "inbox", gettext_lazy("Un agent va examiner votre demande.")
    ),
    DossierState.IN_REVIEW: DossierStatus(
        gettext_lazy("En cours d’examen"), "in_progress", "clock", gettext_lazy("Un agent examine votre demande.")
    ),
    DossierState.INCOMPLETE: DossierStatus(
        gettext_lazy("À compléter"), "late", "alert", gettext_lazy("Il manque un élément : complétez votre demande.")
    ),
    DossierState.ACCEPTED: DossierStatus(
        gettext_lazy("Acceptée"), "done", "check", gettext_lazy("Votre demande est acceptée.")
    ),
    DossierState.REJECTED: DossierStatus(
        gettext_lazy("Refusée"), "refused", "cross", gettext_lazy("Votre demande n’a pas pu être acceptée.")
    ),
    DossierState.WITHDRAWN: DossierStatus(
        gettext_lazy("Retirée"), "ended", "ban", gettext_lazy("Vous avez retiré cette demande.")
    ),
    DossierState.CLOSED: DossierStatus(
        gettext_lazy("Terminée"), "ended", "check", gettext_lazy("Cette demande est terminée.")
    ),
}

_TOLD = {
    "dossier.submit": (gettext_lazy("Demande déposée"), "to_pay"),
    "dossier.file": (gettext_lazy("Demande déposée pour vous au guichet"), "to_pay"),
    "dossier.take": (gettext_lazy("Un agent examine votre demande"), "in_progress"),
    "dossier.release": (gettext_lazy("Un autre agent va examiner votre demande"), "in_progress"),
    "dossier.ask_complement": (gettext_lazy("Un élément vous a été demandé"), "late"),
    "dossier.complete": (gettext_lazy("Vous avez complété votre demande"), "to_pay"),
    "dossier.complete_for": (gettext_lazy("Demande complétée au guichet"), "to_pay"),
    "dossier.accept": (gettext_lazy("Demande acceptée"), "done"),
    "dossier.reject": (gettext_lazy("Demande refusée"), "refused"),
    "dossier.withdraw": (gettext_lazy("Demande retirée"), "ended"),
    "dossier.close": (gettext_lazy("Demande terminée"), "ended"),
    "dossier.reopen": (gettext_lazy("Demande rouverte"), "done"),
    "dossier.reconsider": (gettext_lazy("Le refus est repris : votre demande est de nouveau examinée"), "in_progress"),
}

_RETURNS = {
    AttemptState.PAID: gettext_lazy("Paiement reçu"),
    AttemptState.REFUSED: gettext_lazy("Paiement refusé par votre banque"),
    AttemptState.ABANDONED: gettext_lazy("Paiement abandonné"),
    AttemptState.TESTED: gettext_lazy("Paiement d’essai réussi"),
    AttemptState.EXPIRED: gettext_lazy("Paiement non abouti"),
    AttemptState.FAILED: gettext_lazy("Paiement non commencé"),
    AttemptState.REVERSED: gettext_lazy("Paiement rejeté par votre banque"),
}

_TONES = {"info": "to_pay"}


def dossier_status(dossier: Dossier) -> DossierStatus:
    """Return how an application is shown."""
    return _LOOKS[DossierState(dossier.state)]


def invoice_status(shown: InvoiceDisplay) -> str:
    """Return the word for where an invoice stands, for its payer."""
    return _("Paiement en cours") if shown.status == DisplayStatus.IN_PROGRESS else str(shown.status.label)


def dossier_timeline(dossier: Dossier) -> list[Event]:
    """Return what happened to an application, newest first."""
    return [_dossier_event(record) for record in audit_log.about(dossier) if record.verb in _TOLD]


def invoice_timeline(invoice: Invoice) -> list[Event]:
    """Return what happened to an invoice, newest first."""
    return [
        Event(item.at, item.title, item.detail, _TONES.get(item.tone, item.tone))
        for item in timeline.payer_timeline(invoice)
    ]


def why_not_online(invoice: Invoice, outages: Outages) -> str:
    """Say why this due invoice cannot be paid online; nothing if it can."""
    obstacle = starting.obstacle_of(invoice)
    if obstacle is None and outages.stops(invoice):
        return _("Paiement en ligne interrompu pour le moment : cette facture reste à payer.")
    return "" if obstacle is None else obstacle_text(obstacle, invoice)


def why_not_payable(shown: InvoiceDisplay, outages: Outages) -> str:
    """Say why an invoice cannot be paid online, that money waits for it included; nothing if it can."""
    if shown.is_due and shown.money_waits:
        return str(_OBSTACLES[OnlineObstacle.MONEY_WAITS])
    return why_not_online(shown.invoice, outages)


def return_title(attempt: Attempt, *, silent: bool) -> str:
    """Return the heading of the page that a payer comes back to; ``silent``: the bank was asked and said nothing."""
    if attempt.state in _RETURNS:
        return str(_RETURNS[AttemptState(attempt.state)])
    return _("La banque ne répond pas pour l’instant") if silent else _("Paiement en cours de confirmation")


def why_not_opened(attempt: Attempt) -> str:
    """Say what became of an attempt that the bank did not open, and what can be done."""
    if is_address_refused(attempt):
        return _("La banque refuse cette adresse électronique. Aucune somme n’a été débitée : donnez-en une autre.")
    if attempt.bank_said:
        return _(
            "La banque refuse d’ouvrir ce paiement. Aucune somme n’a été débitée, et le service est prévenu : revenez"
            " plus tard, ou réglez auprès du service, comme l’indique le document."
        )
    return _("La banque ne répond pas. Aucune somme n’a été débitée : réessayez dans quelques minutes.")


def too_many_at_once() -> str:
    """Say that too many wait for the bank for one more to leave."""
    return _(
        "La banque est très lente en ce moment. Rien n’a commencé et rien n’est débité : réessayez dans un instant."
    )


def is_address_refused(attempt: Attempt) -> bool:
    """Tell whether the bank opened nothing because of the address that the payer gave."""
    return attempt.state == AttemptState.FAILED and registry.is_of_payer(attempt.gateway, attempt.bank_said)


def obstacle_text(obstacle: OnlineObstacle, invoice: Invoice) -> str:
    """Say what stands in the way of paying online, and what can be done."""
    limits = registry.GATEWAYS[invoice.regie.gateway].limits
    if obstacle == OnlineObstacle.TOO_SMALL:
        return _(
            "Les paiements en ligne commencent à %(amount)s : réglez cette facture auprès du service, "
            "comme l’indique le document."
        ) % {"amount": money.euros(limits.min_cents)}
    if obstacle == OnlineObstacle.TOO_LARGE:
        return _(
            "Les paiements en ligne s’arrêtent à %(amount)s : réglez cette facture auprès du service, "
            "comme l’indique le document."
        ) % {"amount": money.euros(limits.max_cents)}
    return str(_OBSTACLES[obstacle])


_OBSTACLES = {
    OnlineObstacle.NOT_DUE: gettext_lazy("Cette facture n’est plus à payer ici."),
    OnlineObstacle.REGIE_CLOSED: gettext_lazy(
        "Le paiement en ligne est fermé pour le moment. Vous pouvez régler cette facture auprès du service, "
        "comme l’indique le document, ou revenir plus tard."
    ),
    OnlineObstacle.MEANS: gettext_lazy(
        "Cette régie ne prend pas la carte en ligne : réglez cette facture auprès du service, comme l’indique le"
        " document."
    ),
    OnlineObstacle.BANK_DOWN: gettext_lazy(
        "Le paiement n’a pas commencé et rien n’a été débité : le service de paiement ne répond pas. La facture reste à"
        " payer : revenez plus tard, ou réglez-la auprès du service, comme l’indique le document."
    ),
    OnlineObstacle.MONEY_WAITS: gettext_lazy(
        "De l’argent déjà reçu pour cette facture attend d’être compté : le service vérifie. Ne payez pas une seconde"
        " fois."
    ),
    OnlineObstacle.APART: gettext_lazy("Ces factures ne peuvent pas être payées ensemble : payez-les une par une."),
    OnlineObstacle.EMAIL: gettext_lazy(
        "La banque a besoin d’une adresse électronique de 80 caractères au plus, sans accent, par exemple"
        " nom@exemple.fr."
    ),
}


def _dossier_event(record: Record) -> Event:
    title, tone = _TOLD[record.verb]
    return Event(record.at, str(title), str(record.details.get("reason", "")), tone)
