"""What the demonstration's templates need."""

from typing import Any

from django import template
from django.conf import settings

from obole_demo import accounts, mails, ownership

register = template.Library()


@register.simple_tag
def demonstration() -> dict[str, Any]:
    """Return the accounts and their password; nothing where the demonstration did not make the database."""
    if not (settings.DEMO and ownership.is_begun()):
        return {}
    return {"accounts": accounts.ACCOUNTS, "password": accounts.PASSWORD}


@register.simple_tag
def demonstration_code(email: str) -> str:
    """Return the code that was mailed to an address: the demonstration sends no mail that a visitor could open."""
    if not (settings.DEMO and ownership.is_begun()):
        return ""
    return mails.code_sent_to(email)
