"""What a dossier answers to a pricing for the days of a campaign."""

from obole.billing import operations as billing
from obole.campaigns.models import Campaign
from obole.catalogue import queries as catalogue
from obole.catalogue.forms import pricing_match
from obole.catalogue.models import PricingVersion
from obole.consumption import queries as consumption
from obole.consumption.queries.sharing import Weeks
from obole.consumption.rules import with_consumption
from obole.dossiers.models import Dossier
from obole.dossiers.queries import InForce


def answers_of(
    dossier: Dossier,
    said: InForce,
    *,
    version: PricingVersion,
    counted: consumption.Sums,
    weeks: Weeks,
    campaign: Campaign,
) -> billing.PricingAnswers:
    """
    Return what a dossier answers to a pricing, with what was counted in the days of a campaign.

    :param said: what it answers on the last of these days, whose prices count.
    :param weeks: which weeks it is billed of children whom two payers share.
    """
    pricing = catalogue.compiled_pricing_of(version).pricing
    answers = pricing_match.engine_answers(pricing, dossier.form.form_fields, said.answers)
    answers = with_consumption(pricing, answers, counted)
    return billing.PricingAnswers(
        version_id=version.pk, answers=answers, on=campaign.last, since=said.days, weeks=weeks
    )
