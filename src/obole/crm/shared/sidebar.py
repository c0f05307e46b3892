"""The navigation on the left: what this agent may open, and what waits there."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from obole.directory.access import AgentRequest
from obole.directory.models import Agent
from obole.directory.rules import Right
from obole.dossiers import queries as dossiers
from obole.lib import sql
from obole.lib.sql import COUNTED
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


def items(request: AgentRequest, *, counted: bool = True) -> list[Item]:
    """Return the lines of the rail that are open to the agent, with what waits behind each if ``counted``."""
    money, configure = sees_money(request.agent), request.agent.may(Right.CONFIGURE)
    waiting = _waiting(request.agent) if counted else {"dossiers": 0, "tasks": 0, "refunds": 0}
    lines = [
        _item(request, "home", _("Accueil")),
        *([_item(request, "tasks", _("À traiter"), count=waiting["tasks"], alert=True)] if money else []),
        _item(request, "dossiers", _("Dossiers"), count=waiting["dossiers"]),
        _item(request, "invoices", _("Factures")),
        *([_item(request, "campaigns", _("Campagnes"))] if request.agent.may(Right.REVIEW) else []),
        _item(request, "attempts", _("Transactions")),
        *([_item(request, "receipts", _("Encaissements"))] if money else []),
        *([_item(request, "refunds", _("Remboursements"), count=waiting["refunds"])] if money else []),
        _item(request, "messages", _("Courriels")),
        _item(request, "citizens", _("Usagers")),
        *([_item(request, "regies", _("Régies"))] if money else []),
        *([_item(request, "settings", _("Paramétrage"))] if configure else []),
    ]
    return [line for line in lines if line.url]


def _waiting(agent: Agent) -> dict[str, int]:
    """Count what waits behind each line, as far as a rail counts; one statement, for every page asks."""
    asked: dict[str, QuerySet[Any]] = {"dossiers": dossiers.to_review(agent)}
    if sees_money(agent):
        to_end = (RefundState.REQUESTED, RefundState.APPROVED)
        asked["tasks"] = payments.open_anomalies(agent)
        asked["refunds"] = payments.refunds(agent).filter(state__in=to_end)
    return dict(zip(asked, sql.count_each([*asked.values()], most=COUNTED), strict=True))


def _item(request: AgentRequest, view: str, label: str, *, count: int = 0, alert: bool = False) -> Item:
    try:
        url = reverse(f"crm:{view}")
    except NoReverseMatch:
        return Item(label, "")
    here = request.path == url if view == "home" else request.path.startswith(url)
    return Item(label, url, current=here, count=count, alert=alert)
