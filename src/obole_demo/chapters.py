"""The chapters of the story: who applied for what, and when; four hundred invoices in all."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from obole.billing.models import Invoice
from obole.directory.models import Citizen
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.lib import dates
from obole_demo import accounts, attendance, outcomes, personas
from obole_demo.timeline import Deed, Story

FAMILIES, CAMPAIGNS = 40, 5
OTHERS = {
    "conservatoire": 22,
    "mediatheque": 32,
    "transport": 26,
    "salle": 36,
    "terrasse": 30,
    "creche": 12,
    "lecteur": 8,
    "chantier": 7,
    "decheterie": 8,
    "concession": 6,
    "copies": 4,
    "auditorium": 3,
    "forfait": 3,
    "effort": 2,
    "terrasse_jours": 1,
}
UNBILLED = {"etat_civil": 8, "retrocession": 1}
"""What is free, and what is money to give back."""
OF_COMPANIES = {"terrasse", "terrasse_jours", "chantier", "decheterie", "auditorium"}
LATE_IN_THE_STORY = 300
"""Invoices after which a few things go wrong, so that somebody still has to look at them this morning."""
USAGER = "usager@demo.example"
HANDBOOK = [{"repas": "16", "soirs": "24"}, {"repas": "16"}, {"repas": "14"}]
"""What the children of the demo's account take every month, and once out of time: 158,88 €, the handbook's example."""


def write(story: Story, citizens: list[Citizen]) -> None:
    """Plan everything that happened."""
    story.scenes = {"salle": outcomes.pay_twice, "terrasse": outcomes.pay_what_was_cancelled}
    start = story.now - timedelta(days=160)
    for rank in range(1, 160):
        story.plan(start + timedelta(days=rank, hours=8), story.remind)
    for citizen in citizens[:FAMILIES]:
        _family(story, citizen, start)
    for at_campaign in _campaigns(story.now):
        story.plan(at_campaign, lambda then: _month(story, then))
    people, shops = citizens[:50], [citizen for citizen in citizens if citizen.kind == "company"]
    for key, number in (OTHERS | UNBILLED).items():
        for rank in range(number):
            citizen = shops[rank % len(shops)] if key in OF_COMPANIES else people[(rank * 7 + len(key)) % len(people)]
            day = (start + timedelta(days=155 * (rank + 1) // (number + 1))).astimezone(dates.PARIS)
            at = day.replace(hour=story.dice.randint(8, 14), minute=story.dice.randint(0, 59))
            story.plan(at, _application(story, key, citizen))
    _reserving(story, citizens[10:16])
    _unfinished(story, citizens)


def _reserving(story: Story, citizens: list[Citizen]) -> None:
    """Families whose canteen bills what is reserved: their first campaign is still to be opened."""
    # Dice of their own: what happens to everybody else stays what it was.
    dice = Random(len(citizens))
    for rank, citizen in enumerate(citizens):
        wish = personas.of("effort", dice, citizen)
        at = story.now - timedelta(days=24, hours=rank)

        def apply(then: datetime, citizen: Citizen = citizen, wish: Any = wish, rank: int = rank) -> None:
            dossier = story.apply("effort", citizen, wish.answers, then)
            story.plan(then + timedelta(hours=20), lambda soon: story.review(dossier, soon, noted=wish.noted))
            story.plan(then + timedelta(hours=21), lambda soon: attendance.reserve(dossier, rank, soon))

        story.plan(at, apply)


def _family(story: Story, citizen: Citizen, start: datetime) -> None:
    """A family registers once, and eats every month."""
    first = citizen.email == USAGER
    wish = personas.family(story.dice, citizen, children=3 if first else story.dice.choice((1, 2)))
    month = HANDBOOK if first else wish.counted["enfants"]

    def counting(dossier: Dossier, at_campaign: datetime) -> Deed:
        billed_on = dates.day_of(at_campaign)
        return lambda at: attendance.count(dossier, _taken(story, month, is_first=first), billed_on=billed_on, at=at)

    def register(at: datetime) -> None:
        dossier = story.apply("cantine", citizen, wish.answers, at)
        story.plan(at + timedelta(hours=26), lambda then: story.review(dossier, then))
        for at_campaign in _campaigns(story.now):
            story.plan(
                at_campaign - timedelta(hours=15) + timedelta(seconds=dossier.pk), counting(dossier, at_campaign)
            )

    story.plan(start + timedelta(hours=story.dice.uniform(1, 40)), register)


def _taken(story: Story, month: list[dict[str, str]], *, is_first: bool) -> list[dict[str, str]]:
    """Return what was taken in a month, some of it out of time."""
    late = "1" if is_first else str(story.dice.choice((0, 0, 1, 2)))
    return [{**month[0], "hors_delai": late}, *month[1:]]


def _month(story: Story, at: datetime) -> None:
    """The canteens' month is computed, looked at, deposited an hour later; then each family decides."""
    campaign = attendance.open_month(story, at)
    story.plan(at + timedelta(hours=1), lambda then: attendance.deposit(campaign, then))
    story.plan(at + timedelta(hours=2), lambda then: _billed(story, campaign.pk, then))


