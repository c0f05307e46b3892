"""« Tester »: ask a bank who it says that we are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from obole.gateways import registry
from obole.gateways.base import BadSettings, Identity, Rejected, Unreachable
from obole.lib.transactions import forbid_transaction

PATIENCE_SECONDS = 10.0


@dataclass(frozen=True)
class Verdict:
    """What came of the question; ``tone`` is a notice's."""

    tone: str
    title: str
    lines: Sequence[str]
    refused: bool | None = None
    """Whether the bank refuses these settings; None where it did not say."""
    code: str = ""


def ask(kind: str, settings: Mapping[str, str]) -> Verdict:
    """Ask the bank who our client number is: nothing is saved, nothing is paid."""
    try:
        with forbid_transaction("asking the bank"):
            identity = registry.build(kind, settings, timeout=PATIENCE_SECONDS).identify()
    except BadSettings as error:
        labels = {field.name: _(field.label) for field in registry.settings_fields(kind)}
        wrong = [f"{labels[name]}\u00a0: {_(sentence)}" for name, sentence in error.errors.items()]
        return Verdict("refused", _("Les réglages sont incomplets ou faux : la banque n’a pas été interrogée."), wrong)
    except Rejected as error:
        return Verdict(
            "refused", _("La banque a répondu, et refuse ces réglages."), _refusal(kind, error), True, error.code
        )
    except Unreachable as error:
        return Verdict("late", _("La banque ne répond pas."), _silence(kind, error))
    return _known(settings, identity)


def _refusal(kind: str, error: Rejected) -> list[str]:
    advice = _(registry.explain(kind, error.code)) if registry.explain(kind, error.code) else ""
    code = _("Code de la banque : %(code)s.") % {"code": error.code} if error.code else ""
    return [line for line in (advice, code) if line]


def _silence(kind: str, error: Unreachable) -> list[str]:
    said = registry.explain(kind, error.code)
    return [
        *([_(said)] if said else []),
        _(
            "Vérifiez l’adresse du service web, puis réessayez dans quelques minutes. Cela ne dit rien du numéro"
            " client."
        ),
    ]


def _known(settings: Mapping[str, str], identity: Identity) -> Verdict:
    labels = " – ".join(identity.labels)
    told = _("Client %(client)s : %(labels)s") % {"client": identity.client, "labels": labels}
    asked = settings.get("client_number", identity.client)
    if asked != identity.client:
        return Verdict("late", _("La banque répond pour un autre client que celui demandé."), [told], True)
    note = _("Vérifiez que c’est bien cette régie. Aucun réglage n’est enregistré par ce test.")
    return Verdict("done", _("La banque reconnaît cette régie."), [told, note], False)
