"""A month of many families: drafts of all, then their deposit, by the very tasks of the worker."""

import os
import resource
import time
from dataclasses import dataclass
from datetime import date, timedelta

from obole.campaigns import operations, queries
from obole.campaigns.models import Outcome
from obole.catalogue import queries as catalogue
from obole.consumption.models import Consumption
from obole.directory.models import Citizen
from obole.dossiers.models import Dossier
from obole.dossiers.states import DossierState
from obole.lib import dates, texts
from tests.world import WHO, Town

FAMILIES = int(os.environ.get("OBOLE_BENCH_FAMILIES", "4000"))
MEALS, FIRST = 16, date(2026, 10, 1)
AT_ONCE = 5_000
FIRST_NUMBER = 10_000_000
"""Far above the dossiers that the other parts make."""


@dataclass(frozen=True)
class Billed:
    """Seconds that each moment of a campaign took, for how many families, and the growth of memory in MiB."""

    families: int
    opened: float
    computed: float
    deposited: float
    grown: float


def bill_a_month(town: Town) -> Billed:
    """Bill what families ate in October, in one process."""
    for first in range(0, FAMILIES, AT_ONCE):
        _families(town, range(first, min(FAMILIES, first + AT_ONCE)))
    at, memory = dates.now(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    asked = operations.CampaignRequest(
        type_id=town.type.pk, scheme_ids=[town.scheme.pk], period="octobre 2026", only_field="ecole"
    )
    began = time.perf_counter()
    campaign = operations.open_campaign(asked=asked, request_key=texts.token(), actor=WHO, at=at)
    opened = time.perf_counter()
    while operations.compute_next(campaign_id=campaign.pk, at=at):
        pass
    operations.finish_computing(campaign_id=campaign.pk, at=at)
    computed = time.perf_counter()
    campaign.refresh_from_db()
    operations.deposit_campaign(campaign_id=campaign.pk, shown=queries.to_deposit(campaign), actor=WHO, at=at)
    while operations.deposit_next(campaign_id=campaign.pk, at=at):
        pass
    ended = time.perf_counter()
    issued = queries.counts(campaign)[Outcome.ISSUED]
    if issued < FAMILIES:
        raise RuntimeError(f"{issued} invoices of {FAMILIES} families")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
    return Billed(issued, opened - began, computed - opened, ended - computed, grown)


def _families(town: Town, ranks: range) -> None:
    """Make families whose dossiers are accepted, and their meals."""
    at, form = dates.now(), catalogue.current_form(town.scheme)
    people = Citizen.objects.bulk_create(
        Citizen(
            last_name=f"Campagne{rank}",
            first_name="Jean",
            sort_key=f"campagne{rank} jean",
            email=f"campagne{rank}@example.net",
            address="1 rue du Port\n99999 Valbourg",
        )
        for rank in ranks
    )
    dossiers = Dossier.objects.bulk_create(
        Dossier(
            request_key=f"bench-{rank}",
            number=FIRST_NUMBER + rank,
            scheme=town.scheme,
            form=form,
            citizen=citizen,
            state=DossierState.ACCEPTED,
            answers={"enfant": "Zoé", "ecole": "Jules-Ferry"},
            created_at=at,
            submitted_at=at,
            decided_at=at,
        )
        for rank, citizen in zip(ranks, people, strict=True)
    )
    Consumption.objects.bulk_create(
        Consumption(
            dossier=dossier,
            question="repas",
            day=FIRST + timedelta(days=n),
            quantity=1,
            recorded_at=at,
            recorded_by=WHO,
        )
        for dossier in dossiers
        for n in range(MEALS)
    )
