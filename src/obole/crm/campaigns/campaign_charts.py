"""The plots of a campaign."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from obole.campaigns.queries import Followed, SumOf
from obole.ui.plots import Bar, BarPlot, GroupedPlot, Series


def compared(sums: Sequence[SumOf]) -> GroupedPlot:
    """Draw what each dispositif comes to, beside the time before."""
    return GroupedPlot(
        title=_("Cette fois et la fois d’avant"),
        description=_("Ce que chaque dispositif facture, à côté de ce que les mêmes dossiers ont eu la fois d’avant."),
        columns=[one.label for one in sums],
        series=[
            Series(_("La fois d’avant"), [one.before_cents or 0 for one in sums]),
            Series(_("Cette fois"), [one.cents for one in sums]),
        ],
    )


def followed(found: Followed) -> BarPlot:
    """Draw how many invoices were paid, are waited for, are late, were cancelled."""
    waited = found.issued - found.paid - found.late - found.cancelled
    return BarPlot(
        title=_("Où en sont les factures de la campagne"),
        description=_("Combien sont payées, à payer, en retard, annulées."),
        bars=[
            Bar(_("Payées"), found.paid, strong=True),
            Bar(_("À payer"), waited),
            Bar(_("En retard"), found.late),
            Bar(_("Annulées"), found.cancelled),
        ],
        unit="",
    )
