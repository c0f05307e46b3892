"""What waits for a person, as the screens show it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.crm.money.bank_comparison import fact_names
from obole.crm.shared.lists import Tab, tab
from obole.directory.access import AgentRequest
from obole.directory.models import Agent
from obole.lib import dates
from obole.payments import queries
from obole.payments.models import Anomaly, Receipt

TOLD_ELSEWHERE = frozenset(
    {
        Anomaly.Kind.SURPLUS,
        Anomaly.Kind.FREED,
        Anomaly.Kind.UNMATCHED,
        Anomaly.Kind.REFUND_WAITS,
        Anomaly.Kind.UNDELIVERED,
    }
)
"""Kinds whose details repeat what the card already says: the amount, the invoice, the payer, the mail."""


OF_A_DUE_INVOICE = frozenset(
    {Anomaly.Kind.REVERSED, Anomaly.Kind.MISTAKE, Anomaly.Kind.NO_ANSWER, Anomaly.Kind.NO_START}
)
"""Kinds that are opened while their invoice is to be paid: what it is else came later."""


@dataclass(frozen=True)
class Task:
    """Something to look at, and the money that waits for it, in cents."""

    anomaly: Anomaly
    free_cents: int

    @property
    def details(self) -> str:
        """What was kept about it and is shown nowhere else."""
        return "" if self.anomaly.kind in TOLD_ELSEWHERE else fact_names(self.anomaly)

    @property
    def since(self) -> str:
        """What became of its invoice after the task was opened: it may need nobody any more."""
        invoice = self.invoice
        if self.anomaly.closed_at is not None or invoice is None:
            return ""
        if invoice.paid_at is not None and invoice.paid_at > self.anomaly.opened_at:
            return _("La facture a été payée depuis, le %(day)s.") % {
                "day": dates.format_short(dates.day_of(invoice.paid_at))
            }
        if invoice.is_refunded:
            return _("La facture a été annulée, et remboursée depuis.")
        if self.anomaly.kind not in OF_A_DUE_INVOICE:
            return ""
        changed = {
            InvoiceState.CANCELLED: _("La facture a été annulée depuis."),
            InvoiceState.TRANSFERRED: _("La facture a été transmise au comptable public depuis."),
        }
        return changed.get(InvoiceState(invoice.state), "")

    @property
    def receipt(self) -> Receipt | None:
        """The money that it is about."""
        return self.anomaly.receipt or (self.anomaly.refund.receipt if self.anomaly.refund else None)

    @property
    def invoice(self) -> Invoice | None:
        """The invoice that it is about: its own, else the one that the money was sent for."""
        receipt = self.receipt
        if self.anomaly.invoice or receipt is None:
            return self.anomaly.invoice
        return receipt.attempt.invoice if receipt.attempt else receipt.invoice


def tasks_of(anomalies: Iterable[Anomaly]) -> list[Task]:
    """Return anomalies with the money that waits for each."""
    rows = list(anomalies)
    free = queries.free_by_receipt(row.receipt_id for row in rows if row.receipt_id)
    return [Task(row, free.get(row.receipt_id or 0, 0)) for row in rows]


def count_by_kind(anomalies: QuerySet[Anomaly]) -> dict[str, int]:
    """Return how many there are of each kind."""
    return dict(anomalies.order_by("kind").values_list("kind").annotate(n=Count("id")))


def kind_tabs(request: AgentRequest, counts: Mapping[str, int]) -> list[Tab]:
    """Return a tab for all that waits and one for each kind of it, with how many there are."""
    words, own = _short_names(), {"assignee": request.agent.pk}
    whole, mine = tab(request, _counted(_("Tout"), sum(counts.values()))), tab(request, _("Les miens"), **own)
    of_kinds = [tab(request, _counted(words[kind], counts[kind]), kind=kind) for kind in words if kind in counts]
    return [whole, mine, *of_kinds]


def money_tasks(agent: Agent, invoice: Invoice) -> Sequence[Task]:
    """
    Return where the payer of a due invoice has money that waits in the same régie, so that it may be counted for it; of
    one that is not due, where money that came for it all the same waits.
    """
    if invoice.state == InvoiceState.DRAFT:
        return []
    receipts = queries.free_money_of(invoice.payer, invoice.regie)
    if invoice.state != InvoiceState.DUE:
        receipts = [item for item in receipts if invoice.pk in queries.invoices_paid_by(item)]
    if not receipts:
        return []
    known = queries.anomalies(agent).filter(receipt__in=receipts).order_by("receipt", "closed_at", "-id")
    last = {item.receipt_id: item for item in known}
    return tasks_of(last.values())


def _counted(label: str, count: int) -> str:
    return f"{label} ({count})"


def _short_names() -> dict[str, str]:
    kinds = Anomaly.Kind
    return {
        kinds.INVOICE_NOT_DUE: _("Payées deux fois, annulées"),
        kinds.SURPLUS: _("Trop-perçus"),
        kinds.DIFFERENT: _("Réponses différentes"),
        kinds.UNMATCHED: _("Sans facture connue"),
        kinds.FREED: _("Annulées depuis"),
        kinds.UNKNOWN_ANSWER: _("Réponses inconnues"),
        kinds.NO_ANSWER: _("Sans réponse"),
        kinds.NO_START: _("Paiements refusés par la banque"),
        kinds.REVERSED: _("Rejetés"),
        kinds.MISTAKE: _("Quittances annulées"),
        kinds.REFUND_WAITS: _("Remboursements en attente"),
        kinds.UNDELIVERED: _("Courriels non remis"),
        kinds.CEILING: _("Encaisse trop élevée"),
        kinds.REMITTANCE_LATE: _("Versements en retard"),
        kinds.BANK_ONLY: _("Seulement à la banque"),
        kinds.HERE_ONLY: _("Seulement ici"),
    }
