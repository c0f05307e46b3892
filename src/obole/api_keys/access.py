"""What a key may do: asked where the thing is done."""

from datetime import datetime

from obole.api_keys.models import ApiKey
from obole.api_keys.rules import Scope
from obole.directory.rules import NotAllowed
from obole.lib.actors import Actor


class ScopeMissing(NotAllowed):
    """A key that is good was not given this."""


def require_scope(*, actor: Actor, scope: Scope, at: datetime) -> ApiKey:
    """
    Refuse what a key was not given, and return the key that acts.

    :raises ScopeMissing: if it was not given this.
    :raises obole.directory.rules.NotAllowed: to whoever is no key, or one that has ended.
    """
    key = ApiKey.objects.filter(pk=actor.pk_of("api_key") or 0).first()
    if key is None or not key.is_alive(at):
        raise NotAllowed(f"{actor.id} is no key that opens anything")
    if scope not in key.scopes:
        raise ScopeMissing(f"{actor.id} was not given {scope}")
    return key
