"""What dossiers answer to their pricings for the days of a campaign."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from obole.billing import operations as billing
from obole.campaigns.models import Campaign
from obole.catalogue import queries as catalogue
from obole.catalogue.forms import pricing_match
from obole.catalogue.models import PricingVersion
from obole.consumption import queries as consumption
from obole.consumption.queries import sharing
from obole.consumption.rules import with_consumption
from obole.dossiers.models import Dossier
from obole.dossiers.queries import InForce, in_force


@dataclass(frozen=True)
class Answering:
    """What is known of some dossiers in the days of a campaign, looked up together."""

    campaign: Campaign
    said: Mapping[int, InForce]
    """What each answers on the last of these days, whose prices count."""
    counted: Mapping[int, consumption.Sums]
    """What each is billed of what was counted, or planned."""
    weeks: Mapping[int, sharing.Weeks]
    """Which weeks each is billed of children whom two payers share."""

    def counted_of(self, dossier: Dossier) -> consumption.Sums:
        """Return what a dossier is billed of what was counted."""
        return self.counted.get(dossier.pk, {})

    def answers_of(self, dossier: Dossier, version: PricingVersion) -> billing.PricingAnswers:
        """Return what a dossier answers to a pricing, with what was counted."""
        said, pricing = self.said[dossier.pk], catalogue.compiled_pricing_of(version).pricing
        answers = pricing_match.engine_answers(pricing, dossier.form.form_fields, said.answers)
        return billing.PricingAnswers(
            version_id=version.pk,
            answers=with_consumption(pricing, answers, self.counted_of(dossier)),
            on=self.campaign.last,
            since=said.days,
            weeks=self.weeks.get(dossier.pk, {}),
        )


def answering(dossiers: Collection[Dossier], campaign: Campaign) -> Answering:
    """Look up what dossiers answer for the days of a campaign; as many queries for one as for many."""
    first, last = campaign.first, campaign.last
    return Answering(
        campaign,
        said=in_force(dossiers, last),
        counted=sharing.billed_of([dossier.pk for dossier in dossiers], first, last),
        weeks=sharing.weeks_told(dossiers, first, last),
    )
