"""How every page of the CRM is drawn, and the few answers that the screens share."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import cached_property
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django_tables2.rows import BoundRows

from obole.crm.shared import guide, sidebar
from obole.directory.access import AgentRequest
from obole.lib.sql import COUNTED
from obole.regies.models import Regie

LONGEST_NUMBER = 8


def render_page(
    request: AgentRequest, template: str, context: Mapping[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """Draw a page with the agent's rail and service."""
    here = request.resolver_match.url_name if request.resolver_match else None
    shared = {
        # A refusal counts nothing: it must cost less than what it refuses.
        "rail": sidebar.items(request, counted=status not in (403, 404)),
        "service": request.agent.service_name,
        "help_url": guide.address_of(guide.article_of(here or "")),
    }
    return render(request, template, {**shared, **(context or {})}, status=status)


def conflict_response(request: HttpRequest, sentence: str, url: str) -> HttpResponse:
    """Lead to the page as it is now, and say that somebody else acted since it was shown."""
    messages.warning(request, sentence)
    return redirect(url)


def dossier_conflict() -> str:
    """Say that somebody else acted on a dossier first."""
    return _("Ce dossier a changé entre-temps : rien n’a été enregistré. Regardez où il en est avant de continuer.")


def invoice_conflict() -> str:
    """Say that somebody else acted on an invoice first, or that it was paid."""
    return _(
        "Cette facture a changé entre-temps : rien n’a été enregistré. Regardez où elle en est avant de continuer."
    )


def file_answer(content: bytes, *, name: str, content_type: str, to_save: bool = False) -> HttpResponse:
    """
    Answer with a file; whatever it holds, it can neither run nor call.

    :param to_save: for what strangers made: the browser saves it, and does not show it as a page of ours.
    """
    answer = HttpResponse(content, content_type=content_type)
    answer["Content-Disposition"] = content_disposition_header(to_save, name) or "attachment"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def regies_seen(request: AgentRequest) -> frozenset[int]:
    """Return the ids of the régies whose money the agent may see."""
    if not sidebar.sees_money(request.agent):
        return frozenset()
    return frozenset(Regie.objects.seen_by(request.agent).values_list("pk", flat=True))


def regies_acted_on(request: AgentRequest) -> frozenset[int]:
    """Return the ids of the régies whose money the agent may move."""
    return frozenset(Regie.objects.acted_on_by(request.agent).values_list("pk", flat=True))


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Counts up to a limit: a list of ten years costs the same as a list of a month."""

    @cached_property
    def count(self) -> int:
        """Return how many rows there are, one more than ``COUNTED`` at most."""
        rows: Any = self.object_list
        # A table's rows wrap its data, which wraps the query.
        query = rows.data.data if isinstance(rows, BoundRows) else rows
        # The keys alone, in no order: what the rows show beside is not computed to be counted, nor are they sorted.
        if not isinstance(query, QuerySet):
            return len(query)
        some = query.order_by().values("pk")
        some.query.set_limits(high=COUNTED + 1)
        return some.count()

    @property
    def is_capped(self) -> bool:
        """Tell whether there are more rows than counted."""
        return self.count > COUNTED


def page_of(request: HttpRequest, rows: Any, *, per_page: int = 25) -> Page[Any]:
    """Return the page of a list that the address asks for; the last one if it asks too far."""
    return CappedPaginator(rows, per_page).get_page(request.GET.get("page"))


def page_asked(request: HttpRequest) -> int:
    """Return the number of the page that the address asks for; the first where it says nothing sensible."""
    asked = request.GET.get("page", "")
    return max(1, int(asked)) if asked.isdecimal() and len(asked) <= LONGEST_NUMBER else 1


def numbered_page(number: int, pages: int) -> Page[Any]:
    """Return a page of a list whose pages are known already, for who draws the way to the others."""
    return Paginator(range(pages), 1).get_page(number)