def _billed(story: Story, campaign_id: int, at: datetime) -> None:
    for invoice in Invoice.objects.filter(campaign_rows__campaign=campaign_id).order_by("sequence"):
        story.count(invoice)
        if story.now - at > timedelta(days=4) or invoice.payer.email != USAGER:
            outcomes.decide(story, invoice, at)


def _campaigns(now: datetime) -> Iterator[datetime]:
    """The mornings when the month's meals were billed, the last one two days ago."""
    last = (now - timedelta(days=2)).astimezone(dates.PARIS).replace(hour=9, minute=12, second=0, microsecond=0)
    for months in range(CAMPAIGNS - 1, -1, -1):
        day = dates.months_later(last.date(), -months)
        yield last.replace(year=day.year, month=day.month, day=day.day)


def _application(story: Story, key: str, citizen: Citizen) -> Deed:
    def apply(at: datetime) -> None:
        wish = personas.of(key, story.dice, citizen)
        dossier = story.apply(key, citizen, wish.answers, at)
        story.plan(at + timedelta(hours=2), lambda then: story.review(dossier, then, noted=wish.noted))
        if key not in UNBILLED:
            story.plan(at + timedelta(hours=3), lambda then: bill(dossier, wish.counted, then))

    def bill(dossier: Dossier, counted: personas.Answers, at: datetime) -> None:
        dossier.refresh_from_db(fields=["answers"])
        invoice = story.issue(dossier, key, counted, _period(key, at), at)
        scene = story.scenes.pop(key, None) if story.invoices > LATE_IN_THE_STORY else None
        if scene:
            scene(story, invoice, at + timedelta(hours=4))
        else:
            outcomes.decide(story, invoice, at)

    return apply


def _period(key: str, at: datetime) -> str:
    """Return what an invoice covers: a month, a quarter, or the year."""
    day = dates.day_of(at)
    if key in {"cantine", "forfait", "effort", "creche"}:
        return f"{dates.MONTHS[day.month - 1]} {day.year}"
    if key == "decheterie":
        quarter = (day.month + 2) // 3
        return f"{quarter}{'er' if quarter == 1 else 'e'} trimestre {day.year}"
    return str(day.year)


def _unfinished(story: Story, citizens: list[Citizen]) -> None:
    """What waits for somebody this morning: applications to review, one to complete, one refused."""
    for rank, citizen in enumerate([*citizens[1:7], citizens[0], citizens[8]]):
        at = story.now - timedelta(hours=30 - 3 * rank)
        story.plan(at, lambda then, citizen=citizen, rank=rank: _waiting(story, citizen, rank, then))  # type: ignore[misc]


def _waiting(story: Story, citizen: Citizen, rank: int, at: datetime) -> None:
    dossier = story.apply("salle", citizen, personas.of("salle", story.dice, citizen).answers, at)
    if rank < 4:
        return
    dossiers.take(
        dossier_id=dossier.pk,
        agent_id=story.town.agents["agent"].pk,
        actor=accounts.agent(),
        at=at + timedelta(minutes=20),
    )
    if rank == 6:
        reason = "Il manque l’attestation d’assurance pour le 12/12/2026 : joignez-la à votre demande."
        dossiers.ask_complement(
            dossier_id=dossier.pk, reason=reason, actor=accounts.agent(), at=at + timedelta(minutes=25)
        )
    if rank == 7:
        reason = "La salle est déjà réservée ce week-end-là. Vous pouvez demander une autre date."
        dossiers.reject(dossier_id=dossier.pk, reason=reason, actor=accounts.agent(), at=at + timedelta(minutes=25))
