"""« Une fiche ressemble »: what may be the same person's, and what tells it apart, before a second file is opened."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from obole.crm.shared import scopes
from obole.directory import queries, rules
from obole.directory.access import AgentRequest
from obole.directory.models import Citizen

MOST = 5


@dataclass(frozen=True)
class Likeness:
    """A file that may be the same person's: why, and its address of mail for who knows whose it is."""

    citizen: Citizen
    why: str
    email: str


def found(request: AgentRequest, citizen: Citizen) -> list[Likeness]:
    """Return the files that look like one to be opened, of those that the agent may know of."""
    others = scopes.citizens_seen_by(request.agent, queries.likely_citizens(citizen))[:MOST]
    return [Likeness(other, _why(citizen, other), rules.masked_email(other.email)) for other in others]


def are_told_apart(request: AgentRequest, alike: list[Likeness]) -> bool:
    """Tell whether the agent has seen each of these files, and says that none is of this person."""
    told = set(request.POST.get("told", "").split(","))
    return not alike or ("other" in request.POST and {str(one.citizen.pk) for one in alike} <= told)


def _why(citizen: Citizen, other: Citizen) -> str:
    labels = {
        "names": _("même nom"),
        "email": _("même courriel"),
        "phone": _("même téléphone"),
        "address": _("même adresse"),
    }
    theirs = other.identity
    shared = [labels[kind] for kind, key in citizen.identity.items() if theirs.get(kind) == key]
    return ", ".join([*shared, *_births(citizen, other)])


def _births(citizen: Citizen, other: Citizen) -> list[str]:
    if not citizen.birth_date or not other.birth_date:
        return []
    same = citizen.birth_date == other.birth_date
    return [_("même date de naissance") if same else _("mais une autre date de naissance")]
