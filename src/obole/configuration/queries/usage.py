"""Where a setting is used: what would be touched by changing it. A constant number of queries, whatever there is."""

from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from obole.billing.models import Invoice, InvoiceType
from obole.billing.rules import reminder_plan
from obole.billing.states import InvoiceState
from obole.catalogue.models import Scheme, Service
from obole.dossiers.models import Dossier
from obole.mailing.models import Message
from obole.regies.models import Regie

COUNTED = 10_000
"""Beyond that, « plus de 10 000 » says as much, and counting costs more than the page."""
LISTED = 50


@dataclass(frozen=True)
class Usage:
    """Who uses a setting. None where it makes no sense to ask."""

    schemes: list[Scheme] = field(default_factory=list)
    types: list[InvoiceType] = field(default_factory=list)
    dossiers: int | None = None
    drafts: int | None = None
    issued: int | None = None
    mails: int | None = None

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing uses it."""
        return not (self.schemes or self.types or self.dossiers or self.drafts or self.issued or self.mails)


def of_service(service: Service) -> Usage:
    """Return what uses a prestation."""
    return Usage(
        schemes=_listed(Scheme.objects.filter(service=service)),
        types=_listed(InvoiceType.objects.filter(schemes__service=service).distinct()),
        dossiers=_count(Dossier.objects.filter(scheme__service=service)),
        **_invoices(Invoice.objects.filter(dossier__scheme__service=service)),
    )


def of_scheme(scheme: Scheme) -> Usage:
    """Return what uses a dispositif."""
    return Usage(
        types=_listed(InvoiceType.objects.filter(schemes=scheme)),
        dossiers=_count(Dossier.objects.filter(scheme=scheme)),
        **_invoices(Invoice.objects.filter(dossier__scheme=scheme)),
    )


def of_type(kind: InvoiceType) -> Usage:
    """Return what uses a type de facture."""
    return Usage(
        schemes=_listed(Scheme.objects.filter(invoice_types=kind)), **_invoices(Invoice.objects.filter(type=kind))
    )


def of_regie(regie: Regie) -> Usage:
    """Return what uses a régie."""
    return Usage(
        types=_listed(InvoiceType.objects.filter(regie=regie)), **_invoices(Invoice.objects.filter(regie=regie))
    )


def of_mail(kind: str) -> Usage:
    """
    Return what uses a mail model: the mails that were made of it, and for a reminder the types that have no words of
    their own.
    """
    return Usage(types=_reminding_with(kind), mails=_count(Message.objects.filter(kind=kind)))


def _reminding_with(kind: str) -> list[Any]:
    """Return the types de factures one of whose reminders says what a model says."""
    rows = InvoiceType.objects.exclude(reminder_steps=[]).order_by("name", "id")
    used = (
        one
        for one in rows
        if any(
            reminder_plan.kind_of(one.steps, rank) == kind
            for rank, step in enumerate(one.steps, start=1)
            if not step.body
        )
    )
    return list(islice(used, LISTED))


def _listed(rows: QuerySet[Any]) -> list[Any]:
    return list(rows.order_by("name", "id")[:LISTED])


def _count(rows: QuerySet[Any]) -> int:
    return rows.order_by("pk").values("pk")[: COUNTED + 1].count()


def _invoices(rows: QuerySet[Invoice]) -> dict[str, Any]:
    return {
        "drafts": _count(rows.filter(state=InvoiceState.DRAFT)),
        "issued": _count(rows.exclude(state=InvoiceState.DRAFT)),
    }
