"""Why a campaign cannot go on, or a dossier of it is left, as a sentence for the agent."""

from django.utils.translation import gettext as _

from obole.billing.operations import NotBillable
from obole.directory.rules import NotAllowed


class CampaignRefused(Exception):
    """What is asked of a campaign cannot be done; the message is a French sentence for the agent."""


class CannotOpen(CampaignRefused):
    """A campaign cannot begin; ``field`` is where it is said."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class NotShown(CampaignRefused):
    """What would be deposited is not what was on the screen."""


class NeedsAnother(CampaignRefused):
    """The régie wants another person to deposit than the one who prepared."""


def sentence_of(error: Exception) -> str:
    """Say why a dossier is left; of what nobody foresaw, where it is noted."""
    if isinstance(error, NotAllowed):
        return _("Vous n’avez plus le droit de facturer ce dossier.")
    if isinstance(error, NotBillable | CampaignRefused):
        return str(error)[:500]
    return _("Une erreur inattendue l’a empêché ; elle est notée pour les exploitants. Essayez depuis sa page.")
