"""Who works on a campaign: the agents who handle the prestation of each of its dispositifs."""

from obole.campaigns.models import Campaign
from obole.catalogue.access import require_service
from obole.lib.actors import Actor


def require_campaign(campaign: Campaign, *, actor: Actor) -> None:
    """
    Refuse that somebody works on a campaign of a prestation that they do not handle.

    :raises obole.directory.rules.NotAllowed: also to who only reads it.
    """
    services = campaign.schemes.order_by().values_list("service_id", flat=True).distinct()
    for service_id in services:
        require_service(service_id=service_id, actor=actor)
