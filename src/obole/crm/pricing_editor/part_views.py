"""One part of a pricing on its page: a datum, a product, a line and its rules, how the total is paid."""

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.crm.pricing_editor import session, summary
from obole.crm.pricing_editor.forms import data, lines, steps
from obole.crm.pricing_editor.forms.base import PartForm, sentence
from obole.crm.pricing_editor.session import EditorSession, open_session
from obole.crm.shared.pages import render_page
from obole.crm.shared.settings_pages import back_to
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.pricing import editing
from obole.pricing.model.parts import AmountStep, BillingLine, FactorStep, PercentStep, Pricing
from obole.pricing.model.problems import Refused
from obole.pricing.text import formatter

FORMS: dict[str, type[PartForm]] = {
    "donnees": data.QuestionForm,
    "blocs": data.GroupForm,
    "valeurs": data.ValueForm,
    "produits": lines.ProductForm,
    "lignes": lines.LineForm,
    "degressions": lines.DegressionForm,
    "cautions": steps.CautionForm,
}
STEPS = {item.KIND: item for item in (PercentStep, AmountStep, FactorStep)}


@for_agents(Right.CONFIGURE)
def part(request: AgentRequest, pk: int, slug: str, key: str = "") -> HttpResponse:
    """Describe a part, new or known."""
    work = open_session(pk)
    if slug not in FORMS:
        raise Http404(slug)
    known = editing.find(work.pricing, summary.SLUGS[slug], key) if key else None
    if key and known is None:
        raise Http404(key)
    form = FORMS[slug](_sent(request), pricing=work.pricing, part=known or _begun(request, work, slug))
    if request.method == "POST" and form.is_valid():
        made = form.described()
        changed = editing.put(work.pricing, summary.SLUGS[slug], made)
        if (done := _kept(request, work, form, changed, to=_next(pk, slug, made, changed))) is not None:
            return done
    used_by = summary.used_by(pk, work.pricing, key) if slug in summary.USED else None
    return _show(request, work, form, used_by=used_by, **_rules(work, known))


@for_agents(Right.CONFIGURE)
def step(request: AgentRequest, pk: int, key: str, on: str = "", rank: int = -1) -> HttpResponse:
    """Describe a rule on the price of a line."""
    work = open_session(pk)
    line = _line(work, key)
    known = _step(line, on, rank) if on else None
    kind = known.KIND if known else request.GET.get("type", "")
    if kind not in STEPS:
        raise Http404(kind)
    form = steps.StepForm(_sent(request), pricing=work.pricing, part=known, kind=kind, on=on or steps.PRICE)
    if request.method == "POST" and form.is_valid():
        changed = editing.put(work.pricing, "lines", _with_step(line, form, on, rank))
        if (done := _kept(request, work, form, changed, to=_part(pk, "lignes", key))) is not None:
            return done
    return _show(request, work, form, back=back_to("settings_pricing_part", line.label, pk, "lignes", key))


@for_agents(Right.CONFIGURE)
@require_POST
def step_change(request: AgentRequest, pk: int, key: str) -> HttpResponse:
    """Move a rule of a line, or take it away: rules apply one after the other."""
    work = open_session(pk)
    line = _line(work, key)
    verb = next((verb for verb in ("monter", "descendre", "retirer") if verb in request.POST), "")
    on, _between, said = request.POST.get(verb, "").partition("/")
    if on not in steps.ON or not said.isdigit() or int(said) >= len(getattr(line, on)):
        return session.refuse_stale_revision(request, pk)
    known, rank = getattr(line, on), int(said)
    left = (
        known[:rank] + known[rank + 1 :] if verb == "retirer" else editing.shift(known, rank, down=verb == "descendre")
    )
    changed = editing.put(work.pricing, "lines", _with_rules(line, {on: left}))
    return session.save_change(request, work, changed, to=_part(pk, "lignes", key))


