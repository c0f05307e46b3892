"""A transmission in PES V2: what would stop its file, the file once it is made, and the withdrawal of a refused one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from obole.audit_log.models import Access
from obole.crm.bookkeeping.transmissions import find
from obole.crm.shared import journal
from obole.crm.shared.pages import conflict_response, file_answer, regies_acted_on, render_page
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.limits import operations as limits
from obole.limits.rules import EXPORTS
from obole.recovery import operations as recovery
from obole.recovery.documents import pes_files
from obole.recovery.models import PesFile, PesSettings, Transmission
from obole.recovery.rules import pes
from obole.recovery.states import TransmissionState
from obole.ui.forms import DayInput

MOST_SHOWN = 100
"""Problems on one page: whoever has mended these finds the next ones."""


@dataclass(frozen=True)
class Row:
    """A problem as the page shows it."""

    who: str
    sentence: str
    url: str


class MakeForm(forms.Form):
    """What a file is asked for with."""

    notices_on = forms.DateField(
        label=gettext_lazy("Jour d’envoi des avis des sommes à payer"),
        required=False,
        widget=DayInput,
        help_text=gettext_lazy("Si la collectivité les envoie elle-même ; aujourd’hui au plus tôt."),
    )
    leaves_out = forms.BooleanField(
        label=gettext_lazy("Laisser ces factures hors du fichier"),
        required=False,
        help_text=gettext_lazy("Elles sont avec le comptable : il faut alors les lui dire autrement."),
    )

    def __init__(self, *args: Any, at: datetime, edition: str, lacks: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = dates.day_of(at)
        if edition == pes.Edition.PRINTED:
            del self.fields["notices_on"]
        if not lacks:
            del self.fields["leaves_out"]

    def clean_notices_on(self) -> Any:
        """Refuse a day before the bordereau's."""
        day = self.cleaned_data["notices_on"]
        if day and day < self.today:
            raise forms.ValidationError(_("Les avis ne peuvent pas partir avant le bordereau : aujourd’hui ou après."))
        return day


class WithdrawForm(forms.Form):
    """Why a file is not what the comptable takes."""

    reason = forms.CharField(
        label=gettext_lazy("Pourquoi ce fichier ne sert pas"),
        max_length=300,
        error_messages={"required": gettext_lazy("Écrivez ce que le comptable a refusé.")},
    )


@for_agents(Right.MONEY)
@after_reauthentication()
def transmission_pes(request: AgentRequest, pk: int, sent_pk: int) -> HttpResponse:
    """Show what a transmission's file holds or lacks, and make or withdraw it."""
    one, acts, at = find(request, pk, sent_pk), pk in regies_acted_on(request), dates.now()
    if not one.number or (request.method == "POST" and not acts):
        raise Http404
    made = list(pes_files.files_of(one).annotate(count=Count("pieces"), cents=Sum("pieces__line__cents")))
    standing = next((file for file in made if not file.withdrawn_at), None)
    settings = pes_files.settings_of(one.regie)
    data = request.POST if request.method == "POST" else None
    context: dict[str, Any] = {"transmission": one, "regie": one.regie, "acts": acts, "standing": standing}
    context["withdrawn"] = [file for file in made if file.withdrawn_at]
    if standing:
        context |= {"form": (form := WithdrawForm(data)), **pes_files.gaps(standing)}
        done = _withdraw(request, standing, form) if data is not None else None
    else:
        context |= _what_it_would_hold(one, settings, data, at=at)
        done = _make(request, one, context.get("form"), at=at) if data is not None else None
    return done or render_page(request, "crm/bookkeeping/pes.html", context)


@for_agents(Right.MONEY)
@after_reauthentication(reading=True)
def pes_file(request: AgentRequest, pk: int, sent_pk: int, file_pk: int) -> HttpResponse:
    """Give a file: who takes it is kept, as for every list of people."""
    one = find(request, pk, sent_pk)
    file = get_object_or_404(PesFile, pk=file_pk, transmission=one)
    here = reverse("crm:transmission_pes", args=[pk, sent_pk])
    limits.use(EXPORTS, request.agent.pk, at=dates.now())
    try:
        content = pes_files.ensure_content(file_id=file.pk, at=dates.now())
    except pes_files.ChangedSince as refusal:
        return conflict_response(request, str(refusal), here)
    journal.keep(request, Access.Verb.EXPORT, one, what="transmission_pes", rows=file.pieces.count())
    name = pes_files.name_of(file)
    return file_answer(pes_files.read(content), name=name, content_type="application/xml", to_save=True)


