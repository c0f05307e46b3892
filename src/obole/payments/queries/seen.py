"""The attempts that an agent may know of."""

from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce

from obole.billing.models import Invoice
from obole.directory.models import Agent
from obole.payments.models import Attempt, AttemptLine


def attempts_seen_by(agent: Agent) -> QuerySet[Attempt]:
    """
    Return the attempts to pay the invoices that an agent sees, with what the rows show; ``seen_shares``: what each is
    to pay of those, and of no other.
    """
    shares = AttemptLine.objects.filter(invoice__in=Invoice.objects.seen_by(agent))
    known = Attempt.objects.all()
    if not agent.all_services:
        known = known.filter(Exists(shares.filter(attempt=OuterRef("pk"))))
    named = shares.select_related("invoice__payer").order_by("invoice_id")
    return listed(known).prefetch_related(Prefetch("shares", queryset=named, to_attr="seen_shares"))


def listed(attempts: QuerySet[Attempt]) -> QuerySet[Attempt]:
    """Return attempts as lists show them, newest first; ``others``: how many invoices each is for beside the first."""
    shares = AttemptLine.objects.filter(attempt=OuterRef("pk")).order_by().values("attempt").annotate(n=Count("id"))
    others = Coalesce(Subquery(shares.values("n")), 1) - 1
    return attempts.annotate(others=others).select_related("invoice__payer", "regie").order_by("-opened_at", "-id")