@for_agents(Right.CONFIGURE)
def terms(request: AgentRequest, pk: int) -> HttpResponse:
    """Say how the total is paid."""
    work = open_session(pk)
    form = steps.TermsForm(_sent(request), pricing=work.pricing)
    if request.method == "POST" and form.is_valid():
        said, negative = form.described()
        changed = replace(work.pricing, terms=said, negative=negative)
        return session.save_change(request, work, changed, to=session.anchor_url(pk, "paiement"))
    return session.plain_form(request, work, form, title=_("Comment la facture se paie"), button=_("Enregistrer"))


def _sent(request: AgentRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _show(request: AgentRequest, work: EditorSession, form: PartForm, **more: Any) -> HttpResponse:
    names = session.names(work)
    context = {
        "work": work,
        "form": form,
        "names": names,
        "functions": sorted(formatter.FUNCTIONS.values()),
        "back": work.back,
    }
    return render_page(request, "crm/pricing_editor/part.html", {**context, **more})


def _kept(
    request: AgentRequest, work: EditorSession, form: PartForm, changed: Pricing, *, to: str
) -> HttpResponse | None:
    """Keep a change; None if a part cannot be kept, which the form then says."""
    try:
        return session.save_change(request, work, changed, to=to)
    except Refused as refusal:
        for problem in refusal.problems:
            form.add_error(None, sentence(problem.message, {}))
        return None


def _begun(request: AgentRequest, work: EditorSession, slug: str) -> Any:
    """Return what a new part begins with: a line, with the product that it bills."""
    product = editing.find(work.pricing, "products", request.GET.get("produit", "")) if slug == "lignes" else None
    return lines.bill(work.pricing, product) if product is not None else None


def _next(pk: int, slug: str, made: Any, changed: Pricing) -> str:
    """Return where to go: to the price that a new product lacks, else back to the part."""
    if slug == "produits" and editing.find(changed, "tariffs", made.tariff) is None:
        return f"{reverse('crm:settings_pricing_new', args=[pk, 'tarifs'])}?produit={made.key}"
    return session.anchor_url(pk, f"{slug}-{made.key}")


def _rules(work: EditorSession, line: Any) -> dict[str, Any]:
    """Return the rules of a line, as its page lists them."""
    if not isinstance(line, BillingLine):
        return {}
    write = formatter.writer(work.pricing)
    listed = [
        {
            "on": on,
            "rank": rank,
            "mark": f"{on}/{rank}",
            "label": item.label,
            "words": summary.step_words(item, write),
            "where": str(said),
        }
        for on, said in steps.ON.items()
        for rank, item in enumerate(getattr(line, on))
    ]
    return {"line": line, "rules": listed, "kinds": [(kind, str(said)) for kind, said in steps.KINDS.items()]}


def _line(work: EditorSession, key: str) -> BillingLine:
    line: BillingLine | None = editing.find(work.pricing, "lines", key)
    if line is None:
        raise Http404(key)
    return line


def _step(line: BillingLine, on: str, rank: int) -> Any:
    known = getattr(line, on) if on in steps.ON else ()
    if rank >= len(known):
        raise Http404(on)
    return known[rank]


def _with_step(line: BillingLine, form: steps.StepForm, on: str, rank: int) -> BillingLine:
    """Return the line with a rule, changed where it was, or last where it applies from now on."""
    to, made = form.cleaned_data["on"], form.described()
    if on == to:
        known = getattr(line, on)
        return _with_rules(line, {on: (*known[:rank], made, *known[rank + 1 :])})
    left = {on: tuple(item for n, item in enumerate(getattr(line, on)) if n != rank)} if on else {}
    return _with_rules(line, {**left, to: (*getattr(line, to), made)})


def _with_rules(line: BillingLine, held: dict[str, Any]) -> BillingLine:
    return replace(line, **held)


def _part(pk: int, slug: str, key: str) -> str:
    return reverse("crm:settings_pricing_part", args=[pk, slug, key])
