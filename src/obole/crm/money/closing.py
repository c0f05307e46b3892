"""Closing the ledger of a régie: only who answers for it does, after a page that says what will happen."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy

from obole.books import operations as books
from obole.books.rules import closing_name
from obole.crm.shared.ledger_entries import closing_rows
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.regies import operations as regies, queries
from obole.regies.models import Closing, Regie
from obole.ui.forms import DayInput


class CloseForm(forms.Form):
    """Up to which day a ledger is closed."""

    until = forms.DateField(
        label=gettext_lazy("Arrêter au"),
        widget=DayInput,
        help_text=gettext_lazy("Le dernier jour de la période, hier au plus tard."),
    )

    def __init__(self, *args: Any, regie: Regie, last: Closing | None, at: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self._regie, self._last, self._at = regie, last, at

    def clean_until(self) -> date:
        """
        Refuse what the room would refuse.

        :raises ValidationError: at the field.
        """
        until: date = self.cleaned_data["until"]
        why_not = regies.reason_not_to_close(self._regie, self._last, until=until, at=self._at)
        if why_not:
            raise ValidationError(why_not)
        return until


@for_agents(Right.MONEY)
@after_reauthentication()
def closing_new(request: AgentRequest, pk: int) -> HttpResponse:
    """Show what a period comes to, and close it."""
    regie = get_object_or_404(Regie.objects.acted_on_by(request.agent), pk=pk)
    posted = request.method == "POST"
    given = request.POST if posted else request.GET
    last = queries.closings(regie).first()
    form = CloseForm(given if "until" in given or posted else None, regie=regie, last=last, at=dates.now())
    if not form.is_bound or not form.is_valid():
        return render_page(request, "crm/money/closing_new.html", {"regie": regie, "form": form, "until": None})
    until = form.cleaned_data["until"]
    if not posted:
        context = {"regie": regie, "form": form, "until": until, **_preview(regie, last, until)}
        return render_page(request, "crm/money/closing_new.html", context)
    try:
        closing = books.close_period(regie_id=pk, until=until, actor=request.actor, at=dates.now())
    except regies.CannotClose as refusal:
        messages.warning(request, str(refusal))
        return redirect("crm:regie", pk=pk)
    messages.success(request, _("les comptes sont arrêtés au %(day)s.") % {"day": dates.format_long(until)})
    return redirect("crm:closing", pk=pk, closing_pk=closing.pk)


@for_agents(Right.MONEY)
def closing(request: AgentRequest, pk: int, closing_pk: int) -> HttpResponse:
    """Show what was closed: the totals as they were kept."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    one = get_object_or_404(queries.closings(regie), pk=closing_pk)
    context = {
        "regie": regie,
        "closing": one,
        "rows": closing_rows(one.before, one.totals),
        "name": closing_name(one.until),
    }
    return render_page(request, "crm/money/closing.html", context)


def form_for(request: AgentRequest, regie: Regie, last: Closing | None) -> CloseForm | None:
    """Return the form that the page of a régie shows to who answers for it."""
    if not Regie.objects.acted_on_by(request.agent).filter(pk=regie.pk).exists():
        return None
    at = dates.now()
    yesterday, month_before = dates.day_of(at) - timedelta(days=1), dates.day_of(at).replace(day=1) - timedelta(days=1)
    first = month_before if last is None or last.until < month_before else yesterday
    return CloseForm(initial={"until": first}, regie=regie, last=last, at=at)


def _preview(regie: Regie, last: Closing | None, until: date) -> dict[str, Any]:
    before = queries.sum_balances(last.before, last.totals) if last else {}
    after = last.until if last else None
    totals = queries.sums_of_period(regie, after=after, until=until)
    count = queries.entries_of_period(regie, after=after, until=until).count()
    return {"rows": closing_rows(before, totals), "entries": count}
