"""The comptable's titres, pasted for many invoices or typed for one; and an invoice that comes back."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from obole.billing import operations as billing
from obole.crm.bookkeeping.transmissions import find
from obole.crm.shared import badges
from obole.crm.shared.pages import conflict_response, regies_acted_on, render_page
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.lib.states import ForbiddenTransition
from obole.recovery import line_states, operations as recovery, queries
from obole.recovery.models import Transmission, TransmissionLine
from obole.recovery.rules import BadTitreFile, Titre, read_titres
from obole.recovery.rules.titre_file import FIRST_YEAR, LAST_YEAR, LONGEST, NUMBER
from obole.regies.models import Regie
from obole.ui.bodies import takes_files
from obole.ui.forms import DayInput

TIME_TO_PAY = 30
MOST_SAID = 10


class TitresForm(forms.Form):
    """The comptable's numbers, pasted from a spreadsheet or in a file."""

    pasted = forms.CharField(
        label=gettext_lazy("Lignes « facture ; exercice ; titre »"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Une facture par ligne, par exemple ENF-2026-000123;2027;4512. Un tableur convient aussi."
        ),
    )
    file = forms.FileField(label=gettext_lazy("Ou un fichier CSV"), required=False, allow_empty_file=True)

    def clean(self) -> dict[str, Any]:
        """
        Read the lines.

        :raises ValidationError: naming those that cannot be, each with what to do.
        """
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        text = cleaned.get("pasted") or _text_of(cleaned.get("file"))
        try:
            cleaned["titres"] = read_titres(text)
        except BadTitreFile as refusal:
            raise ValidationError([*refusal.sentences[:MOST_SAID]]) from None
        cleaned["pasted"] = text
        return cleaned


class TitreForm(forms.Form):
    """The titre of one invoice."""

    year = forms.IntegerField(
        label=gettext_lazy("Exercice"),
        min_value=FIRST_YEAR,
        max_value=LAST_YEAR,
        error_messages={"required": gettext_lazy("Écrivez l’exercice du titre, par exemple 2027.")},
    )
    number = forms.RegexField(
        rf"^(?:{NUMBER.pattern})\Z",
        label=gettext_lazy("Numéro du titre"),
        error_messages={
            "required": gettext_lazy("Écrivez le numéro du titre."),
            "invalid": gettext_lazy("20 lettres ou chiffres au plus, par exemple 4512."),
        },
    )


