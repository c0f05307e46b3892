"""What is known of a citizen: taken away as an archive, or forgotten."""

import io
import zipfile

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from obole.audit_log import operations as audit_log
from obole.audit_log.models import Access
from obole.directory.access import CitizenRequest, after_reauthentication, for_citizens
from obole.lib import dates
from obole.lib.client_address import client_address
from obole.limits import operations as limits
from obole.limits.rules import OWN_DATA
from obole.personal_data import operations, queries
from obole.portal.responses import redirect_to


@for_citizens
@require_safe
@after_reauthentication(reading=True)
def my_data(request: CitizenRequest) -> HttpResponse:
    """Give all that is known of the citizen: one JSON file, the documents and the files."""
    limits.use(OWN_DATA, request.citizen.pk, at=dates.now())
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in queries.files_of(request.citizen):
            made.writestr(name, content)
    audit_log.log_access(
        Access.Verb.EXPORT,
        actor=request.actor,
        at=dates.now(),
        subject=request.citizen,
        address=client_address(request),
        what="own data",
    )
    answer = HttpResponse(archive.getvalue(), content_type="application/zip")
    answer["Content-Disposition"] = "attachment; filename=mes-donnees.zip"
    return answer


@for_citizens
@require_http_methods(["GET", "HEAD", "POST"])
@after_reauthentication(reading=True)
def close_account(request: CitizenRequest) -> HttpResponse:
    """Say what closing an account does, and do it."""
    why_not = queries.reason_to_keep(request.citizen)
    if request.method == "POST" and not why_not:
        try:
            operations.forget_citizen(citizen_id=request.citizen.pk, actor=request.actor, at=dates.now())
        except operations.MustBeKept as refusal:
            why_not = str(refusal)
        else:
            logout(request)
            messages.success(request, _("Votre compte est fermé, et vos données sont effacées."))
            return redirect_to("portal:home")
    return render(request, "portal/close_account.html", {"why_not": why_not})


@for_citizens
@require_POST
@after_reauthentication()
def leave_account(request: CitizenRequest) -> HttpResponse:
    """Close the account alone: the file, its applications and its invoices stay with the town."""
    try:
        operations.leave_account(citizen_id=request.citizen.pk, actor=request.actor, at=dates.now())
    except operations.MustBeKept as refusal:
        messages.warning(request, str(refusal))
        return redirect_to("portal:account")
    logout(request)
    messages.success(request, _("Ce compte est fermé. La collectivité garde vos démarches et vos factures."))
    return redirect_to("portal:home")
