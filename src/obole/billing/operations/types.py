"""The moulds of invoices."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from obole.billing.models import InvoiceType
from obole.mailing import rules as mail_rules
from obole.mailing.defaults import INVOICE
from obole.trail import configuration


def configure_type(*, type_id: int | None, values: Mapping[str, Any], actor: str, at: datetime) -> InvoiceType:
    """
    Create or change a type de facture; invoices that were issued keep what they say.

    :raises django.core.exceptions.ValidationError: if a value is refused, the words of the reminder included.
    """
    subject, body = values.get("reminder_subject", ""), values.get("reminder_body", "")
    if bool(subject) != bool(body):
        raise ValidationError(
            {"reminder_body": _("Donnez l’objet et le texte de la relance, ou laissez les deux vides.")}
        )
    try:
        mail_rules.check(subject, body, INVOICE)
    except mail_rules.BadTemplate as error:
        raise ValidationError({"reminder_body": str(error)}) from error
    return configuration.configure(InvoiceType, pk=type_id, values=values, actor=actor, at=at)
