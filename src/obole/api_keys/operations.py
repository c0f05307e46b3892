"""Every write about keys: made, ended, used; and calls that are answered once."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from obole.api_keys import rules
from obole.api_keys.models import ApiCall, ApiKey
from obole.audit_log import operations as audit_log
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry, require_transaction

LONGEST = timedelta(days=2 * 366)
NOTED = timedelta(minutes=1)
REPEATABLE = timedelta(days=30)
"""How long a call may be sent again: a tablet that was left in a cupboard for the holidays."""


class OtherCall(Exception):
    """A name that was given to another call comes back with another content."""


@atomic_with_retry
def create_key(*, values: Mapping[str, Any], actor: Actor, at: datetime) -> tuple[ApiKey, str]:
    """
    Make a key, and return it with what its software sends: that is known to nobody afterwards.

    :raises django.core.exceptions.ValidationError: if a key in use has this name, or it would end before it begins, or
        after more than two years.
    """
    today = dates.day_of(at)
    if not today <= values["expires_on"] <= today + LONGEST:
        raise ValidationError({"expires_on": _("Choisissez un jour à venir, dans deux ans au plus.")})
    token = rules.new_token()
    key = ApiKey(**values, prefix=token.prefix, digest=token.digest, created_by=actor, created_at=at)
    key.full_clean()
    key.save()
    said = {"scopes": ", ".join(sorted(key.scopes)), "until": key.expires_on.isoformat()}
    audit_log.log_event("api_key.create", subject=key, actor=actor, at=at, **said)
    return key, str(token)


@atomic_with_retry
def revoke_key(*, key_id: int, actor: Actor, at: datetime) -> ApiKey:
    """End a key for good; one that was ended before stays as it was."""
    key = ApiKey.objects.select_for_update().get(pk=key_id)
    if key.revoked_at is None:
        key.revoked_by, key.revoked_at = actor, at
        key.save(update_fields=["revoked_by", "revoked_at"])
        audit_log.log_event("api_key.revoke", subject=key, actor=actor, at=at)
    return key


def note_use(key: ApiKey, *, at: datetime) -> None:
    """Keep that a key is used, once a minute at most: what it calls is not worth a write."""
    if key.last_used_at is None or key.last_used_at <= at - NOTED:
        ApiKey.objects.filter(pk=key.pk, last_used_at=key.last_used_at).update(last_used_at=at)


def begin_call(*, key_id: int, name: str, digest: str, at: datetime) -> ApiCall:
    """
    Hold a call in the transaction that does what it asks; whoever sends it meanwhile waits for its answer.

    :raises OtherCall: if the key gave this name to another call.
    """
    require_transaction("a call that is answered once")
    ApiCall.objects.bulk_create([ApiCall(key_id=key_id, name=name, digest=digest, made_at=at)], ignore_conflicts=True)
    call = ApiCall.objects.get(key=key_id, name=name)
    if call.digest != digest:
        raise OtherCall(name)
    return call


def answer_call(call: ApiCall, *, answer: Any) -> None:
    """Keep what a call is answered, for whoever sends it again."""
    require_transaction("a call that is answered once")
    call.answer = answer
    call.save(update_fields=["answer"])


def purge_calls(*, at: datetime) -> int:
    """Forget the calls that nobody sends again any more; return how many they were."""
    return ApiCall.objects.filter(made_at__lt=at - REPEATABLE).delete()[0]
