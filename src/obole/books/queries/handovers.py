"""What a régie holds and what is under way there, for who hands it over and who takes it."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.db import models
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Abs
from django.utils.text import capfirst
from django.utils.translation import gettext as _, gettext_lazy

from obole.bank_statements.models import BankLine
from obole.bank_statements.states import LineState
from obole.billing.models import Invoice, SecurityDeposit
from obole.billing.states import InvoiceState
from obole.books.models import Handover
from obole.cash_desk import queries as cash_desk
from obole.cash_desk.models import CashSession, Deposit
from obole.payments.models import Anomaly, Attempt, Refund
from obole.payments.refund_states import RefundState
from obole.recovery.models import Transmission
from obole.recovery.states import TransmissionState
from obole.regies import numbering, queries as regies
from obole.regies.access import SIGNATORIES
from obole.regies.accounts import Account
from obole.regies.models import Mandate, Regie, Series
from obole.remittances.models import Remittance
from obole.remittances.states import RemittanceState

SAFE = "safe"
PIECES = (Deposit.Kind.CHEQUE, Deposit.Kind.CESU)


@dataclass(frozen=True)
class Place:
    """Where cash must be: a drawer that is closed, with its fonds de caisse, or the safe, with the takings."""

    key: str
    name: str
    cents: int


@dataclass(frozen=True)
class Holdings:
    """All that a régie holds, in cents: what its accounts say, the cash by place, the pieces, the cautions."""

    balances: dict[str, int]
    places: list[Place]
    pieces: dict[str, list[int]]
    """How many cheques and CESU wait to be handed in, and what they come to."""
    cautions: dict[str, int]
    """By means: they are in no account."""

    @property
    def fingerprint(self) -> str:
        """What changes when any of it does: whoever signs says which one was seen."""
        return hashlib.sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """Return what a remise de service keeps of it."""
        return asdict(self)

    @classmethod
    def of(cls, handover: Handover) -> "Holdings":
        """Return what was kept."""
        kept = handover.holdings
        return cls(kept["balances"], [Place(**place) for place in kept["places"]], kept["pieces"], kept["cautions"])

    def what_differs(self, other: "Holdings") -> list[str]:
        """Name what is not the same, in words."""
        accounts = [account for account in Account if self.balances[account] != other.balances[account]]
        named = [str(account.label) for account in accounts]
        if self.places != other.places:
            named.append(_("espèces à compter"))
        if self.pieces != other.pieces:
            named.append(_("chèques et CESU à remettre"))
        if self.cautions != other.cautions:
            named.append(_("cautions détenues"))
        return named


def holdings(regie: Regie) -> Holdings:
    """Return all that a régie holds now; its drawers must be closed."""
    position = cash_desk.cash_position(regie)
    drawers = [
        Place(f"drawer-{content.drawer.pk}", content.drawer.name, content.fund_cents)
        for content in position.contents
        if content.drawer.enabled
    ]
    cautions = SecurityDeposit.objects.filter(regie=regie).held().order_by("means").values("means")
    return Holdings(
        balances={name.value: cents for name, cents in regies.balances(regie).items()},  # type: ignore[attr-defined]
        places=[*drawers, Place(SAFE, "", position.safe)],
        pieces={kind.value: list(cash_desk.summed(cash_desk.depositable(regie.pk, kind))) for kind in PIECES},
        cautions={row["means"]: row["cents"] for row in cautions.annotate(cents=Sum("cents"))},
    )


def open_sessions(regie: Regie) -> QuerySet[CashSession]:
    """Return the drawers of a régie that somebody has open: nothing is handed over before they are closed."""
    return cash_desk.sessions(regie).filter(pk__in=CashSession.objects.open().values("pk"))


class WaitingKind(models.TextChoices):
    """What may be under way in a régie."""

    DRAFTS = "drafts", gettext_lazy("brouillons de factures à émettre")
    ATTEMPTS = "attempts", gettext_lazy("paiements en ligne en cours")
    ANOMALIES = "anomalies", gettext_lazy("situations à traiter")
    DIFFERENCES = "differences", gettext_lazy("différences de caisse à régulariser")
    DEPOSITS = "deposits", gettext_lazy("remises à la banque non créditées")
    BANK_LINES = "bank_lines", gettext_lazy("lignes de la banque à rapprocher")
    REMITTANCES = "remittances", gettext_lazy("bordereaux signés, virement à venir")
    REFUNDS = "refunds", gettext_lazy("remboursements demandés ou à payer")
    TRANSMISSIONS = "transmissions", gettext_lazy("transmissions au comptable en attente")
    CAUTIONS = "cautions", gettext_lazy("cautions détenues")


@dataclass(frozen=True)
class Waiting:
    """What of a kind is under way: how many, and their amount in cents (None where it makes no sense)."""

    kind: str
    count: int
    cents: int | None

    @property
    def label(self) -> str:
        """Its name, in words."""
        return str(capfirst(WaitingKind(self.kind).label))


def waiting(regie: Regie) -> list[Waiting]:
    """Return all that is under way in a régie, nothing of a kind included."""
    return [Waiting(kind.value, *_counted(*_UNDER_WAY[kind](regie))) for kind in WaitingKind]


def waiting_of(handover: Handover) -> list[Waiting]:
    """Return what was under way when it was signed."""
    return [Waiting(*kept) for kept in handover.waiting]


Found = tuple[QuerySet[Any], Any]
_UNDER_WAY: dict[WaitingKind, Callable[[Regie], Found]] = {
    WaitingKind.DRAFTS: lambda regie: (Invoice.objects.filter(regie=regie, state=InvoiceState.DRAFT), F("total_cents")),
    WaitingKind.ATTEMPTS: lambda regie: (Attempt.objects.open().filter(regie=regie), F("amount_cents")),
    WaitingKind.ANOMALIES: lambda regie: (Anomaly.objects.filter(regie=regie, closed_at=None), None),
    WaitingKind.DIFFERENCES: lambda regie: (cash_desk.unsettled(regie), F("left_cents")),
    WaitingKind.DEPOSITS: lambda regie: (cash_desk.waiting_deposits(regie), F("cents")),
    WaitingKind.BANK_LINES: lambda regie: (BankLine.objects.filter(regie=regie, state=LineState.OPEN), Abs("cents")),
    WaitingKind.REMITTANCES: lambda regie: (
        Remittance.objects.filter(regie=regie, state=RemittanceState.SIGNED),
        F("revenue_cents") + F("refund_cents"),
    ),
    WaitingKind.REFUNDS: lambda regie: (
        Refund.objects.filter(regie=regie, state__in=(RefundState.REQUESTED, RefundState.APPROVED)),
        F("cents"),
    ),
    WaitingKind.TRANSMISSIONS: lambda regie: (
        Transmission.objects.filter(regie=regie, state__in=(TransmissionState.REQUESTED, TransmissionState.SENDING)),
        None,
    ),
    WaitingKind.CAUTIONS: lambda regie: (SecurityDeposit.objects.filter(regie=regie).held(), F("cents")),
}


def _counted(rows: QuerySet[Any], cents: Any) -> tuple[int, int | None]:
    if cents is None:
        return rows.count(), None
    found = rows.order_by().aggregate(n=Count("pk"), sum=Sum(cents))
    return found["n"], found["sum"] or 0


def last_numbers(regie: Regie) -> list[str]:
    """Return the last number that each series of a régie gave, in the order of their kinds."""
    rows = Series.objects.filter(regie=regie, last__gt=0).order_by("kind", "-year").distinct("kind")
    last = {row.kind: row for row in rows}
    return [
        numbering.format_number(regie=regie, kind=kind, year=last[kind].year, sequence=last[kind].last)
        for kind in Series.Kind
        if kind in last
    ]


def who_may_arrive(regie_id: int, day: date) -> QuerySet[Mandate]:
    """
    Return the mandates to sign for a régie that are not over on a day: of who may take it over then. One that an
    administrator prepared to begin later begins with the remise de service.
    """
    over = Q(ends_on__lt=day)
    rows = Mandate.objects.filter(regie=regie_id, kind__in=SIGNATORIES, agent__user__is_active=True).exclude(over)
    return rows.select_related("agent").order_by("agent__name", "id")


def handovers_of(regie: Regie) -> QuerySet[Handover]:
    """Return the remises de service of a régie, the last first."""
    return Handover.objects.filter(regie=regie).order_by("-left_at", "-id")
