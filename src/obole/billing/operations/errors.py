"""Why an invoice cannot be made or ended, as a sentence for the agent."""


class NotBillable(Exception):
    """An invoice cannot be made of this dossier with this type; the message is a French sentence for the agent."""


class EmptyInvoice(NotBillable):
    """There is nothing to pay."""


class NegativePrice(EmptyInvoice):
    """A price is money to give back."""


class ReasonMissing(NotBillable):
    """« Autre motif » says nothing without a sentence."""


class NotADraft(NotBillable):
    """An issued invoice never changes: it is cancelled by an avoir, and done again."""


class PricingChanged(NotBillable):
    """The pricing is no more the one that was shown: the amount may be another."""


class AmountNotShown(NotBillable):
    """What would be issued is not the amount that was on the screen."""


class AlreadyBilled(NotBillable):
    """The same thing was billed already, and nobody said that it is billed once more."""


class BadDays(NotBillable):
    """
    The days of the parts of a price are not to come, or not in their order; ``rank`` is the part whose day is wrong, if
    one is.
    """

    def __init__(self, sentence: str, *, rank: int = 0) -> None:
        super().__init__(sentence)
        self.rank = rank


class IsInstalment(NotBillable):
    """This draft is one part of a price: it is not priced again alone."""


class NoSecurityDeposit(NotBillable):
    """A caution cannot be received, given back or kept; the message says why."""
