"""The life of a campaign: computed, looked at, deposited; or given up while nothing is issued."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Transition


class CampaignState(models.TextChoices):
    """Where a campaign stands."""

    COMPUTING = "computing", _("Calcul en cours")
    READY = "ready", _("À vérifier")
    DEPOSITING = "depositing", _("Dépôt en cours")
    DEPOSITED = "deposited", _("Déposée")
    GIVEN_UP = "given_up", _("Abandonnée")


S = CampaignState
FINISH_COMPUTING = Transition("campaign.computed", frozenset({S.COMPUTING}), S.READY)
COMPUTE_AGAIN = Transition("campaign.compute", frozenset({S.READY, S.DEPOSITED}), S.COMPUTING)
"""All of its drafts; or, once deposited, those of the dossiers that got nothing."""
DEPOSIT = Transition("campaign.deposit", frozenset({S.READY}), S.DEPOSITING)
FINISH_DEPOSITING = Transition("campaign.deposited", frozenset({S.DEPOSITING}), S.DEPOSITED)
GIVE_UP = Transition("campaign.give_up", frozenset({S.COMPUTING, S.READY}), S.GIVEN_UP)
CLOSE = Transition("campaign.close", frozenset({S.COMPUTING, S.READY}), S.DEPOSITED)
"""One that was taken up again after it was deposited: what is left is not billed."""

MOVES = (FINISH_COMPUTING, COMPUTE_AGAIN, DEPOSIT, FINISH_DEPOSITING, GIVE_UP, CLOSE)
