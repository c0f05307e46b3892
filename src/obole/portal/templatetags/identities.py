"""The providers of identities, on the page where people sign in."""

from django import template

from obole.portal import openid

register = template.Library()


@register.simple_tag
def openid_providers() -> list[openid.Provider]:
    """Return those that the operator declared."""
    return list(openid.providers().values())
