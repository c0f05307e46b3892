"""The moulds of invoices."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from obole.audit_log import configuration
from obole.billing.models import InvoiceType
from obole.billing.rules import reminder_plan, type_mails
from obole.lib.actors import Actor

TOGETHER = ("reminder_steps", "payment_term", "reminder_first_hour", "reminder_last_hour")
"""What is right or wrong together."""


def configure_type(*, type_id: int | None, values: Mapping[str, Any], actor: Actor, at: datetime) -> InvoiceType:
    """
    Create or change a type de facture; invoices that were issued keep what they say.

    :raises django.core.exceptions.ValidationError: if a value is refused, the words of a mail included.
    """
    check_type(values={**_in_force(type_id, values), **values})
    return configuration.configure(InvoiceType, pk=type_id, values=values, actor=actor, at=at)


def check_type(*, values: Mapping[str, Any]) -> None:
    """
    Check what goes together in a type de facture, of the values that are there.

    :raises django.core.exceptions.ValidationError: with a sentence at each field to mend.
    """
    wrong: dict[str, Any] = {}
    try:
        reminder_plan.check(values.get("reminder_steps", []), payment_term=values.get("payment_term"))
    except ValidationError as error:
        wrong["reminder_steps"] = error.messages
    try:
        type_mails.check(values.get("mail_words", {}))
    except ValidationError as error:
        wrong["mail_words"] = error.messages
    if values.get("reminder_first_hour", 8) >= values.get("reminder_last_hour", 20):
        wrong["reminder_last_hour"] = _("Les relances partent entre ces deux heures : la seconde est la plus tardive.")
    if wrong:
        raise ValidationError(wrong)


def _in_force(type_id: int | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a type has now of what is checked together, where one of these changes."""
    known = InvoiceType.objects.filter(pk=type_id).values(*TOGETHER).first() if type_id else None
    return dict(known) if known and not values.keys().isdisjoint(TOGETHER) else {}
