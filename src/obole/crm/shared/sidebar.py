"""The navigation on the left: what this agent may open, and what waits there."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from obole.directory.access import AgentRequest
from obole.directory.models import Agent
from obole.directory.rules import Right
from obole.dossiers import queries as dossiers
from obole.payments import queries as payments
from obole.payments.refund_states import RefundState


@dataclass(frozen=True)
class Item:
    """One line of the rail; ``alert`` makes its count stand out."""

    label: str
    url: str
    current: bool = False
    count: int = 0
    alert: bool = False


def sees_money(agent: Agent) -> bool:
    """Tell whether régies, transactions and the bank's words are open to this agent."""
    return agent.may(Right.MONEY)


def items(request: AgentRequest) -> list[Item]:
    """Return the lines of the rail that are open to the agent."""
    money, configure = sees_money(request.agent), request.agent.may(Right.CONFIGURE)
    waiting = payments.open_anomalies(request.agent).count() if money else 0
    lines = [
        _item(request, "home", _("Accueil")),
        *([_item(request, "tasks", _("À traiter"), count=waiting, alert=True)] if money else []),
        _item(request, "dossiers", _("Dossiers"), count=dossiers.count_to_review(request.agent)),
        _item(request, "invoices", _("Factures")),
        _item(request, "attempts", _("Transactions")),
        *([_item(request, "receipts", _("Encaissements"))] if money else []),
        *([_item(request, "refunds", _("Remboursements"), count=_refunds(request.agent))] if money else []),
        _item(request, "messages", _("Courriels")),
        _item(request, "citizens", _("Usagers")),
        *([_item(request, "regies", _("Régies"))] if money else []),
        *([_item(request, "settings", _("Paramétrage"))] if configure else []),
    ]
    return [line for line in lines if line.url]


def _refunds(agent: Agent) -> int:
    """Count the refunds that wait for an approval, or for the comptable."""
    return payments.refunds(agent).filter(state__in=(RefundState.REQUESTED, RefundState.APPROVED)).count()


def _item(request: AgentRequest, view: str, label: str, *, count: int = 0, alert: bool = False) -> Item:
    try:
        url = reverse(f"crm:{view}")
    except NoReverseMatch:
        return Item(label, "")
    here = request.path == url if view == "home" else request.path.startswith(url)
    return Item(label, url, current=here, count=count, alert=alert)
