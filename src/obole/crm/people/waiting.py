"""What waits for an agent: how many of each, and the list that shows exactly these."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from obole.bank_statements import queries as bank_statements
from obole.billing import queries as billing
from obole.books.models import Handover
from obole.campaigns import queries as campaigns
from obole.campaigns.states import CampaignState
from obole.cash_desk.models import CashSession
from obole.crm.invoices.invoice_list import refused_since
from obole.crm.shared import scopes
from obole.directory.models import Agent
from obole.directory.rules import Right
from obole.dossiers import queries as dossiers
from obole.dossiers.states import DossierState
from obole.lib import money, sql
from obole.lib.sql import COUNTED
from obole.mailing.states import NOT_ARRIVED
from obole.payments import queries as payments
from obole.payments.refund_states import RefundState
from obole.recovery import queries as recovery
from obole.regies.models import Regie
from obole.reminders import queries as reminders

WEEK = timedelta(days=6)
RECENT = timedelta(days=62)
"""Campaigns deposited before that are not looked at any more."""


@dataclass(frozen=True)
class Waiting:
    """Something that waits: what it is, in how many words, and where it is listed."""

    label: str
    url: str
    count: int

    @property
    def count_in_words(self) -> str:
        """How many there are, as far as they are counted."""
        if self.count > COUNTED:
            return _("plus de %(n)s") % {"n": f"{COUNTED:,}".replace(",", money.NARROW_SPACE)}
        return str(self.count)


Rows = QuerySet[Any]
_Asked = tuple[str, str, Rows]
"""What it is, where it is listed, and the rows of that list."""


def waiting_for(agent: Agent, regies: Sequence[Regie], *, today: date) -> list[Waiting]:
    """
    Return what waits for an agent, none of what does not: one statement counts all of it.

    :param regies: those whose money the agent sees; none for who sees none.
    """
    asked = [*_reviewed(agent, today), *_money(agent, regies)]
    counts = sql.count_each([rows for _label, _url, rows in asked], most=COUNTED + 1)
    return [Waiting(label, url, n) for (label, url, _rows), n in zip(asked, counts, strict=True) if n]


def _reviewed(agent: Agent, today: date) -> Iterator[_Asked]:
    """Yield what an agent who reviews dossiers and issues invoices has to do."""
    if not agent.may(Right.REVIEW):
        return
    listed = dossiers.dossiers_to_list(agent)
    mine = listed.filter(state=DossierState.IN_REVIEW, agent=agent)
    own: dict[str, Any] = {"state": "in_review", "agent": agent.pk}
    yield _("Dossiers à prendre en charge"), _at("dossiers", state="submitted"), listed.filter(state="submitted")
    yield _("Vos dossiers en instruction"), _at("dossiers", **own), mine
    yield (
        _("Complétés par l’usager, à reprendre"),
        _at("dossiers", **own, completed="true"),
        dossiers.completed_since(mine),
    )
    yield _("Brouillons à émettre"), _at("drafts"), billing.drafts(agent)
    ready = campaigns.campaigns_of(agent).filter(state=CampaignState.READY)
    yield _("Campagnes à vérifier"), _at("campaigns"), ready
    since = today - RECENT
    yield _("Campagnes où des familles n’ont rien eu"), _at("campaigns"), campaigns.left_without(agent, since=since)
    contested = billing.invoices_to_list(agent).filter(recovery.is_disputed())
    yield _("Contestations sans réponse"), _at("invoices", disputed="true"), contested
    yield _("Courriers à poster"), _at("letters"), reminders.letters_waiting(agent)
    yield _("Parts en suspens"), _at("drafts"), billing.overdue_instalments(today, agent)
    lost = sorted(NOT_ARRIVED)
    mails = scopes.messages_seen_by(agent).filter(state__in=lost)
    yield _("Courriels non remis"), _at("messages", state=lost), mails
    week = today - WEEK
    yield (
        _("Cartes refusées depuis sept jours"),
        _at("invoices", refused_from=week.isoformat()),
        refused_since(billing.invoices_to_list(agent), week),
    )


def _money(agent: Agent, regies: Sequence[Regie]) -> Iterator[_Asked]:
    """Yield what waits where money is: whoever may not move it sees where it stands."""
    if not agent.may(Right.MONEY):
        return
    refunds = payments.refunds(agent)
    waits = payments.open_anomalies(agent)
    yield _("Points à traiter"), _at("tasks"), waits
    yield _("Points qui vous sont confiés"), _at("tasks", assignee=agent.pk), waits.filter(assignee=agent)
    yield (
        _("Remboursements à approuver"),
        _at("refunds", state="requested"),
        refunds.filter(state=RefundState.REQUESTED),
    )
    yield (
        _("Remboursements à payer par le comptable"),
        _at("refunds", state="approved"),
        refunds.filter(state=RefundState.APPROVED),
    )
    yield _("Remises de service à signer"), _at("regies"), Handover.objects.waiting_for(agent)
    for regie in regies:
        named = {"regie": regie.name}
        yield (
            _("Lignes de la banque à rapprocher, %(regie)s") % named,
            _at("reconciliation", regie.pk),
            bank_statements.open_lines(regie),
        )
        yield (
            _("Caisses ouvertes, %(regie)s") % named,
            _at("cash_desk", regie.pk),
            CashSession.objects.open().filter(regie=regie),
        )


def _at(name: str, *args: int, **query: Any) -> str:
    asked = f"?{urlencode(query, doseq=True)}" if query else ""
    return f"{reverse(f'crm:{name}', args=args)}{asked}"