class ReturnForm(forms.Form):
    """Why an invoice comes back, on whose word, and until when it is due."""

    due_date = forms.DateField(label=gettext_lazy("Nouvelle échéance"), widget=DayInput)
    reason = forms.CharField(
        label=gettext_lazy("Motif"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("L’usager le lit."),
        error_messages={"required": gettext_lazy("Écrivez pourquoi cette facture revient à la régie.")},
    )
    reference = forms.CharField(
        label=gettext_lazy("Référence du comptable"),
        max_length=60,
        error_messages={
            "required": gettext_lazy("Écrivez la référence de la réponse du comptable : elle prouve le retour.")
        },
    )


@takes_files(megabytes=2)
@for_agents(Right.MONEY)
def titres(request: AgentRequest, pk: int, sent_pk: int) -> HttpResponse:
    """Take the comptable's numbers for many invoices: read, shown, then kept, all or none."""
    one = _acted_on(request, pk, sent_pk)
    form = TitresForm(request.POST or None, request.FILES or None)
    matched: list[tuple[Titre, TransmissionLine]] = []
    if form.is_valid():
        matched = _matched(form, one)
    if form.is_valid() and "confirm" in request.POST:
        return _keep(request, one, {line.pk: (titre.year, titre.number) for titre, line in matched})
    context = {"regie": one.regie, "transmission": one, "form": form, "matched": matched if form.is_valid() else []}
    return render_page(request, "crm/bookkeeping/titres.html", context)


@for_agents(Right.MONEY)
@after_reauthentication()
def transmission_line(request: AgentRequest, pk: int, sent_pk: int, line_pk: int) -> HttpResponse:
    """Show an invoice of a transmission; write its titre, or take it back."""
    one = find(request, pk, sent_pk)
    line = get_object_or_404(queries.lines_of(one), pk=line_pk)
    acts = pk in regies_acted_on(request)
    if request.method == "POST" and not acts:
        raise Http404
    sent, action = request.POST or None, request.POST.get("action")
    known = {"year": line.titre_year or dates.day_of(dates.now()).year, "number": line.titre_number}
    titre = TitreForm(sent if action == "titre" else None, initial=known, auto_id="id_titre_%s")
    back = ReturnForm(sent if action == "return" else None, initial={"due_date": _in_a_month()}, auto_id="id_return_%s")
    if action == "titre" and titre.is_valid():
        return _keep(request, one, {line.pk: (titre.cleaned_data["year"], titre.cleaned_data["number"])})
    if action == "return" and back.is_valid():
        done = _take_back(request, line, back)
        if done is not None:
            return done
    offers = acts and line_states.RETURN.allows(line)
    context = {"regie": one.regie, "transmission": one, "line": line, "titre_form": titre, "return_form": back}
    more = {"offers": offers, "pill": badges.transmission_line_badge(line)}
    return render_page(request, "crm/bookkeeping/transmission_line.html", {**context, **more})


def _acted_on(request: AgentRequest, pk: int, sent_pk: int) -> Transmission:
    get_object_or_404(Regie.objects.acted_on_by(request.agent), pk=pk)
    one: Transmission = find(request, pk, sent_pk)
    return one


def _matched(form: TitresForm, one: Transmission) -> list[tuple[Titre, TransmissionLine]]:
    """Return each line with its invoice; those whose invoice the comptable has not are errors of the form."""
    read: list[Titre] = form.cleaned_data["titres"]
    known = queries.lines_to_number(one, (titre.invoice for titre in read))
    missing = [titre for titre in read if titre.invoice not in known]
    for titre in missing[:MOST_SAID]:
        said = {"line": titre.line, "invoice": titre.invoice}
        form.add_error(
            None,
            _("Ligne %(line)d : la facture %(invoice)s n’est pas dans cette transmission, ou en est revenue.") % said,
        )
    return [(titre, known[titre.invoice]) for titre in read if titre.invoice in known]


def _keep(request: AgentRequest, one: Transmission, wanted: dict[int, tuple[int, str]]) -> HttpResponse:
    try:
        changed = recovery.record_titres(transmission_id=one.pk, titres=wanted, actor=request.actor, at=dates.now())
    except recovery.NotWithTheComptable:
        return conflict_response(request, _conflict(), request.path)
    said = ngettext("%(n)d numéro de titre est enregistré.", "%(n)d numéros de titres sont enregistrés.", len(changed))
    messages.success(request, said % {"n": len(changed)})
    return redirect("crm:transmission", pk=one.regie_id, sent_pk=one.pk)


def _take_back(request: AgentRequest, line: TransmissionLine, form: ReturnForm) -> HttpResponse | None:
    try:
        recovery.return_line(line_id=line.pk, actor=request.actor, at=dates.now(), **form.cleaned_data)
    except billing.BadDays as refusal:
        form.add_error("due_date", str(refusal))
        return None
    except recovery.ReasonMissing:
        form.add_error(None, _("Écrivez un motif et une référence."))
        return None
    except ForbiddenTransition:
        return conflict_response(request, _conflict(), request.path)
    messages.success(request, _("la facture est de nouveau à payer à la régie, et l’usager est prévenu."))
    return redirect("crm:invoice", pk=line.invoice_id)


def _conflict() -> str:
    return _("Cette facture n’est plus chez le comptable : rien n’a été enregistré.")


def _in_a_month() -> date:
    return dates.day_of(dates.now()) + timedelta(days=TIME_TO_PAY)


def _text_of(file: Any) -> str:
    if file is None:
        return ""
    content = file.read(LONGEST + 1)
    try:
        return str(content.decode("utf-8"))
    except UnicodeDecodeError:
        return str(content.decode("cp1252", errors="replace"))
