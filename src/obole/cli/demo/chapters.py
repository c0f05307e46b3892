"""The chapters of the story: who applied for what, and when; four hundred invoices in all."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from obole.cli.demo import canteen, fates
from obole.cli.demo.story import AGENT, Deed, Story
from obole.directory.models import Citizen
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.lib import days

FAMILIES, CAMPAIGNS = 40, 5
OTHERS = {"conservatoire": 25, "mediatheque": 45, "transport": 30, "salle": 50, "terrasse": 50}
LATE_IN_THE_STORY = 300
"""Invoices after which a few things go wrong, so that somebody still has to look at them this morning."""
SCHOOLS = ("Jules-Ferry", "Les Tilleuls", "La Fontaine")
STOPS = ("Place du marché", "Les Fontenelles", "Gare")
DISCIPLINES = ("Violon", "Piano", "Flûte", "Danse")


def write(story: Story, citizens: list[Citizen]) -> None:
    """Plan everything that happened."""
    story.scenes = {"salle": fates.pay_twice, "terrasse": fates.pay_what_was_cancelled}
    start = story.now - timedelta(days=160)
    for rank in range(1, 160):
        story.plan(start + timedelta(days=rank, hours=8), story.remind)
    for citizen in citizens[:FAMILIES]:
        _family(story, citizen, start)
    people, shops = citizens[:50], [one for one in citizens if one.kind == "company"]
    for key, number in OTHERS.items():
        for rank in range(number):
            citizen = shops[rank % len(shops)] if key == "terrasse" else people[(rank * 7 + len(key)) % len(people)]
            day = (start + timedelta(days=155 * (rank + 1) // (number + 1))).astimezone(days.PARIS)
            at = day.replace(hour=story.dice.randint(8, 14), minute=story.dice.randint(0, 59))
            story.plan(at, _application(story, key, citizen))
    _unfinished(story, citizens)


def _family(story: Story, citizen: Citizen, start: datetime) -> None:
    """A family registers once, and gets an invoice a month."""
    first_name = story.dice.choice(canteen.NAMES)

    def register(at: datetime) -> None:
        answers: dict[str, dossiers.Answer] = {
            "enfant": f"{first_name} {citizen.last_name}", "naissance": f"20{story.dice.randint(16, 22)}-0{story.dice.randint(1, 9)}-14",
            "ecole": story.dice.choice(SCHOOLS), "pai": "no", "quotient": 842,
        }  # fmt: skip
        quantities = {
            "repas": "16",
            "repas2": str(story.dice.choice((0, 16))),
            "repas3": "0",
            "soir": str(story.dice.choice((0, 12, 24))),
        }
        if citizen.email == "usager@demo.example":
            quantities = {"repas": "16", "repas2": "16", "repas3": "14", "soir": "24"}
        dossier = story.apply("cantine", citizen, answers, quantities, at)
        story.plan(at + timedelta(hours=26), lambda then: story.review(dossier, then))
        for at_campaign in _campaigns(story.now):
            story.plan(
                at_campaign + timedelta(seconds=dossier.pk), _monthly_invoice(story, dossier, first_name, quantities)
            )

    story.plan(start + timedelta(hours=story.dice.uniform(1, 40)), register)


def _campaigns(now: datetime) -> Iterator[datetime]:
    """The mornings when the month's meals were billed, the last one two days ago."""
    last = (now - timedelta(days=2)).astimezone(days.PARIS).replace(hour=9, minute=12, second=0, microsecond=0)
    for months in range(CAMPAIGNS):
        yield last - timedelta(days=30 * (CAMPAIGNS - 1 - months))


def _monthly_invoice(story: Story, dossier: Dossier, first_name: str, quantities: dict[str, str]) -> Deed:
    def bill(at: datetime) -> None:
        month = days.day_of(at)
        late = str(story.dice.choice((0, 0, 1, 2)))
        if dossier.citizen.email == "usager@demo.example":
            late = "1"
        answers = canteen.month_of(first_name, quantities, late)
        invoice = story.issue_month(dossier, answers, f"{days.MONTHS[month.month - 1]} {month.year}", at)
        if story.now - at > timedelta(days=4) or dossier.citizen.email != "usager@demo.example":
            fates.decide(story, invoice, at)

    return bill


def _application(story: Story, key: str, citizen: Citizen) -> Deed:
    def apply(at: datetime) -> None:
        answers, quantities = _wish(story, key, citizen)
        dossier = story.apply(key, citizen, answers, quantities, at)
        story.plan(at + timedelta(hours=2), lambda then: story.review(dossier, then))
        story.plan(at + timedelta(hours=3), lambda then: bill(dossier, then))

    def bill(dossier: Dossier, at: datetime) -> None:
        invoice = story.issue(dossier, key, {}, str(days.day_of(at).year), at)
        scene = story.scenes.pop(key, None) if story.invoices > LATE_IN_THE_STORY else None
        if scene:
            scene(story, invoice, at + timedelta(hours=4))
        else:
            fates.decide(story, invoice, at)

    return apply


def _wish(story: Story, key: str, citizen: Citizen) -> tuple[dict[str, dossiers.Answer], dict[str, str]]:
    dice, name = story.dice, citizen.display_name
    if key == "conservatoire":
        return {"eleve": name, "discipline": dice.choice(DISCIPLINES), "debutant": "yes"}, {
            "annee": "1",
            "pret": dice.choice("0003"),
        }
    if key == "mediatheque":
        return {"lecteur": name}, {}
    if key == "transport":
        return {"enfant": name, "arret": dice.choice(STOPS)}, {"abonnement": dice.choice("112")}
    if key == "salle":
        wish = {"weekend": "1", "cuisine": dice.choice("01"), "vaisselle": dice.choice(("0", "40", "80"))}
        return {"objet": "Fête de famille", "jour": "2026-12-12", "personnes": 60}, wish
    surface = str(dice.choice(("18.5", "63", "129.5", "84.25")))
    return {"etablissement": name, "siret": "21990210000017", "adresse": citizen.address.splitlines()[0]}, {
        "surface": surface
    }


def _unfinished(story: Story, citizens: list[Citizen]) -> None:
    """What waits for somebody this morning: applications to review, one to complete, one refused."""
    for rank, citizen in enumerate([*citizens[1:7], citizens[0], citizens[8]]):
        at = story.now - timedelta(hours=30 - 3 * rank)
        story.plan(at, lambda then, citizen=citizen, rank=rank: _waiting(story, citizen, rank, then))  # type: ignore[misc]


def _waiting(story: Story, citizen: Citizen, rank: int, at: datetime) -> None:
    answers, quantities = _wish(story, "salle", citizen)
    dossier = story.apply("salle", citizen, answers, quantities, at)
    if rank < 4:
        return
    dossiers.take(
        dossier_id=dossier.pk, agent_id=story.town.agents["agent"].pk, actor=AGENT, at=at + timedelta(minutes=20)
    )
    if rank == 6:
        reason = "Il manque l’attestation d’assurance pour le 12/12/2026 : joignez-la à votre demande."
        dossiers.ask_complement(dossier_id=dossier.pk, reason=reason, actor=AGENT, at=at + timedelta(minutes=25))
    if rank == 7:
        reason = "La salle est déjà réservée ce week-end-là. Vous pouvez demander une autre date."
        dossiers.reject(dossier_id=dossier.pk, reason=reason, actor=AGENT, at=at + timedelta(minutes=25))
