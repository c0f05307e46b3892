"""How people are found."""

from typing import Any, TypeVar

from django.db.models import Case, IntegerField, Model, Q, QuerySet, When

from obole.directory.models import Agent, Authority, Citizen, ListLayout, ListName, SavedList, User
from obole.lib import search_keys
from obole.lib.actors import Actor


def the_authority() -> Authority:
    """Return the town; an unnamed one until an administrator has described it."""
    return Authority.objects.filter(only=True).first() or Authority(name="Obole")


def actor_of(user: User) -> Actor:
    """Return the owner of an account as who acts: an agent, else a citizen, else only somebody who signs in."""
    owner = Agent.objects.filter(user=user).first() or Citizen.objects.filter(user=user).first()
    return owner.actor if owner else Actor(f"account:{user.pk}", user.email)


def likely_citizens(citizen: Citizen) -> QuerySet[Citizen]:
    """
    Return the files that may be the same person's or organisation's: the same names, e-mail, telephone or address,
    whatever the writing. Those of the same names come first.
    """
    shared = citizen.identity
    rows = Citizen.objects.filter(search_keys__overlap=list(shared.values())).exclude(pk=citizen.pk)
    first = When(search_keys__contains=[shared.get("names", "")], then=0)
    return rows.order_by(Case(first, default=1, output_field=IntegerField()), "sort_key", "pk")


def search_citizens(text: str) -> QuerySet[Citizen]:
    """
    Return the citizens who answer to a text: by the beginnings of their names in any order, their address, street or
    telephone; if nobody does, by names that are spelt a little otherwise. Everybody, if it is empty.
    """
    if not text.strip():
        return Citizen.objects.all()
    found = answering(Citizen.objects.all(), text)
    return found if found.exists() else nearly_answering(Citizen.objects.all(), text)


Found = TypeVar("Found", bound=Model)
MANY = 5000
"""So many keys are named one by one; of more, the database finds enough wherever it begins."""


def answering(rows: QuerySet[Found], text: str) -> QuerySet[Found]:
    """Keep the rows whose ``search_keys`` answer to a text as it is written."""
    keys = search_keys.asked(text)
    return narrowed_to_keys(rows, rows.filter(search_keys__contains=keys)) if keys else rows.none()


def nearly_answering(rows: QuerySet[Found], text: str) -> QuerySet[Found]:
    """Keep the rows whose ``search_keys`` answer to a text with a letter wrong in each word, or written as one word."""
    nearly, together = search_keys.misspelt(text), search_keys.run_together(text)
    found: set[int] = set()
    if nearly:
        found |= set(keys_of(rows.filter(*(Q(search_keys__overlap=some) for some in nearly))))
    if together:
        found |= set(keys_of(rows.filter(search_keys__overlap=together)))
    return rows.filter(pk__in=sorted(found)) if found else rows.none()


def narrowed_to_keys(rows: QuerySet[Found], some: QuerySet[Found]) -> QuerySet[Found]:
    """
    Keep these rows by their keys, read first: asked for the first ones in some order, the database would rather read
    all rows in that order than believe how few answer.
    """
    keys = keys_of(some)
    return rows.filter(pk__in=keys) if len(keys) <= MANY else some


def keys_of(rows: QuerySet[Any]) -> list[int]:
    """Return the keys of rows, all of them, in no order."""
    return list(rows.order_by().values_list("pk", flat=True))


def merged_files(*citizen_ids: int) -> list[Citizen]:
    """Return the files that were merged into these, and into those in turn, the last merged first."""
    found: list[Citizen] = []
    into = list(citizen_ids)
    while into:
        files = list(Citizen.objects.filter(merged_into__in=into).order_by("pk"))
        found += files
        into = [file.pk for file in files]
    return sorted(found, key=lambda file: (str(file.merged_at), file.pk), reverse=True)


def last_file(citizen: Citizen) -> Citizen:
    """Return the file where all that this one held is now: itself, unless it was merged."""
    while citizen.merged_into is not None:
        citizen = citizen.merged_into
    return citizen


def views_of(agent: Agent, name: ListName) -> QuerySet[SavedList]:
    """Return the views of a list that an agent sees: their own, and those that their service shares."""
    theirs = Q(agent=agent)
    if agent.service_name:
        theirs |= Q(is_shared=True, agent__service_name=agent.service_name)
    return SavedList.objects.filter(theirs, list_name=name).select_related("agent").order_by("name", "id")


def layout_of(agent: Agent, name: ListName) -> ListLayout | None:
    """Return how an agent wants a list; None if they never said."""
    return ListLayout.objects.filter(agent=agent, list_name=name).first()
