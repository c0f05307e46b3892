"""Check and complete the settings that a gateway declares."""

import re
from collections.abc import Mapping

from obole.gateways.base import BadSettings, SettingField, gettext_noop

COMPULSORY = gettext_noop("Ce réglage est obligatoire.")
NOT_A_CHOICE = gettext_noop("Choisissez l’une des valeurs proposées.")


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
    return ""
