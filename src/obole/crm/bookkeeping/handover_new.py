"""Preparing a remise de service: counting everything, looking at it beside what the books say, signing it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.text import capfirst
from django.utils.translation import gettext as _, gettext_lazy

from obole.books import operations as books
from obole.books.models import Handover
from obole.books.operations import CannotHandOver, DifferenceUnexplained, Handing, SituationChanged
from obole.books.queries import handovers as queries
from obole.books.states import HandoverState
from obole.cash_desk.models import Deposit
from obole.crm.bookkeeping.counts import CountForm
from obole.crm.bookkeeping.handover_rows import place_name, situation_now
from obole.crm.bookkeeping.handovers import may_sign
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates, texts
from obole.regies.models import Mandate, Regie
from obole.ui.forms import EurosField, UnitInput

MOST_PIECES = 99_999


class HandoverForm(forms.Form):
    """To whom a régie is handed over, why, and what is not cash."""

    mark_optional = False
    arriving = forms.TypedChoiceField(
        label=gettext_lazy("Qui prend la régie"),
        coerce=int,
        help_text=gettext_lazy("Un titulaire ou un suppléant dont un administrateur a préparé le mandat."),
        error_messages={"required": gettext_lazy("Choisissez qui prend la régie.")},
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Motif"),
        choices=[(value, capfirst(label)) for value, label in Handover.Kind.choices],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choisissez pourquoi la régie est remise.")},
    )
    present = forms.CharField(
        label=gettext_lazy("En présence de"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Le comptable public ou son représentant, le maire ou son délégué : nom et qualité."),
    )
    remarks = forms.CharField(
        label=gettext_lazy("Observations"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Clés, codes, tickets, carnets remis…"),
    )
    explanation = forms.CharField(
        label=gettext_lazy("Explication des différences"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Seulement si ce qui est compté diffère de ce qui est attendu."),
    )

    def __init__(self, *args: Any, mandates: list[Mandate], **options: Any) -> None:
        super().__init__(*args, **options)
        named = [(one.agent_id, f"{one.agent.name}, {one.get_kind_display()}") for one in mandates]
        self.fields["arriving"].choices = [("", "—"), *named]  # type: ignore[attr-defined]
        for kind in queries.PIECES:
            label = str(capfirst(Deposit.Kind(kind).label))
            self.fields[f"{kind.value}_count"] = forms.IntegerField(
                label=_("%(kind)s comptés") % {"kind": label},
                required=False,
                min_value=0,
                max_value=MOST_PIECES,
                widget=UnitInput(whole=True),
            )
            self.fields[f"{kind.value}_cents"] = EurosField(
                label=_("%(kind)s, montant") % {"kind": label}, required=False, minimum=0
            )

    @property
    def pieces(self) -> dict[str, tuple[int, int]]:
        """What was counted of cheques and CESU."""
        given = self.cleaned_data
        names = [kind.value for kind in queries.PIECES]
        return {name: (given[f"{name}_count"] or 0, given[f"{name}_cents"] or 0) for name in names}


class Counting:
    """The forms of a page that counts everything, filled as they were sent."""

    def __init__(self, request: AgentRequest, regie: Regie) -> None:
        data = request.POST if request.method == "POST" else None
        self.held = queries.holdings(regie)
        mandates = queries.who_may_arrive(regie.pk, dates.day_of(dates.now())).exclude(agent=request.agent)
        self.form = HandoverForm(data, mandates=list(mandates))
        self.places = [(place, place_name(place), CountForm(data, prefix=place.key)) for place in self.held.places]

    @property
    def pieces(self) -> list[tuple[str, int, int]]:
        """How many cheques and CESU there must be, and what they come to."""
        names = [(str(capfirst(Deposit.Kind(kind).label)), self.held.pieces[kind]) for kind in queries.PIECES]
        return [(name, count, cents) for name, (count, cents) in names]

    @property
    def is_valid(self) -> bool:
        """Whether all that was typed can be read."""
        return all([self.form.is_valid(), *(form.is_valid() for _place, _name, form in self.places)])

    @property
    def counts(self) -> dict[str, dict[int, int]]:
        """What was counted of cash, by place."""
        return {place.key: form.count for place, _name, form in self.places}

    @property
    def hidden(self) -> list[Any]:
        """All that was typed, to be sent again with a confirmation."""
        return [*self.form, *(field for _place, _name, form in self.places for field in form)]

    @property
    def handing(self) -> Handing:
        """What is about to be signed."""
        given = self.form.cleaned_data
        said = {name: given[name] for name in ("kind", "explanation", "present", "remarks")}
        return Handing(arriving_id=given["arriving"], places=self.counts, pieces=self.form.pieces, **said)


@for_agents(Right.MONEY)
@after_reauthentication()
def handover_new(request: AgentRequest, pk: int) -> HttpResponse:
    """Count, look, and sign as who leaves."""
    regie = get_object_or_404(Regie.objects.acted_on_by(request.agent), pk=pk)
    opened = list(queries.open_sessions(regie))
    waits = queries.handovers_of(regie).filter(state=HandoverState.SIGNED).first()
    signs = may_sign(request, pk)
    if request.method == "POST" and not signs:
        raise Http404
    counting = Counting(request, regie)
    context = {"regie": regie, "counting": counting, "opened": opened, "waits": waits, "signs": signs}
    asked = request.method == "POST" and "again" not in request.POST
    if not asked or opened or waits or not counting.is_valid:
        return render_page(request, "crm/bookkeeping/handover_new.html", context)
    if "confirm" in request.POST:
        try:
            return _signed(request, regie, counting)
        except (DifferenceUnexplained, SituationChanged) as refusal:
            return _confirm(request, context, refused=str(refusal))
        except CannotHandOver as refusal:
            counting.form.add_error(None, str(refusal))
            return render_page(request, "crm/bookkeeping/handover_new.html", context)
    return _confirm(request, context)


def _confirm(request: AgentRequest, context: dict[str, Any], *, refused: str = "") -> HttpResponse:
    """Show all that is about to be signed."""
    counting, regie = context["counting"], context["regie"]
    shown = situation_now(regie, counting.held, counting.counts, counting.form.pieces)
    arriving = dict(counting.form.fields["arriving"].choices)[counting.form.cleaned_data["arriving"]]
    unexplained = shown.differs and not texts.clean_line(counting.form.cleaned_data["explanation"])
    kept = {
        "situation": shown,
        "seen": counting.held.fingerprint,
        "request_key": texts.token(),
        "arriving": arriving,
        "kind": Handover.Kind(counting.form.cleaned_data["kind"]).label,
        "refused": refused,
        "unexplained": unexplained,
    }
    return render_page(request, "crm/bookkeeping/handover_confirm.html", {**context, **kept})


def _signed(request: AgentRequest, regie: Regie, counting: Counting) -> HttpResponse:
    one = books.sign_handover(
        regie_id=regie.pk,
        handing=counting.handing,
        seen=request.POST.get("seen", ""),
        request_key=f"{regie.pk}:{request.POST.get('request_key', '')}"[:64],
        actor=request.actor,
        at=dates.now(),
    )
    messages.success(request, _("vous avez signé : %(name)s signe à son tour.") % {"name": one.arriving.name})
    return redirect("crm:handover", pk=regie.pk, handover_pk=one.pk)
