"""What the citizens' templates need beyond the common tags."""

from collections.abc import Mapping
from typing import Any

from django import template

from obole.dossiers.models import Dossier
from obole.lib import texts
from obole.payments.display_status import InvoiceDisplay
from obole.portal import status_labels
from obole.portal.outages import Outages
from obole.recovery.queries import AgreementStanding
from obole.ui.templatetags import ui

register = template.Library()


@register.simple_tag
def new_key() -> str:
    """Return a key for a form that must act once, however many times it is sent."""
    return texts.token()


@register.simple_tag
def dossier_pill(dossier: Dossier) -> str:
    """Draw where an application stands."""
    look = status_labels.dossier_status(dossier)
    return ui.pill(look.tone, str(look.label), look.icon)


@register.simple_tag
def invoice_pill(shown: InvoiceDisplay) -> str:
    """Draw where an invoice stands, in the payer's words."""
    return ui.pill(shown.badge.tone, status_labels.invoice_status(shown), shown.badge.icon)


@register.filter
def next_step(dossier: Dossier) -> Any:
    """Say what comes next for an application."""
    return status_labels.dossier_status(dossier).next


@register.filter
def agreed(shown: InvoiceDisplay, agreements: Mapping[int, AgreementStanding]) -> AgreementStanding | None:
    """Return what was agreed with the payer of an invoice, if that runs."""
    return agreements.get(shown.invoice.pk)


@register.filter
def why_not_online(shown: InvoiceDisplay, outages: Outages) -> str:
    """Say why a due invoice cannot be paid online; nothing if it can."""
    return status_labels.why_not_online(shown.invoice, outages)
