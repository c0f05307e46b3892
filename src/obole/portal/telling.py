"""What citizens read about where things stand: no word of the trade."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from obole.billing.models import Invoice
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.gateways import registry
from obole.lib import money
from obole.payments import history
from obole.payments.models import Attempt
from obole.payments.operations import opening
from obole.payments.operations.opening import Obstacle
from obole.payments.standing import Shown, Standing
from obole.payments.states import AttemptState
from obole.portal.outages import Outages
from obole.trail import queries as trail
from obole.trail.models import Record
from obole.ui.timeline import Event

Words = str | Promise


@dataclass(frozen=True)
class DossierLook:
    """How an application is shown, and what comes next."""

    label: Words
    tone: str
    icon: str
    next: Words


_LOOKS = {
    DossierState.DRAFT: DossierLook(
        gettext_lazy("Brouillon"), "ended", "edit", gettext_lazy("Cette demande n’est pas envoyée.")
    ),
    DossierState.SUBMITTED: DossierLook(
        gettext_lazy("Déposée"), "to_pay", "inbox", gettext_lazy("Un agent va examiner votre demande.")
    ),
    DossierState.IN_REVIEW: DossierLook(
        gettext_lazy("En cours d’examen"), "in_progress", "clock", gettext_lazy("Un agent examine votre demande.")
    ),
    DossierState.INCOMPLETE: DossierLook(
        gettext_lazy("À compléter"), "late", "alert", gettext_lazy("Il manque un élément : complétez votre demande.")
    ),
    DossierState.ACCEPTED: DossierLook(
        gettext_lazy("Acceptée"), "done", "check", gettext_lazy("Votre demande est acceptée.")
    ),
    DossierState.REJECTED: DossierLook(
        gettext_lazy("Refusée"), "refused", "cross", gettext_lazy("Votre demande n’a pas pu être acceptée.")
    ),
    DossierState.WITHDRAWN: DossierLook(
        gettext_lazy("Retirée"), "ended", "ban", gettext_lazy("Vous avez retiré cette demande.")
    ),
    DossierState.CLOSED: DossierLook(
        gettext_lazy("Terminée"), "ended", "check", gettext_lazy("Cette demande est terminée.")
    ),
}

_TOLD = {
    "dossier.submit": (gettext_lazy("Demande déposée"), "to_pay"),
    "dossier.take": (gettext_lazy("Un agent examine votre demande"), "in_progress"),
    "dossier.ask_complement": (gettext_lazy("Un élément vous a été demandé"), "late"),
    "dossier.complete": (gettext_lazy("Vous avez complété votre demande"), "to_pay"),
    "dossier.accept": (gettext_lazy("Demande acceptée"), "done"),
    "dossier.reject": (gettext_lazy("Demande refusée"), "refused"),
    "dossier.withdraw": (gettext_lazy("Demande retirée"), "ended"),
    "dossier.close": (gettext_lazy("Demande terminée"), "ended"),
}

_RETURNS = {
    AttemptState.PAID: gettext_lazy("Paiement reçu"),
    AttemptState.REFUSED: gettext_lazy("Paiement refusé par votre banque"),
    AttemptState.ABANDONED: gettext_lazy("Paiement abandonné"),
    AttemptState.TESTED: gettext_lazy("Paiement d’essai réussi"),
    AttemptState.EXPIRED: gettext_lazy("Paiement non abouti"),
    AttemptState.FAILED: gettext_lazy("Paiement non commencé"),
}

_TONES = {"info": "to_pay"}


def look_of(dossier: Dossier) -> DossierLook:
    """Return how an application is shown."""
    return _LOOKS[DossierState(dossier.state)]


def standing_of(shown: Shown) -> str:
    """Return the word for where an invoice stands, for its payer."""
    return _("Paiement en cours") if shown.standing == Standing.IN_PROGRESS else str(shown.standing.label)


def story_of_dossier(dossier: Dossier) -> list[Event]:
    """Return what happened to an application, newest first."""
    return [_dossier_event(record) for record in trail.about(dossier) if record.verb in _TOLD]


def story_of_invoice(invoice: Invoice) -> list[Event]:
    """Return what happened to an invoice, newest first."""
    return [Event(one.at, one.title, one.detail, _TONES.get(one.tone, one.tone)) for one in history.for_payer(invoice)]


def why_not_online(invoice: Invoice, outages: Outages) -> str:
    """Say why this due invoice cannot be paid online; nothing if it can."""
    obstacle = opening.obstacle_of(invoice)
    if obstacle is None and outages.stops(invoice):
        return _("Paiement en ligne interrompu pour le moment : cette facture reste à payer.")
    return "" if obstacle is None else sentence_for(obstacle, invoice)


def title_of_return(attempt: Attempt, *, silent: bool) -> str:
    """Return the heading of the page that a payer comes back to; ``silent``: the bank was asked and said nothing."""
    if attempt.state in _RETURNS:
        return str(_RETURNS[AttemptState(attempt.state)])
    return _("La banque ne répond pas pour l’instant") if silent else _("Paiement en cours de confirmation")


def sentence_for(obstacle: Obstacle, invoice: Invoice) -> str:
    """Say what stands in the way of paying online, and what can be done."""
    limits = registry.GATEWAYS[invoice.regie.gateway].limits
    if obstacle == Obstacle.TOO_SMALL:
        return _(
            "Les paiements en ligne commencent à %(amount)s : réglez cette facture auprès du service, "
            "comme l’indique le document."
        ) % {"amount": money.euros(limits.min_cents)}
    if obstacle == Obstacle.TOO_LARGE:
        return _(
            "Les paiements en ligne s’arrêtent à %(amount)s : réglez cette facture auprès du service, "
            "comme l’indique le document."
        ) % {"amount": money.euros(limits.max_cents)}
    return str(_OBSTACLES[obstacle])


_OBSTACLES = {
    Obstacle.NOT_DUE: gettext_lazy("Cette facture n’est plus à payer ici."),
    Obstacle.REGIE_CLOSED: gettext_lazy(
        "Le paiement en ligne est fermé pour le moment. Vous pouvez régler cette facture auprès du service, "
        "comme l’indique le document, ou revenir plus tard."
    ),
    Obstacle.BANK_DOWN: gettext_lazy(
        "Le paiement n’a pas commencé et rien n’a été débité : le service de paiement ne répond pas. La facture reste à "
        "payer : revenez plus tard, ou réglez-la auprès du service, comme l’indique le document."
    ),
    Obstacle.APART: gettext_lazy("Ces factures ne peuvent pas être payées ensemble : payez-les une par une."),
    Obstacle.EMAIL: gettext_lazy(
        "La banque a besoin d’une adresse électronique de 80 caractères au plus, sans accent, par exemple nom@exemple.fr."
    ),
}


def _dossier_event(record: Record) -> Event:
    title, tone = _TOLD[record.verb]
    return Event(record.at, str(title), str(record.details.get("reason", "")), tone)
