"""The tariffs of a pricing: their versions, one kind of page for each kind of price, and next year's prices."""

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.crm.pricing_editor import session
from obole.crm.pricing_editor.forms import grids, tariffs
from obole.crm.pricing_editor.forms.base import sentence
from obole.crm.pricing_editor.forms.grids import TableForm
from obole.crm.pricing_editor.forms.tariffs import VersionForm
from obole.crm.pricing_editor.session import EditorSession, open_session
from obole.crm.shared import pricing_changes
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.pricing import editing
from obole.pricing.diff import version_diff
from obole.pricing.model.problems import Refused
from obole.pricing.model.tariffs import Tariff, Version
from obole.pricing.text import formatter

FORMS: dict[str, type[VersionForm]] = {
    item.kind: item
    for item in (
        tariffs.FixedForm,
        grids.GridForm,
        grids.RateForm,
        tariffs.GivenForm,
        tariffs.ShareForm,
        tariffs.LimitForm,
    )
}


@for_agents(Right.CONFIGURE)
def tariff_new(request: AgentRequest, pk: int) -> HttpResponse:
    """Choose a kind of price, then give it: for a tariff of its own, or the one that a product waits for."""
    work = open_session(pk)
    product = editing.find(work.pricing, "products", request.GET.get("produit", ""))
    waits = product is not None and editing.find(work.pricing, "tariffs", product.tariff) is None
    tariff = Tariff(key=product.tariff, label=product.label, versions=()) if product and waits else None
    return _new(request, work, tariff)


@for_agents(Right.CONFIGURE)
def version_new(request: AgentRequest, pk: int, key: str) -> HttpResponse:
    """Give the price of a tariff that has none, or one more that is unlike those before."""
    work = open_session(pk)
    return _new(request, work, _tariff(work, key))


@for_agents(Right.CONFIGURE)
def version(request: AgentRequest, pk: int, key: str, rank: int) -> HttpResponse:
    """Change a version of a tariff, in place."""
    work = open_session(pk)
    tariff = _tariff(work, key)
    if rank >= len(tariff.versions):
        raise Http404(key)
    known = tariff.versions[rank]
    form = FORMS[known.price.KIND](_sent(request), pricing=work.pricing, tariff=tariff, version=known)
    return _saved(request, work, form) or _show(request, work, form, rank=rank, compared=_compared(tariff, rank))


@for_agents(Right.CONFIGURE)
@require_POST
def version_remove(request: AgentRequest, pk: int, key: str, rank: int) -> HttpResponse:
    """Take a version away; invoices that it priced keep theirs."""
    work = open_session(pk)
    tariff = _tariff(work, key)
    if rank >= len(tariff.versions):
        raise Http404(key)
    left = tuple(version for n, version in enumerate(tariff.versions) if n != rank)
    changed = editing.put(work.pricing, "tariffs", replace(tariff, versions=left))
    return session.save_change(request, work, changed, to=session.anchor_url(pk, f"tarifs-{key}"))


@for_agents(Right.CONFIGURE)
def tariff_raise(request: AgentRequest, pk: int, key: str) -> HttpResponse:
    """Make next year's prices of the last version, with a percentage; they are changed in place afterwards."""
    work = open_session(pk)
    tariff = _tariff(work, key)
    if not tariff.versions:
        raise Http404(key)
    form = tariffs.RaiseForm(_sent(request), tariff=tariff)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made = version_diff.next_year_version(
            tariff.versions[-1],
            given["percent"],
            effect=given["effect"],
            deliberation=given["deliberation"],
            voted_on=given["voted_on"],
            round_to=int(given["round_to"]),
        )
        versions = tuple(sorted((*tariff.versions, made), key=lambda version: version.effect))
        changed = editing.put(work.pricing, "tariffs", replace(tariff, versions=versions))
        to = reverse("crm:settings_pricing_version", args=[pk, key, versions.index(made)])
        return session.save_change(request, work, changed, to=to)
    title = _("Nouvelle version de « %(label)s »") % {"label": tariff.label}
    said = _("Les prix de la dernière version, avec un pourcentage ; vous pourrez ensuite en corriger chaque case.")
    return session.plain_form(request, work, form, title=title, button=_("Créer cette version"), subtitle=said)


def _new(request: AgentRequest, work: EditorSession, tariff: Tariff | None) -> HttpResponse:
    kind = request.GET.get("type", "")
    if kind not in FORMS:
        kinds = [(item, *said) for item, said in tariffs.KINDS.items()]
        context = {
            "work": work,
            "kinds": kinds,
            "tariff": tariff,
            "back": work.back,
            "asked": request.GET.get("produit", ""),
        }
        return render_page(request, "crm/pricing_editor/kinds.html", context)
    form = FORMS[kind](_sent(request), pricing=work.pricing, tariff=tariff)
    return _saved(request, work, form) or _show(request, work, form)


def _saved(request: AgentRequest, work: EditorSession, form: VersionForm) -> HttpResponse | None:
    """Keep what was typed; None if it is only looked at, wrong, or if a row more was asked for."""
    if request.method != "POST" or not form.is_valid():
        return None
    if isinstance(form, TableForm) and form.asked_more:
        return None
    pricing, tariff, made = form.applied()
    at = reverse("crm:settings_pricing_version", args=[work.scheme.pk, tariff.key, tariff.versions.index(made)])
    stays = "rester" in request.POST
    try:
        return session.save_change(
            request, work, pricing, to=at if stays else session.anchor_url(work.scheme.pk, f"tarifs-{tariff.key}")
        )
    except Refused as refusal:
        for problem in refusal.problems:
            form.add_error(None, sentence(problem.message, {}))
        return None


def _show(request: AgentRequest, work: EditorSession, form: VersionForm, **more: Any) -> HttpResponse:
    if isinstance(form, TableForm) and form.asked_more:
        # A row more is no attempt to save: nothing is wrong yet.
        form.errors.clear()
    context = {
        "work": work,
        "form": form,
        "tariff": form.tariff,
        "kind": tariffs.KINDS[form.kind][0],
        "back": work.back,
        "sheet": form.sheet.drawn if isinstance(form, TableForm) else None,
        "names": session.names(work),
        "functions": sorted(formatter.FUNCTIONS.values()),
    }
    return render_page(request, "crm/pricing_editor/tariff.html", {**context, **more})


def _compared(tariff: Tariff, rank: int) -> pricing_changes.Vote | None:
    """Return a version beside the one before: old, new, and the change in per cent."""
    if not rank:
        return None
    before, after = tariff.versions[rank - 1], tariff.versions[rank]
    return pricing_changes.side_by_side(before, after) if _alike(before, after) else None


def _alike(before: Version, after: Version) -> bool:
    return type(before.price) is type(after.price)


def _tariff(work: EditorSession, key: str) -> Tariff:
    tariff: Tariff | None = editing.find(work.pricing, "tariffs", key)
    if tariff is None:
        raise Http404(key)
    return tariff


def _sent(request: AgentRequest) -> Any:
    return request.POST if request.method == "POST" else None
