"""« Attestations d’une année »: what a régie received, attested to each of its payers, for the post."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy

from obole.billing.models import InvoiceType
from obole.bulk_actions import operations as bulk, queries
from obole.bulk_actions.models import BulkAction, BulkVerb
from obole.bulk_actions.queries import AttestationWish
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.regies.models import Regie
from obole.ui import idempotency

YEARS = 5
SHOWN = 10


class AttestationsForm(forms.Form):
    """Which year, which invoices, and for what."""

    year = forms.TypedChoiceField(label=gettext_lazy("Année"), coerce=int)
    kind = forms.ChoiceField(
        label=gettext_lazy("Document"),
        choices=[
            ("payment", gettext_lazy("Attestation de paiement : tout ce qui a été payé")),
            ("childcare", gettext_lazy("Attestation fiscale : la garde d’enfants de moins de six ans")),
        ],
        initial="payment",
        widget=forms.RadioSelect,
    )
    type = forms.ModelChoiceField(
        InvoiceType.objects.none(),
        label=gettext_lazy("Type de facture"),
        required=False,
        empty_label=gettext_lazy("Tous ceux de la régie"),
    )

    def __init__(self, *args: Any, regie: Regie, **options: Any) -> None:
        super().__init__(*args, **options)
        this_year = dates.day_of(dates.now()).year
        self.fields["year"].choices = [(year, str(year)) for year in range(this_year, this_year - YEARS, -1)]  # type: ignore[attr-defined]
        # In January, the year that has just ended is asked for; in December, this one.
        self.initial.setdefault("year", this_year - 1 if dates.day_of(dates.now()).month <= 6 else this_year)
        self.fields["type"].queryset = InvoiceType.objects.filter(regie=regie).order_by("name", "id")  # type: ignore[attr-defined]

    def wish(self, regie: Regie) -> AttestationWish:
        """Return what is asked for."""
        given = self.cleaned_data
        of_type = given["type"].pk if given["type"] else None
        return AttestationWish(regie.pk, given["year"], of_type, given["kind"] == "childcare")


@for_agents(Right.MONEY)
def attestations(request: AgentRequest, pk: int) -> HttpResponse:
    """Ask for the attestations of a year for all the payers of a régie whose money the agent may move."""
    regie = get_object_or_404(Regie.objects.acted_on_by(request.agent), pk=pk)
    form = AttestationsForm(request.POST or None, regie=regie)
    if request.method == "POST" and form.is_valid():
        action = _start(request, regie, form)
        if action is not None:
            return redirect("crm:bulk_action", pk=action.pk)
    before = queries.actions_of(request.agent).filter(verb=BulkVerb.ATTEST, parameters__regie=str(regie.pk))
    context = {"regie": regie, "form": form, "before": before[:SHOWN], "key": idempotency.key_of(request)}
    return render_page(request, "crm/money/attestations.html", context)


def _start(request: AgentRequest, regie: Regie, form: AttestationsForm) -> BulkAction | None:
    wish = form.wish(regie)
    asked = bulk.BulkRequest(BulkVerb.ATTEST, queries.payers_to_attest(wish), wish.parameters)
    key = idempotency.scoped_key(request, regie.pk, wish.year, wish.type_id or 0, wish.is_childcare)
    try:
        return bulk.start(asked=asked, request_key=key, actor=request.actor, at=dates.now())
    except bulk.EmptySelection:
        form.add_error("year", _("Personne n’a rien payé cette année-là pour ces factures."))
    except bulk.TooManyRows as refusal:
        said = _("Plus de %(most)d payeurs : choisissez un type de facture, puis les autres.")
        form.add_error("type", said % {"most": refusal.most})
    return None
