"""Two files of one person: finding the other, seeing what will move, merging them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy

from obole.crm.shared import scopes
from obole.crm.shared.forms import SearchForm
from obole.crm.shared.pages import render_page
from obole.crm.shared.setting_changes import NOTHING
from obole.crm.shared.settings_pages import save
from obole.crm.shared.sidebar import sees_money
from obole.directory import queries as directory
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import Agent, Citizen
from obole.directory.rules import Right
from obole.lib import dates, money
from obole.personal_data import operations, queries

MOST = 20


class MergeForm(forms.Form):
    """Why two files are one person's."""

    reason = forms.CharField(
        label=gettext_lazy("Motif"),
        max_length=200,
        help_text=gettext_lazy("Ce qui prouve que c’est la même personne. Il reste dans l’historique des deux fiches."),
    )


@dataclass(frozen=True)
class MergeRow:
    """One kind of thing: what each file has of it, and what the file that stays will have."""

    label: str
    kept: str
    merged: str
    after: str


@for_agents(Right.REVIEW)
def citizen_merge(request: AgentRequest, pk: int) -> HttpResponse:
    """Choose the other file: those that look like this one, or those that answer to a name."""
    kept = _held(request, pk)
    form = SearchForm(request.GET)
    text = form.cleaned_data["q"].strip() if form.is_valid() else ""
    found = directory.search_citizens(text) if text else directory.likely_citizens(kept)
    others = scopes.citizens_seen_by(request.agent, found.exclude(pk=kept.pk)).order_by("sort_key", "pk")[:MOST]
    context = {"citizen": kept, "text": text, "others": others}
    return render_page(request, "crm/people/citizen_merge.html", context)


@for_agents(Right.REVIEW)
def citizen_merge_preview(request: AgentRequest, pk: int, other: int) -> HttpResponse:
    """Show what will move from the other file to this one, and do it."""
    kept, merged = _held(request, pk), _seen(request, other)
    form = MergeForm(request.POST or None)
    why_not = _why_not(request.agent, kept, merged)
    if request.method == "POST" and not why_not:
        try:
            done = save(form, lambda: _merge(request, form, kept, merged))
        except operations.MergeRefused as refusal:
            done, why_not = None, str(refusal)
        if done:
            messages.success(request, _("les deux fiches n’en font plus qu’une : tout est ici."))
            return redirect("crm:citizen", pk=done.pk)
    context = {
        "form": form,
        "citizen": kept,
        "merged": merged,
        "why_not": why_not,
        "rows": _rows(request, kept, merged),
    }
    return render_page(request, "crm/people/citizen_merge_preview.html", context)


def _merge(request: AgentRequest, form: MergeForm, kept: Citizen, merged: Citizen) -> Citizen:
    return operations.merge_citizens(
        kept_id=kept.pk, merged_id=merged.pk, actor=request.actor, at=dates.now(), **form.cleaned_data
    )


def _why_not(agent: Agent, kept: Citizen, merged: Citizen) -> str:
    if not queries.may_merge(agent, kept, merged):
        return _("Vous n’instruisez pas tout ce que cette fusion déplacerait : demandez-la à un administrateur.")
    return queries.reason_not_to_merge(kept, merged)


def _rows(request: AgentRequest, kept: Citizen, merged: Citizen) -> list[MergeRow]:
    one, two = (queries.what_moves(citizen, agent=request.agent) for citizen in (kept, merged))
    sums = {"due_cents": _("Reste dû")}
    if sees_money(request.agent):
        sums["waiting_cents"] = _("Recettes à classer")
    rows = [_row(label, getattr(one, name), getattr(two, name), str) for name, label in _counted().items()]
    rows += [_row(label, getattr(one, name), getattr(two, name), money.euros) for name, label in sums.items()]
    return [*_identity(kept, merged), *rows]


def _counted() -> dict[str, str]:
    return {
        "dossiers": _("Dossiers"),
        "invoices": _("Factures"),
        "receipts": _("Encaissements"),
        "cautions": _("Cautions"),
        "carried_over": _("Reports à la prochaine facture"),
        "mails": _("Courriels"),
        "drafts": _("Demandes commencées"),
    }


def _identity(kept: Citizen, merged: Citizen) -> list[MergeRow]:
    said = _("%(name)s (fiche n° %(number)s)")
    first, second = (said % {"name": item.display_name, "number": item.pk} for item in (kept, merged))
    known = [(_("Courriel"), "email"), (_("Téléphone"), "phone"), (_("Adresse"), "address")]
    told = [(label, getattr(kept, name), getattr(merged, name)) for label, name in known]
    told.append((_("Date de naissance"), _day(kept.birth_date), _day(merged.birth_date)))
    one_account, two_account, after = (
        _("oui") if has else _("aucun") for has in (kept.user_id, merged.user_id, kept.user_id or merged.user_id)
    )
    return [
        MergeRow(_("Nom"), first, second, first),
        *(MergeRow(label, one or NOTHING, two or NOTHING, one or two or NOTHING) for label, one, two in told),
        MergeRow(_("Compte en ligne"), one_account, two_account, after),
    ]


def _day(day: date | None) -> str:
    return dates.format_short(day) if day else ""


def _row(label: str, kept: int, merged: int, shown: Callable[[int], str]) -> MergeRow:
    return MergeRow(label, shown(kept), shown(merged), shown(kept + merged))


def _held(request: AgentRequest, pk: int) -> Citizen:
    """Return somebody whose file the agent may change."""
    return get_object_or_404(scopes.citizens_handled_by(request.agent, Citizen.objects.select_related("user")), pk=pk)


def _seen(request: AgentRequest, pk: int) -> Citizen:
    return get_object_or_404(scopes.citizens_seen_by(request.agent, Citizen.objects.select_related("user")), pk=pk)
