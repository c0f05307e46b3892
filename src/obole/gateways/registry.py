"""The banks that Obole can speak to. Adding one is one line here."""

from collections.abc import Iterable, Mapping

from obole.gateways import settings as checks
from obole.gateways.base import Gateway, RegisteredGateway, SettingField
from obole.gateways.payfip.gateway import PayFiP
from obole.gateways.sandbox.gateway import Sandbox

GATEWAYS: dict[str, type[RegisteredGateway]] = {PayFiP.kind: PayFiP}
TRAINING: dict[str, type[RegisteredGateway]] = {Sandbox.kind: Sandbox}
"""Banks that collect nothing: they are there only where the operator says that all of it is a training."""


def configure(*, origins: Iterable[str], training: bool) -> None:
    """Take the operator's word for where banks are, and for whether this installation trains people."""
    checks.ALLOWED.clear()
    checks.ALLOWED.update(origins)
    for kind, gateway in TRAINING.items():
        if training:
            GATEWAYS[kind] = gateway
        else:
            GATEWAYS.pop(kind, None)


class UnknownGateway(LookupError):
    """No gateway has this kind."""


def build(kind: str, settings: Mapping[str, str], *, timeout: float) -> Gateway:
    """
    Build a gateway, for instance for one régie.

    :raises UnknownGateway: if no gateway has this kind.
    :raises BadSettings: if ``check_settings`` would return errors.
    """
    return _class(kind)(settings, timeout=timeout)


def settings_fields(kind: str) -> tuple[SettingField, ...]:
    """
    Return the settings to ask a régie for.

    :raises UnknownGateway: if no gateway has this kind.
    """
    return _class(kind).fields


def check_settings(kind: str, settings: Mapping[str, str]) -> dict[str, str]:
    """
    Return field name to French sentence for each wrong setting; empty if all is well.

    :raises UnknownGateway: if no gateway has this kind.
    """
    return checks.check(settings_fields(kind), settings)


def explain(kind: str, code: str) -> str:
    """
    Return what a person can do about a code of a bank, in French; empty if nothing is known.

    :raises UnknownGateway: if no gateway has this kind.
    """
    return _class(kind).explain(code)


def is_of_payer(kind: str, code: str) -> bool:
    """
    Tell whether a refusal is of what the payer gave (an address), which they can mend; else a person of the town must.

    :raises UnknownGateway: if no gateway has this kind.
    """
    return code in _class(kind).payer_codes


def _class(kind: str) -> type[RegisteredGateway]:
    try:
        return GATEWAYS[kind]
    except KeyError:
        raise UnknownGateway(kind) from None
