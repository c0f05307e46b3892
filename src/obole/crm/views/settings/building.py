"""« Tarification »: the pricing of a dispositif built part by part, in a draft; invoices keep the version that priced them."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.catalogue import operations, queries, rules
from obole.catalogue.forms import naming
from obole.catalogue.models import Scheme
from obole.catalogue.pricings import editing
from obole.catalogue.rules.parts import Pricing, QuestionKind
from obole.crm import building, differences, fitting, outlines
from obole.crm.building import Work, work_on
from obole.crm.pages import render_page
from obole.crm.views.settings.common import back_to
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days

CHANGES: dict[str, Callable[[Pricing, str, str], Pricing]] = {
    "monter": lambda pricing, section, key: editing.moved(pricing, section, key, down=False),
    "descendre": lambda pricing, section, key: editing.moved(pricing, section, key, down=True),
    "dupliquer": lambda pricing, section, key: editing.duplicated(pricing, section, key, label=_("%(label)s (copie)")),
    "retirer": editing.without,
}


@for_agents(Right.CONFIGURE)
def pricing(request: AgentRequest, pk: int) -> HttpResponse:
    """Show every part of the pricing, what is wrong with it, and what publishing it would change."""
    work = work_on(pk)
    problems = rules.check(work.pricing) if work.draft else []
    difference = rules.differ(work.published, work.pricing) if work.draft and work.current else None
    context = {
        "work": work,
        "sections": outlines.outline(pk, work.pricing),
        "others": outlines.others(pk, work.pricing),
        "terms": outlines.terms_words(work.pricing.terms),
        "problems": outlines.problem_links(pk, work.pricing, problems),
        "difference": differences.shown(difference) if difference else None,
        "versions": list(queries.pricings_of(work.scheme)),
        "asks": bool(_form_of(work).questions),
        "back": back_to("settings_scheme", work.scheme.name, pk),
    }
    return render_page(request, "crm/settings/building.html", context)


@for_agents(Right.CONFIGURE)
@require_POST
def pricing_change(request: AgentRequest, pk: int) -> HttpResponse:
    """Move a part, copy it or take it away."""
    work = work_on(pk)
    verb, said = next(((verb, request.POST[verb]) for verb in CHANGES if verb in request.POST), ("", ""))
    slug, _between, key = said.partition("/")
    section = outlines.SLUGS.get(slug, "")
    if not section or editing.find(work.pricing, section, key) is None:
        return building.moved(request, pk)
    changed = CHANGES[verb](work.pricing, section, key)
    anchor = slug if verb == "retirer" else f"{slug}-{key}"
    return building.keep(request, work, changed, to=building.anchored(pk, anchor))


@for_agents(Right.CONFIGURE)
def pricing_take(request: AgentRequest, pk: int) -> HttpResponse:
    """Choose which questions of the form the price depends on."""
    work = work_on(pk)
    form = TakeForm(request.POST if request.method == "POST" else None, asked=_form_of(work), pricing=work.pricing)
    if request.method == "POST" and form.is_valid():
        changed = editing.take_over(work.pricing, form.asked, form.cleaned_data["keys"])
        return building.keep(request, work, changed, to=building.anchored(pk, "donnees"))
    title, button = _("Reprendre les questions du formulaire"), _("Reprendre ces questions")
    return building.plain_form(request, work, form, title=title, button=button)


@for_agents(Right.CONFIGURE)
@require_POST
def pricing_publish(request: AgentRequest, pk: int) -> HttpResponse:
    """Make the draft the pricing in force."""
    try:
        done = operations.publish_pricing_draft(
            scheme_id=pk, revision=building.revision(request), actor=request.actor, at=days.now()
        )
    except (operations.DraftMoved, Scheme.DoesNotExist):
        return building.moved(request, pk)
    except rules.Refused:
        messages.error(request, _("La tarification n’est pas publiée : corrigez d’abord ce qui est signalé."))
        return redirect("crm:settings_pricing", pk)
    except operations.PricingMoved:
        said = _(
            "Une autre version a été publiée entre-temps : abandonnez ces modifications, et refaites-les sur elle."
        )
        messages.error(request, said)
        return redirect("crm:settings_pricing", pk)
    said = _("la version %(number)d de la tarification est publiée. Les factures déjà émises gardent la leur.")
    messages.success(request, said % {"number": done.number})
    fitting.warn(request, done.scheme)
    return redirect("crm:settings_pricing", pk)


@for_agents(Right.CONFIGURE)
@require_POST
def pricing_discard(request: AgentRequest, pk: int) -> HttpResponse:
    """Give the draft up."""
    revision = building.revision(request)
    try:
        operations.discard_pricing_draft(scheme_id=pk, revision=revision, actor=request.actor, at=days.now())
    except (operations.DraftMoved, Scheme.DoesNotExist):
        return building.moved(request, pk)
    messages.success(request, _("Vos modifications sont abandonnées : la tarification publiée reste en service."))
    return redirect("crm:settings_pricing", pk)


class TakeForm(forms.Form):
    """Which questions of the form are taken over."""

    def __init__(self, data: Any = None, *, asked: Pricing, pricing: Pricing) -> None:
        super().__init__(data)
        self.asked = asked
        known, groups = {one.key for one in pricing.questions}, {one.key: one.label for one in asked.groups}
        labels = {
            one.key: f"{groups[one.group]} : {one.label}" if one.group in groups else one.label
            for one in asked.questions
        }
        likely = [one.key for one in asked.questions if one.key in known or one.kind != QuestionKind.TEXT or one.group]
        self.fields["keys"] = forms.MultipleChoiceField(
            label=_("Questions du formulaire"), choices=list(labels.items()), initial=likely, widget=forms.CheckboxSelectMultiple,
            help_text=_("Celles dont le prix dépend, et le prénom qui nomme une ligne. Les questions déjà reprises sont mises à jour."),
            error_messages={"required": _("Cochez au moins une question.")},
        )  # fmt: skip


def _form_of(work: Work) -> Pricing:
    """Return what the dispositif's form asks, as it is being worked on, else as it is published."""
    form = queries.form_draft(work.scheme) or queries.current_form(work.scheme)
    return naming.as_pricing(form.form_fields) if form else Pricing()
