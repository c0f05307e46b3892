"""What citizens read while a bank does not answer: since when, what they can do, and that nothing is lost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from obole.billing.models import Invoice
from obole.gateways import registry
from obole.lib import dates
from obole.payments import queries
from obole.payments.models import Attempt, Circuit
from obole.payments.operations.gateway_status import FINAL


@dataclass(frozen=True)
class Outages:
    """The banks that are down among those of a page: a sentence for each, and which invoices wait for them."""

    by_regie: Mapping[int, Circuit]
    sentences: list[str]
    at: datetime

    def stops(self, invoice: Invoice) -> bool:
        """Tell whether the button « Payer maintenant » would be refused."""
        outage = self.by_regie.get(invoice.regie_id) if invoice.regie_id else None
        return outage is not None and not queries.may_payer_probe(outage, at=self.at)


def outages_of(invoices: Iterable[Invoice], *, at: datetime) -> Outages:
    """
    Return the outages that keep these invoices from being paid online, with one query. Citizens know their bills, not
    our régies.
    """
    known = list(invoices)
    down = queries.outages(item.regie_id for item in known if item.regie_id)
    sentences = [_of_bills(outage, [item for item in known if item.regie_id == pk], at) for pk, outage in down.items()]
    return Outages(down, sentences, at)


def outage_text(attempt: Attempt, *, at: datetime) -> str:
    """
    Return what the payer of an attempt reads when they come back; nothing if the bank answers, or has said its last
    word.
    """
    outage = None if attempt.state in FINAL else queries.outages([attempt.regie_id]).get(attempt.regie_id)
    if outage is None:
        return ""
    return _(
        "Le service de paiement %(bank)s ne répond pas depuis %(since)s. Si vous avez validé votre paiement, il n’est"
        " pas perdu : il sera enregistré dès que la banque répondra."
    ) % {"bank": _bank(outage), "since": _since(outage, at)}


def _of_bills(outage: Circuit, invoices: list[Invoice], at: datetime) -> str:
    labels = ", ".join(f"«\u00a0{label}\u00a0»" for label in dict.fromkeys(invoice.label for invoice in invoices))
    return _("%(labels)s : le service de paiement %(bank)s ne répond pas depuis %(since)s.") % {
        "bank": _bank(outage),
        "since": _since(outage, at),
        "labels": labels,
    }


def _bank(outage: Circuit) -> str:
    return registry.GATEWAYS[outage.regie.gateway].name


def _since(outage: Circuit, at: datetime) -> str:
    since = outage.down_since or at
    if dates.day_of(since) == dates.day_of(at):
        return dates.format_time(since)
    return _("le %(day)s à %(clock)s") % {
        "day": dates.format_long(dates.day_of(since)),
        "clock": dates.format_time(since),
    }
