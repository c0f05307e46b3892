"""How far a dossier has come: the line of steps at the top of its page."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.directory.models import Agent
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.lib import dates

DECIDED = frozenset({DossierState.ACCEPTED, DossierState.REJECTED, DossierState.CLOSED, DossierState.WITHDRAWN})


@dataclass(frozen=True)
class ProgressStep:
    """One step, done or not; the first that is not done is where the dossier is."""

    label: str
    done: bool
    current: bool = False


def progress_of(dossier: Dossier, agent: Agent) -> list[ProgressStep]:
    """Return the five steps from the application to the payment."""
    billed = list(
        Invoice.objects.filter(dossier=dossier).exclude(state=InvoiceState.CANCELLED).values_list("state", flat=True)
    )
    paid = bool(billed) and all(state == InvoiceState.PAID for state in billed)
    steps = [
        ProgressStep(_("Déposé le %(day)s") % {"day": _day(dossier)}, done=True),
        ProgressStep(_taken(dossier, agent), done=dossier.agent_id is not None),
        ProgressStep(_decided(dossier), done=dossier.state in DECIDED),
        ProgressStep(_("Facture"), done=bool(billed)),
        ProgressStep(_("Paiement"), done=paid),
    ]
    return _with_current(steps) if dossier.state not in (DossierState.REJECTED, DossierState.WITHDRAWN) else steps[:3]


def is_billed(dossier: Dossier) -> bool:
    """Tell whether an invoice of a dossier stands."""
    ended = (InvoiceState.DRAFT, InvoiceState.CANCELLED)
    return Invoice.objects.filter(dossier=dossier).exclude(state__in=ended).exists()


def _day(dossier: Dossier) -> str:
    return dates.format_short(dates.day_of(dossier.submitted_at)) if dossier.submitted_at else ""


def _taken(dossier: Dossier, agent: Agent) -> str:
    if dossier.agent is None:
        return _("À prendre en charge")
    if dossier.agent_id == agent.pk:
        return _("Pris en charge par vous")
    return _("Pris en charge par %(name)s") % {"name": dossier.agent.name}


def _decided(dossier: Dossier) -> str:
    labels = {
        DossierState.ACCEPTED: _("Accepté"),
        DossierState.CLOSED: _("Accepté, clos"),
        DossierState.REJECTED: _("Refusé"),
        DossierState.WITHDRAWN: _("Retiré par l’usager"),
        DossierState.INCOMPLETE: _("Complément attendu"),
    }
    return labels.get(DossierState(dossier.state), _("Instruction"))


def _with_current(steps: list[ProgressStep]) -> list[ProgressStep]:
    here = next((step for step in steps if not step.done), None)
    return [ProgressStep(step.label, step.done, current=step is here) for step in steps]
