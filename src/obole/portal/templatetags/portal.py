"""What the citizens' templates need beyond the common tags."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.conf import settings

from obole.dossiers.models import Dossier
from obole.lib import words
from obole.payments.standing import Shown
from obole.portal import demo, telling
from obole.portal.outages import Outages
from obole.ui.templatetags import ui

register = template.Library()


@register.simple_tag
def demo_accounts() -> Sequence[demo.DemoAccount]:
    """Return the accounts of the demo; none anywhere else."""
    return demo.ACCOUNTS if settings.DEMO else ()


@register.simple_tag
def new_key() -> str:
    """Return a key for a form that must act once, however many times it is sent."""
    return words.token()


@register.simple_tag
def dossier_pill(dossier: Dossier) -> str:
    """Draw where an application stands."""
    look = telling.look_of(dossier)
    return ui.pill(look.tone, str(look.label), look.icon)


@register.simple_tag
def invoice_pill(shown: Shown) -> str:
    """Draw where an invoice stands, in the payer's words."""
    return ui.pill(shown.look.tone, telling.standing_of(shown), shown.look.icon)


@register.filter
def next_step(dossier: Dossier) -> Any:
    """Say what comes next for an application."""
    return telling.look_of(dossier).next


@register.filter
def why_not_online(shown: Shown, outages: Outages) -> str:
    """Say why a due invoice cannot be paid online; nothing if it can."""
    return telling.why_not_online(shown.invoice, outages)