def _what_it_would_hold(
    one: Transmission, settings: PesSettings | None, data: Mapping[str, Any] | None, *, at: datetime
) -> dict[str, Any]:
    if settings is None or one.state != TransmissionState.SENT:
        return {"settings": settings}
    seen = pes_files.preview(one, settings, notices_on=None, at=at)
    out = seen.left_out
    stops = bool(seen.whole_problems) or len(out) == len(seen.flow.pieces)
    return {
        "settings": settings,
        "seen": seen,
        "rows": _rows(seen, one)[:MOST_SHOWN],
        "more": max(len(set(seen.problems)) - MOST_SHOWN, 0),
        "out": len(out),
        "stops": stops,
        "form": None if stops else MakeForm(data, at=at, edition=settings.edition, lacks=bool(out)),
    }


def _rows(seen: pes_files.Preview, one: Transmission) -> Sequence[Row]:
    pieces = {piece.number: piece for piece in seen.flow.pieces}
    rows = []
    for problem in seen.problems:
        piece = pieces.get(problem.piece)
        named = piece if problem.place is not pes.Place.SETTINGS else None
        who = " ".join((named.debtor.name, named.debtor.first_name, f"({named.invoice})")) if named else ""
        rows.append(Row(" ".join(who.split()) or _("Codes PES V2"), problem.sentence, _url(problem, one)))
    return list(dict.fromkeys(rows))


def _url(problem: pes.Problem, one: Transmission) -> str:
    if problem.place is pes.Place.PAYER:
        return reverse("crm:citizen", args=[problem.pk])
    if problem.place is pes.Place.INVOICE:
        return reverse("crm:invoice", args=[problem.pk])
    return reverse("crm:settings_regie_pes", args=[one.regie_id])


def _make(request: AgentRequest, one: Transmission, form: MakeForm | None, *, at: datetime) -> HttpResponse | None:
    """Make the file that was asked for; None if the page must be shown again."""
    here = reverse("crm:transmission_pes", args=[one.regie_id, one.pk])
    if form is None:
        return conflict_response(request, _("Ce fichier ne peut pas encore être fait."), here)
    if not form.is_valid():
        return None
    said = form.cleaned_data
    if "leaves_out" in form.fields and not said["leaves_out"]:
        form.add_error("leaves_out", _("Corrigez ce qui manque, ou cochez : le fichier est alors fait sans elles."))
        return None
    who: dict[str, Any] = {"actor": request.actor, "at": at}
    try:
        file = recovery.make_pes_file(
            transmission_id=one.pk, leaves_out=bool(said.get("leaves_out")), notices_on=said.get("notices_on"), **who
        )
        pes_files.ensure_content(file_id=file.pk, at=at)
    except (recovery.NotHandedOver, recovery.NotWritable, pes_files.ChangedSince):
        sentence = _("Une fiche ou un réglage a changé entre-temps : regardez ce qui manque.")
        return conflict_response(request, sentence, here)
    messages.success(request, _("le fichier du bordereau %(number)s est fait.") % {"number": file})
    return redirect(here)


def _withdraw(request: AgentRequest, file: PesFile, form: WithdrawForm) -> HttpResponse | None:
    here = reverse("crm:transmission_pes", args=[file.transmission.regie_id, file.transmission_id])
    if request.POST.get("file") != str(file.pk):
        return conflict_response(request, _("Ce fichier a déjà été fait, ou un autre l’a remplacé."), here)
    if not form.is_valid():
        return None
    recovery.withdraw_pes_file(file_id=file.pk, reason=form.cleaned_data["reason"], actor=request.actor, at=dates.now())
    messages.success(request, _("le fichier %(number)s est retiré : un autre peut être fait.") % {"number": file})
    return redirect(here)
