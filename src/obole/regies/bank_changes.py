"""The bank of a régie that works changes by two people: whoever answers there says which invoices are paid."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from obole.audit_log import configuration, operations as audit_log
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.regies.models import BankChange, Entry, Regie

BANK = ("gateway", "gateway_settings")


def needs_two(regie: Regie, values: Mapping[str, Any], actor: Actor) -> bool:
    """Tell whether a person alone may not make this change: the régie has booked money, and its bank would change."""
    changed = any(name in values and values[name] != getattr(regie, name) for name in BANK)
    return changed and not actor.is_machine and Entry.objects.filter(regie=regie).exists()


def request_change(regie: Regie, values: Mapping[str, Any], *, actor: Actor, at: datetime) -> BankChange:
    """Keep what is asked for, in place of what waited. The caller holds the régie."""
    BankChange.objects.filter(regie=regie, decided_at=None).update(decided_by=actor, decided_at=at, accepted=False)
    asked = BankChange.objects.create(
        regie=regie,
        gateway=values.get("gateway", regie.gateway),
        gateway_settings=values.get("gateway_settings", regie.gateway_settings),
        requested_by=actor,
        requested_at=at,
    )
    audit_log.log_event("regie.bank_asked", subject=regie, actor=actor, at=at, fields=", ".join(changed_names(asked)))
    return asked


@atomic_with_retry
def decide_bank_change(*, regie_id: int, accept: bool, actor: Actor, at: datetime) -> Regie:
    """
    Put what was asked into force, or refuse it.

    :raises django.core.exceptions.ValidationError: if nothing waits, or if who asked would accept.
    """
    regie = Regie.objects.locked().get(pk=regie_id)
    asked = BankChange.objects.select_for_update().filter(regie=regie, decided_at=None).first()
    if asked is None:
        raise ValidationError(_("Ce changement a déjà été décidé."))
    if accept and actor.is_same_as(asked.requested_by):
        raise ValidationError(_("Vous avez demandé ce changement : un autre administrateur doit l’accepter."))
    names = ", ".join(changed_names(asked))
    asked.decided_by, asked.decided_at, asked.accepted = actor, at, accept
    asked.save()
    audit_log.log_event("regie.bank_decided", subject=regie, actor=actor, at=at, accepted=accept, fields=names)
    if accept:
        values = {"gateway": asked.gateway, "gateway_settings": asked.gateway_settings}
        return configuration.configure(
            Regie, pk=regie.pk, values=with_former_settings(regie, values), actor=actor, at=at
        )
    return regie


def with_former_settings(regie: Regie, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the values of a change, with the settings of the bank that is left: its payments are still under way."""
    if values.get("gateway", regie.gateway) == regie.gateway:
        return values
    return {**values, "former_settings": {**regie.former_settings, regie.gateway: regie.gateway_settings}}


def changed_names(asked: BankChange) -> list[str]:
    """Return which settings of the bank would change, by their names."""
    before, after = asked.regie.gateway_settings, asked.gateway_settings
    names = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    return ["gateway", *names] if asked.gateway != asked.regie.gateway else names
