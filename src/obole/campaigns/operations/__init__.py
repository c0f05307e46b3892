"""Every write about campaigns: opened, computed, mended, deposited, given up."""

from obole.campaigns.operations.computing import compute_next, finish_computing
from obole.campaigns.operations.depositing import deposit_again, deposit_campaign, deposit_next
from obole.campaigns.operations.errors import CampaignRefused, CannotOpen, NeedsAnother, NotShown
from obole.campaigns.operations.mending import (
    compute_again,
    discard_next,
    give_up_campaign,
    leave_rows,
    resume,
    take_back_rows,
)
from obole.campaigns.operations.opening import CampaignRequest, compute_lane, open_campaign
from obole.campaigns.operations.redoing import redo_invoice

__all__ = [
    "CampaignRefused",
    "CampaignRequest",
    "CannotOpen",
    "NeedsAnother",
    "NotShown",
    "compute_again",
    "compute_lane",
    "compute_next",
    "deposit_again",
    "deposit_campaign",
    "deposit_next",
    "discard_next",
    "finish_computing",
    "give_up_campaign",
    "leave_rows",
    "open_campaign",
    "redo_invoice",
    "resume",
    "take_back_rows",
]
