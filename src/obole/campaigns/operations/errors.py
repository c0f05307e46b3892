"""Why a campaign cannot go on, as a sentence for the agent."""


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
