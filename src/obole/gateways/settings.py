"""Check and complete the settings that a gateway declares."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from obole.gateways.base import BadSettings, SettingField, gettext_noop

COMPULSORY = gettext_noop("Ce réglage est obligatoire.")
NOT_ALLOWED = gettext_noop(
    "Une adresse de la banque, en https:// : l’exploitant permet celles que dit son réglage OBOLE_BANKS."
)
NOT_A_CHOICE = gettext_noop("Choisissez l’une des valeurs proposées.")


ALLOWED = {"https://www.payfip.gouv.fr", "https://www.tipi.budget.gouv.fr"}
"""
Where banks are: ``https://host``, with ``:port`` where it is another, or ``:*`` for any. The DGFiP's own, until the
operator says otherwise (``registry.configure``).

Whoever answers there says which invoices are paid: an agent alone never chooses it.
"""


def is_allowed(address: str) -> bool:
    """Tell whether an address is one of a bank that the operator allows."""
    parts = urlsplit(address)
    anywhere = f"{parts.scheme}://{parts.hostname or ''}"
    try:
        port = parts.port
    except ValueError:
        return False
    named = anywhere if port is None else f"{anywhere}:{port}"
    return "@" not in parts.netloc and bool({named, f"{anywhere}:*"} & ALLOWED)


def check(fields: tuple[SettingField, ...], settings: Mapping[str, str]) -> dict[str, str]:
    """Return field name to French sentence for each wrong setting."""
    errors = {field.name: _error(field, settings.get(field.name, "")) for field in fields}
    return {name: sentence for name, sentence in errors.items() if sentence}


def complete(fields: tuple[SettingField, ...], settings: Mapping[str, str]) -> dict[str, str]:
    """
    Return every declared setting, with its default where nothing is given.

    :raises BadSettings: if one is wrong.
    """
    errors = check(fields, settings)
    if errors:
        raise BadSettings(errors)
    return {field.name: settings.get(field.name) or field.default for field in fields}


def _error(field: SettingField, value: object) -> str:
    """Settings come from a JSON column: anything may be in there."""
    if value is None or value == "":
        return "" if field.default else COMPULSORY
    if not isinstance(value, str):
        return field.help
    if field.choices and value not in field.choices:
        return NOT_A_CHOICE
    if field.pattern and not re.fullmatch(field.pattern, value):
        return field.help
    if field.is_address and not is_allowed(value):
        return NOT_ALLOWED
    return ""
