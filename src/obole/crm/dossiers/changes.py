"""What the answers of a dossier become from a day on: what was said of them, and what proves it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from obole.audit_log.models import Access
from obole.catalogue.fields import MOST_MEGABYTES, FormField
from obole.catalogue.forms import questions
from obole.crm.dossiers.dossier_detail import dossier_to_handle
from obole.crm.shared import journal
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers import operations, queries, rules, states
from obole.dossiers.forms.kept_files import KeptFileField
from obole.dossiers.models import Dossier
from obole.lib import dates
from obole.ui.bodies import takes_files
from obole.ui.fields import DayField


class ChangeForm(forms.Form):
    """What an answer becomes, from which day, why, and what proves it."""

    since = DayField(label=gettext_lazy("À partir du"))
    motive = forms.CharField(
        label=gettext_lazy("Motif"),
        max_length=300,
        help_text=gettext_lazy("Par exemple : nouveau quotient de la CAF. L’usager ne le lit pas."),
        error_messages={"required": gettext_lazy("Écrivez pourquoi la réponse change.")},
    )
    unproven = forms.CharField(
        label=gettext_lazy("Sinon, pourquoi il n’y a pas de pièce"), max_length=300, required=False
    )
    field_order = ("value", "since", "motive", "proof", "unproven")

    def __init__(self, request: AgentRequest, dossier: Dossier, field: FormField) -> None:
        sent = request.method == "POST"
        super().__init__(request.POST if sent else None, request.FILES if sent else None)
        self.use_required_attribute = False
        at = dates.now()
        today = dates.day_of(at)
        known = queries.in_force([dossier], today)[dossier.pk].answers.get(field.key)
        self.fields["value"] = questions.control(field, initial=known)
        self.fields["value"].label = field.label
        if not field.required:
            self.fields["value"].help_text = _("Laissez vide s’il n’y a plus de réponse à partir de ce jour.")
        first, last = rules.days_to_date(today)
        self.fields["since"] = DayField(
            label=_("À partir du"),
            minimum=first,
            maximum=last,
            initial=today.replace(day=1),
            help_text=_("Une facture prend la réponse du dernier jour de sa période."),
        )
        owner = f"{request.actor.id}.{dossier.public_id}"
        self.fields["proof"] = KeptFileField(
            key=field.key, owner=owner, at=at, already=(), label=_("Pièce qui le prouve"), required=False
        )
        self.order_fields(self.field_order)
        self.field = field

    def change(self) -> operations.Change:
        """Return what is said, in a form without errors."""
        given: dict[str, Any] = self.cleaned_data
        said = {name: given[name] for name in ("since", "motive", "proof", "unproven")}
        return operations.Change(
            question=self.field.key, value=questions.to_json(self.field, given.get("value")), **said
        )


@takes_files(megabytes=MOST_MEGABYTES + 1)
@for_agents(Right.REVIEW)
def dossier_changes(request: AgentRequest, pk: int) -> HttpResponse:
    """Show what was said of an answer from which day, and say it of another."""
    dossier = dossier_to_handle(request, pk)
    fields = [item for item in queries.fields_to_date(dossier) if request.agent.sees_sensitive or not item.is_sensitive]
    asked = request.GET.get("question")
    field = next((item for item in fields if asked in (None, item.key)), None)
    if field is None and (asked is not None or request.method == "POST"):
        raise Http404
    form = ChangeForm(request, dossier, field) if field and dossier.state in states.OPEN else None
    if field and request.method == "POST" and _is_kept(request, dossier, form):
        return redirect(f"{reverse('crm:dossier_changes', args=[pk])}?question={field.key}")
    return render_page(
        request,
        "crm/dossiers/dossier_changes.html",
        {
            "dossier": dossier,
            "fields": fields,
            "field": field,
            "form": form,
            "history": _history(request, dossier, field),
        },
    )


def _is_kept(request: AgentRequest, dossier: Dossier, form: ChangeForm | None) -> bool:
    """Keep what the form says, or say in it why not; what nobody works on any more keeps nothing."""
    if form is None:
        messages.error(request, _("Ce dossier n’est plus ouvert : rouvrez-le avant d’y changer une réponse."))
        return True
    if not form.is_valid():
        return False
    try:
        operations.date_answer(dossier_id=dossier.pk, change=form.change(), actor=request.actor, at=dates.now())
    except operations.BadChange as refusal:
        form.add_error(refusal.field, str(refusal))
        return False
    except operations.DossierEnded:
        messages.error(request, _("Ce dossier vient de changer : rien n’est enregistré."))
    else:
        messages.success(request, _("Le changement est enregistré : les factures à venir en tiennent compte."))
    return True


def _history(request: AgentRequest, dossier: Dossier, field: FormField | None) -> list[dict[str, Any]]:
    """Return what was said of a question, the last day first, and which counts; its first answer comes last."""
    if field is None:
        return []
    if field.is_sensitive:
        journal.keep(request, Access.Verb.SENSITIVE, dossier)
    counts, found = queries.in_force([dossier], dates.day_of(dates.now()))[dossier.pk].dated.get(field.key), []
    days: set[Any] = set()
    for fact in queries.dated_answers(dossier, field.key):
        text = questions.to_text(field, fact.value)
        found.append({"fact": fact, "text": text, "counts": fact == counts, "corrected": fact.since in days})
        days.add(fact.since)
    first = questions.to_text(field, dossier.answers.get(field.key))
    return [*found, {"fact": None, "text": first, "counts": counts is None, "corrected": False}]
