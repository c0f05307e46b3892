"""The citizen's applications: the list, one of them, its files, and giving it up."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from obole.billing import queries as billing
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.catalogue.fields import FilledBy
from obole.directory.access import CitizenRequest, for_citizens
from obole.dossiers import operations, queries, states
from obole.dossiers.models import Attachment, Dossier
from obole.dossiers.states import DossierState
from obole.lib import dates, files
from obole.lib.states import ForbiddenTransition
from obole.payments import display_status
from obole.portal import amounts_due, responses, status_labels
from obole.portal.responses import redirect_to

PER_PAGE = 20


@for_citizens
@require_safe
def dossiers(request: CitizenRequest) -> HttpResponse:
    """List the citizen's applications, with what comes next."""
    due = Count("invoices", filter=Q(invoices__state=InvoiceState.DUE))
    mine = queries.of_citizen(request.citizen).exclude(state=DossierState.DRAFT).annotate(due_invoices=due)
    page = Paginator(mine, PER_PAGE).get_page(request.GET.get("page"))
    sketches = list(queries.drafts_of(request.citizen))
    return render(request, "portal/dossiers.html", {"page": page, "sketches": sketches})


@for_citizens
@require_safe
def dossier(request: CitizenRequest, public_id: str) -> HttpResponse:
    """Show an application: what was answered, where it stands, what came of it."""
    dossier = _find(request, public_id)
    invoices = Invoice.objects.of_payer(request.citizen).filter(dossier=dossier).order_by("-issued_at", "-id")
    bills = display_status.display_all(invoices, today=dates.day_of(dates.now()))
    context = {
        "dossier": dossier,
        "parts_owed": amounts_due.instalments_due(dossier, bills),
        "cautions_owed": amounts_due.deposits_due(dossier),
        "carried_over": amounts_due.carry_overs_due(dossier),
        "parts": queries.answer_sections(dossier, by=FilledBy.CITIZEN, on=dates.day_of(dates.now())),
        "bills": bills,
        "events": status_labels.dossier_timeline(dossier),
        "may_complete": states.COMPLETE.allows(dossier),
        "may_withdraw": states.WITHDRAW.allows(dossier),
        "quoted": billing.quoted_estimate(dossier),
    }
    return render(request, "portal/dossier.html", context)


@for_citizens
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: CitizenRequest, public_id: str) -> HttpResponse:
    """Give up an application, after having read what that means."""
    dossier = _find(request, public_id)
    if request.method != "POST":
        may = states.WITHDRAW.allows(dossier)
        return render(request, "portal/withdraw.html", {"dossier": dossier, "may_withdraw": may})
    try:
        operations.withdraw(dossier_id=dossier.pk, actor=request.actor, at=dates.now())
    except ForbiddenTransition:
        messages.info(request, _("Cette demande ne peut plus être retirée."))
    else:
        messages.success(request, _("Votre demande est retirée."))
    return redirect_to("portal:dossier", dossier.public_id)


@for_citizens
@require_safe
def attachment(request: CitizenRequest, public_id: str, attachment_public_id: str) -> HttpResponse:
    """Hand back a file that the citizen joined."""
    mine = Attachment.objects.filter(dossier__citizen=request.citizen, dossier__public_id=public_id)
    found = get_object_or_404(mine, public_id=attachment_public_id)
    return responses.file_response(files.get(found.digest), name=found.name, content_type=found.content_type)


def _find(request: CitizenRequest, public_id: str) -> Dossier:
    mine = (
        queries.of_citizen(request.citizen).exclude(state=DossierState.DRAFT).select_related("scheme__service", "form")
    )
    return get_object_or_404(mine, public_id=public_id)
