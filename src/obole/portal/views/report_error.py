"""« Signaler une erreur » on an invoice."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods

from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.directory.access import CitizenRequest, for_citizens
from obole.lib import dates
from obole.portal.responses import redirect_to
from obole.portal.views.invoices import find
from obole.recovery import operations as recovery, queries
from obole.ui.fields import ParagraphField


class ReportForm(forms.Form):
    """What is wrong with an invoice."""

    said = ParagraphField(
        label=gettext_lazy("Qu’est-ce qui ne va pas ?"),
        max_length=300,
        help_text=gettext_lazy("Par exemple : Léo était absent le 12, nous avions prévenu le 10."),
        error_messages={"required": gettext_lazy("Écrivez ce qui ne va pas sur cette facture.")},
    )


@for_citizens
@require_http_methods(["GET", "HEAD", "POST"])
def report_error(request: CitizenRequest, public_id: str) -> HttpResponse:
    """Report an error on an invoice that is due: it is not reminded until somebody answers."""
    invoice = find(request, public_id)
    if invoice.state != InvoiceState.DUE or queries.open_dispute_of(invoice) is not None:
        return _leave(request, invoice, _("Il n’y a rien à signaler maintenant sur cette facture."))
    form = ReportForm(request.POST or None)
    if form.is_valid():
        return _report(request, invoice, form.cleaned_data["said"])
    return render(request, "portal/report_error.html", {"invoice": invoice, "form": form})


def _report(request: CitizenRequest, invoice: Invoice, said: str) -> HttpResponse:
    try:
        recovery.report_error(invoice_id=invoice.pk, said=said, actor=request.actor, at=dates.now())
    except recovery.AlreadyDisputed:
        return _leave(request, invoice, _("Il n’y a rien à signaler maintenant sur cette facture."))
    except recovery.TooManyReports:
        return _leave(
            request,
            invoice,
            _("Vous avez déjà signalé cette facture plusieurs fois : appelez le service, il vous répondra."),
        )
    messages.success(request, _("Votre signalement est transmis. Le service vous répond ; d’ici là, aucune relance."))
    return redirect_to("portal:invoice", invoice.public_id)


def _leave(request: CitizenRequest, invoice: Invoice, said: str) -> HttpResponse:
    messages.info(request, said)
    return redirect_to("portal:invoice", invoice.public_id)
