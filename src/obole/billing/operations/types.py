"""The moulds of invoices."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from obole.audit_log import configuration
from obole.billing.models import InvoiceType
from obole.lib.actors import Actor
from obole.mailing import rules as mail_rules
from obole.mailing.default_templates import INVOICE


def configure_type(*, type_id: int | None, values: Mapping[str, Any], actor: Actor, at: datetime) -> InvoiceType:
    """
    Create or change a type de facture; invoices that were issued keep what they say.

    :raises django.core.exceptions.ValidationError: if a value is refused, the words of the reminder included.
    """
    check_type(values={"reminder_subject": "", "reminder_body": "", **values})
    return configuration.configure(InvoiceType, pk=type_id, values=values, actor=actor, at=at)


def check_type(*, values: Mapping[str, Any]) -> None:
    """
    Check what goes together in a type de facture, of the values that are there.

    :raises django.core.exceptions.ValidationError: with a sentence at each field to mend.
    """
    wrong: dict[str, str] = {}
    delays = values.get("reminder_delays", ())
    if len(set(delays)) < len(delays):
        wrong["reminder_delays"] = _("Deux relances partiraient le même jour.")
    if "reminder_subject" in values and "reminder_body" in values:
        wrong |= _wrong_words(values["reminder_subject"], values["reminder_body"])
    if wrong:
        raise ValidationError(wrong)


def _wrong_words(subject: str, body: str) -> dict[str, str]:
    if bool(subject) != bool(body):
        name = "reminder_body" if subject else "reminder_subject"
        return {name: _("Donnez l’objet et le texte de la relance, ou laissez les deux vides.")}
    try:
        mail_rules.check(subject, body, INVOICE)
    except mail_rules.BadTemplate as error:
        return {"reminder_body": str(error)}
    return {}
