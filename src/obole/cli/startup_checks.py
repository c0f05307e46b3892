"""What `obole serve` and `obole work` refuse to start on: a demonstration, or a training, open to people who pay."""

import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register, run_checks
from django.core.management.base import CommandError
from django.db import DatabaseError, connections

from obole.directory.models import User
from obole.gateways import registry
from obole.regies.models import Regie

TAG = "startup"
LIVE = "W"
INVENTED = "@demo.example"
"""The addresses of the demonstration's accounts: their password is public."""

logger = logging.getLogger(__name__)


def refuse_to_start() -> None:
    """
    Stop a server or a worker whose settings, or accounts, are those of a demonstration.

    :raises CommandError: saying each thing to mend.
    """
    errors = [found for found in run_checks(tags=[TAG], databases=["default"]) if found.is_serious()]
    if errors:
        said = "\n".join(f"{error.id}: {error.msg}\n  {error.hint}" for error in errors)
        raise CommandError(f"this is no installation to open to the public:\n{said}")


def is_public() -> bool:
    """Tell whether people reach this installation: its address is not that of the machine itself."""
    host = urlsplit(settings.BASE_URL).hostname or ""
    return host not in {"localhost", "127.0.0.1", "::1"} and not host.endswith(".localhost")


@register(TAG)
def check_settings(**_options: Any) -> list[CheckMessage]:
    """Refuse a public address with the settings of a demonstration."""
    return list(_wrong_settings()) if is_public() else []


@register(TAG)
def check_rows(databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """Refuse régies whose bank is not there, and, at a public address, invented accounts."""
    if not databases or not settings.DATABASE_URL:
        return []
    try:
        return [*_wrong_regies(), *(_invented_accounts() if is_public() else [])]
    except DatabaseError as away:
        # A database that is away, or not migrated, is told by what needs it.
        logger.warning("the régies and the accounts could not be checked: %s", away)
        connections["default"].close()
        return []


def _wrong_settings() -> Iterator[CheckMessage]:
    if getattr(settings, "DEMO", False) or os.environ.get("OBOLE_DEMO") == "yes":
        yield _error("E002", "OBOLE_DEMO is set", "Unset it: a demonstration has accounts whose password is public.")
    if os.environ.get("OBOLE_SIMULATOR_URL"):
        yield _error("E003", "OBOLE_SIMULATOR_URL is set", "Unset it: a simulator says paid what nobody paid.")
    if "*" in settings.ALLOWED_HOSTS:
        yield _error("E004", "OBOLE_HOSTS holds *", "Name the portal's hosts: mails would lead to anybody's.")
    if not settings.HTTPS:
        yield _error("E005", f"OBOLE_BASE_URL is {settings.BASE_URL}", "Give https://…: sessions would be readable.")
    unsafe = [origin for origin in settings.BANK_ORIGINS if not origin.startswith("https://")]
    if unsafe:
        yield _error("E006", f"OBOLE_BANKS holds {' '.join(unsafe)}", "Give https://… alone.")


def _wrong_regies() -> Iterator[CheckMessage]:
    sandboxes, live = [], []
    for regie in Regie.objects.filter(enabled=True).order_by("code"):
        yield from _wrong_bank(regie)
        if regie.gateway in registry.TRAINING:
            sandboxes.append(regie.code)
        elif regie.gateway_settings.get("mode") == LIVE:
            live.append(regie.code)
    if is_public() and sandboxes and live:
        said = f"{', '.join(sandboxes)} trains people while {', '.join(live)} collects real money"
        yield _error("E009", said, "Train people on another installation: false receipts stand beside true ones.")


def _wrong_bank(regie: Regie) -> Iterator[CheckMessage]:
    if regie.gateway not in registry.GATEWAYS:
        hint = "Choose its bank, or say OBOLE_TRAINING=yes where all of it is a training."
        yield _error("E007", f"the régie {regie.code} has the bank « {regie.gateway} », that is not there", hint)
        return
    addresses = {field.name for field in registry.settings_fields(regie.gateway) if field.is_address}
    if wrong := addresses & set(registry.check_settings(regie.gateway, regie.gateway_settings)):
        hint = "Name its site in OBOLE_BANKS if it is the bank's; else mend the régie."
        yield _error("E008", f"the régie {regie.code} has another bank's {', '.join(sorted(wrong))}", hint)


def _invented_accounts() -> Iterator[CheckMessage]:
    found = User.objects.filter(email__iendswith=INVENTED, is_active=True).count()
    if found:
        yield _error("E010", f"{found} accounts of the demonstration are there", "Deactivate them: anybody knows them.")


def _error(number: str, said: str, hint: str) -> CheckMessage:
    return Error(said, hint=hint, id=f"obole.{number}")
