"""How people are found."""

from django.db.models import Q, QuerySet

from obole.directory.models import Agent, Authority, Citizen, User
from obole.lib import texts
from obole.lib.actors import Actor


def the_authority() -> Authority:
    """Return the town; an unnamed one until an administrator has described it."""
    return Authority.objects.filter(only=True).first() or Authority(name="Obole")


def actor_of(user: User) -> Actor:
    """Return the owner of an account as who acts: an agent, else a citizen, else only somebody who signs in."""
    owner = Agent.objects.filter(user=user).first() or Citizen.objects.filter(user=user).first()
    return owner.actor if owner else Actor(f"account:{user.pk}", user.email)


def similar_citizens(citizen: Citizen) -> QuerySet[Citizen]:
    """Return the files that may be the same person's or organisation's: the same names, address or telephone."""
    named = texts.fold(f"{citizen.organisation} {citizen.last_name} {citizen.first_name}")
    alike = Q(sort_key=named)
    if citizen.email:
        alike |= Q(email__iexact=citizen.email)
    if citizen.phone:
        alike |= Q(phone=citizen.phone)
    return Citizen.objects.filter(alike).exclude(pk=citizen.pk).order_by("sort_key", "pk")


def search_citizens(text: str) -> QuerySet[Citizen]:
    """Return the citizens one of whose names begins with each word of ``text``."""
    found = Citizen.objects.all()
    for word in texts.fold(text).split():
        found = found.filter(sort_key__regex=rf"\m{word}")
    return found


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
