"""Who writes about an invoice: the agents who handle its prestation, and those who answer for its régie."""

from datetime import datetime

from obole.billing.models import Invoice, SecurityDeposit
from obole.catalogue.access import handles_service
from obole.lib.actors import Actor
from obole.regies.access import require_mandate


def require_biller(of: Invoice | SecurityDeposit, *, actor: Actor, at: datetime) -> None:
    """
    Refuse that somebody bills, corrects or cancels what is neither of their prestations nor of their régies.

    :raises obole.directory.rules.NotAllowed: the payer included.
    """
    if of.dossier is None or not handles_service(service_id=of.dossier.scheme.service_id, actor=actor):
        require_mandate(regie_id=of.regie_id, actor=actor, at=at)
