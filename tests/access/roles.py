"""Who asks: the people of each side, those who work for neither, and those who do not come in."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from allauth.mfa.models import Authenticator
from django.test import Client

from obole.catalogue import operations as catalogue
from obole.directory.models import Agent, User
from obole.directory.rules import Profile, Right, rights_of
from obole.regies import operations as regies
from obole.regies.models import Mandate
from tests.access.sides import Side
from tests.accounts.browsers import sign_in
from tests.world import NOON, WHO, make_agent

LONG_AGO = date(2020, 1, 1)
NOWHERE = frozenset[str]()
BOTH = frozenset({"ours", "theirs"})
OURS, THEIRS = frozenset({"ours"}), frozenset({"theirs"})


@dataclass(frozen=True)
class Role:
    """Somebody, and of which sides they may see and do what."""

    user: User | None = None
    citizen_of: str = ""
    rights: frozenset[Right] = frozenset()
    reads: frozenset[str] = NOWHERE
    handles: frozenset[str] = NOWHERE
    follows: frozenset[str] = NOWHERE
    """The sides whose money they see."""
    moves: frozenset[str] = NOWHERE
    agent: Agent | None = None
    left: bool = False
    """Their account was closed while their browser stayed open."""
    waits: bool = False
    """For a second factor: the CRM is closed until then."""
    known: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", self.reads | self.follows | ({self.citizen_of} - {""}))

    def browser(self, **options: Any) -> Client:
        client = Client(**options)
        client.raise_request_exception = False
        if self.user is not None:
            sign_in(client, self.user)
        return client

    @property
    def is_in(self) -> bool:
        return self.user is not None and not self.left


def agent_of(
    sides: dict[str, Side],
    name: str,
    profile: Profile,
    *,
    reads: frozenset[str] = NOWHERE,
    handles: frozenset[str] = NOWHERE,
    terms: dict[str, regies.MandateTerms] | None = None,
    all_services: bool = False,
    waits: bool = False,
) -> Role:
    """Make an agent, with their rights, and their second factor."""
    given = terms or {}
    agent = make_agent(profile, email=f"{name}@valbourg.example", all_services=all_services)
    ids = {side: one.town.scheme.service_id for side, one in sides.items()}
    catalogue.give_service_access(
        agent_id=agent.pk, handled={ids[one] for one in handles}, read={ids[one] for one in reads}, actor=WHO, at=NOON
    )
    regies.configure_mandates(
        agent_id=agent.pk, terms={sides[side].town.regie.pk: kept for side, kept in given.items()}, actor=WHO, at=NOON
    )
    if not waits:
        Authenticator.objects.create(user=agent.user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    valid = {side for side, kept in given.items() if kept.ends_on is None}
    everywhere = BOTH if all_services else NOWHERE
    sees_all = profile == Profile.ADMINISTRATOR
    rights = rights_of(profile)
    return Role(
        user=agent.user,
        agent=agent,
        rights=rights,
        reads=reads | handles | everywhere,
        handles=(handles | everywhere) if Right.REVIEW in rights else NOWHERE,
        follows=(BOTH if sees_all else frozenset(valid)) if Right.MONEY in rights else NOWHERE,
        moves=frozenset(side for side in valid if given[side].kind != Mandate.Kind.READER),
        waits=waits,
    )


def make_roles(sides: dict[str, Side]) -> dict[str, Role]:
    """Make everybody."""
    holder, reader = regies.MandateTerms(), regies.MandateTerms(kind=Mandate.Kind.READER)
    ended = regies.MandateTerms(kind=Mandate.Kind.DELEGATE, ends_on=LONG_AGO)

    def agent(name: str, profile: Profile, **rights: Any) -> Role:
        return agent_of(sides, name, profile, **rights)

    gone = agent("parti", Profile.REGISSEUR, handles=BOTH, terms={"ours": holder}).user
    assert gone is not None
    gone.is_active = False
    gone.save()
    return {
        "anonymous": Role(),
        "agent who left": Role(user=gone, left=True),
        "citizen": Role(user=sides["ours"].town.citizen.user, citizen_of="ours"),
        "another citizen": Role(user=sides["theirs"].town.citizen.user, citizen_of="theirs"),
        "instructor": agent("instruit", Profile.REVIEWER, handles=OURS),
        "instructor of the other prestation": agent("autre", Profile.REVIEWER, handles=THEIRS),
        "instructor who only reads": agent("lit", Profile.REVIEWER, reads=OURS),
        "instructor with a mandate": agent("agit", Profile.REGISSEUR, handles=OURS, terms={"ours": holder}),
        "reader": agent("comptable", Profile.READER, reads=OURS, terms={"ours": reader}),
        "régisseur": agent("regie", Profile.REGISSEUR, terms={"ours": holder}),
        "régisseur of the other régie": agent("autre.regie", Profile.REGISSEUR, terms={"theirs": holder}),
        "mandataire whose mandate ended": agent("ancien", Profile.REGISSEUR, terms={"ours": ended}),
        "administrator without mandate": agent("admin.seul", Profile.ADMINISTRATOR, all_services=True),
        "administrator without second factor": agent(
            "sans.preuve", Profile.ADMINISTRATOR, all_services=True, waits=True
        ),
    }
