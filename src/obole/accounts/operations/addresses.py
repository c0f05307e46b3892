"""Addresses, and their proof."""

from datetime import datetime

from allauth.account.models import EmailAddress

from obole.audit_log import operations as audit_log
from obole.directory import operations as directory
from obole.directory.models import Citizen, User
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry


@atomic_with_retry
def prove_address(*, user_id: int, actor: Actor, at: datetime) -> None:
    """Remember that somebody showed that they read the mails of an account's address; once is enough."""
    user = User.objects.select_for_update().get(pk=user_id)
    address, _made = EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"primary": True})
    if address.verified:
        return
    address.verified = address.primary = True
    address.save(update_fields=["verified", "primary"])
    audit_log.log_event("account.prove_address", subject=user, actor=actor, at=at)


@atomic_with_retry
def keep_proven_address(*, user_id: int, before: str, actor: Actor, at: datetime) -> None:
    """Record that an account's address was proven; where it replaces another, a citizen is written to at the new."""
    user = User.objects.select_for_update().get(pk=user_id)
    if user.email == before:
        audit_log.log_event("account.prove_address", subject=user, actor=actor, at=at)
        return
    audit_log.log_event("account.change_address", subject=user, actor=actor, at=at, before=before, after=user.email)
    citizen = Citizen.objects.filter(user=user, email=before).first()
    if citizen is not None:
        directory.update_citizen(citizen_id=citizen.pk, values={"email": user.email}, actor=actor, at=at)
