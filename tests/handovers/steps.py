"""What the tests of a remise de service do: prepare a mandate, count, sign, sign again, move money between the two."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from obole.books import operations as books
from obole.books.models import Handover
from obole.books.operations import Handing
from obole.books.queries import handovers as queries
from obole.directory.models import Agent
from obole.directory.rules import Profile
from obole.lib import dates, texts
from obole.lib.actors import Actor
from obole.regies import operations as regies
from obole.regies.models import Mandate
from tests.cash_desk.steps import Desk, M, closed, coins, make_drawer, opened, taken
from tests.world import WHO, later, make_agent, make_town

MORNING = 60
"""Minutes: everything of the day before it is handed over is done by then."""


@dataclass
class Change:
    """A régie with a drawer, the titulaire who leaves it, and the one who arrives, whose mandate is prepared."""

    desk: Desk
    arriving: Agent
    substitute: Agent

    @property
    def leaving(self) -> Agent:
        return self.desk.agent


def make_change(*, starts_on: date | None = None) -> Change:
    town = make_town()
    desk = Desk(town, make_drawer(town.regie), town.regisseur)
    arriving, substitute = make_registrar("arrivante"), make_registrar("suppleante")
    give(desk, arriving, Mandate.Kind.HOLDER, starts_on=starts_on)
    give(desk, substitute, Mandate.Kind.SUBSTITUTE)
    session = opened(desk)
    taken(desk, 30_00)
    closed(desk, session, 130_00)
    taken(desk, 45_00, M.CHEQUE)
    taken(desk, 99_00, M.TRANSFER)
    return Change(desk, arriving, substitute)


def make_registrar(name: str) -> Agent:
    agent = make_agent(Profile.REGISSEUR, email=f"{name}@valbourg.example")
    agent.name = name.capitalize()
    agent.save()
    return agent


def give(desk: Desk, agent: Agent, kind: str, *, starts_on: date | None = None, ends_on: date | None = None) -> None:
    terms = {desk.regie.pk: regies.MandateTerms(kind, starts_on, ends_on)}
    regies.configure_mandates(agent_id=agent.pk, terms=terms, actor=WHO, at=later())


def mandate(change: Change, agent: Agent) -> Mandate:
    return Mandate.objects.get(regie=change.desk.regie, agent=agent)


def counted(change: Change, **changes: Mapping[int, int]) -> dict[str, Mapping[int, int]]:
    """Return a count that comes to what there must be; ``safe={…}`` counts something else there."""
    held = queries.holdings(change.desk.regie)
    return {place.key: changes.get(place.key.partition("-")[0], coins(place.cents)) for place in held.places}


def handing(change: Change, **said: Any) -> Handing:
    pieces = {kind: (count, cents) for kind, (count, cents) in queries.holdings(change.desk.regie).pieces.items()}
    default = Handing(kind="departure", arriving_id=change.arriving.pk, places=counted(change), pieces=pieces)
    return replace(default, **said)


def sign(
    change: Change, *, actor: Actor | None = None, seen: str = "", key: str = "", minutes: float = MORNING, **said: Any
) -> Handover:
    return books.sign_handover(
        regie_id=change.desk.regie.pk,
        handing=handing(change, **said),
        seen=seen or queries.holdings(change.desk.regie).fingerprint,
        request_key=key or texts.token(),
        actor=actor or change.leaving.actor,
        at=later(minutes),
    )


def countersign(
    handover: Handover, by: Agent, *, minutes: float = MORNING + 5, reservations: str = "", days: int = 0
) -> Handover:
    return books.countersign_handover(
        handover_id=handover.pk, reservations=reservations, actor=by.actor, at=later(minutes, days=days)
    )


def today() -> date:
    return dates.day_of(later(MORNING))


def days(number: int) -> date:
    return today() + timedelta(days=number)
