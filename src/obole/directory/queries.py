"""How people are found."""

from django.db.models import QuerySet

from obole.directory.models import Authority, Citizen
from obole.lib import words


def the_authority() -> Authority:
    """Return the town; an unnamed one until an administrator has described it."""
    return Authority.objects.filter(only=True).first() or Authority(name="Obole")


def search_citizens(text: str) -> QuerySet[Citizen]:
    """Return the citizens one of whose names begins with each word of ``text``."""
    found = Citizen.objects.all()
    for word in words.fold(text).split():
        found = found.filter(sort_key__regex=rf"\m{word}")
    return found
