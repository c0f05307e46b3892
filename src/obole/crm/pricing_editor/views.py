"""
« Tarification »: the pricing of a dispositif built part by part, in a draft; invoices keep the version that priced
them.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.catalogue import operations, queries
from obole.catalogue.forms import answer_names
from obole.catalogue.models import Scheme
from obole.crm.pricing_editor import session, summary
from obole.crm.pricing_editor.session import EditorSession, open_session
from obole.crm.shared import form_pricing_gaps, pricing_changes
from obole.crm.shared.pages import render_page
from obole.crm.shared.settings_pages import back_to
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.pricing import editing
from obole.pricing.checking import check_pricing
from obole.pricing.diff import pricing_diff
from obole.pricing.model.parts import Pricing, QuestionKind
from obole.pricing.model.problems import Refused

CHANGES: dict[str, Callable[[Pricing, str, str], Pricing]] = {
    "monter": lambda pricing, section, key: editing.move(pricing, section, key, down=False),
    "descendre": lambda pricing, section, key: editing.move(pricing, section, key, down=True),
    "dupliquer": lambda pricing, section, key: editing.duplicate(pricing, section, key, label=_("%(label)s (copie)")),
    "retirer": editing.remove,
}


@for_agents(Right.CONFIGURE)
def pricing(request: AgentRequest, pk: int) -> HttpResponse:
    """Show every part of the pricing, what is wrong with it, and what publishing it would change."""
    work = open_session(pk)
    problems = check_pricing.check(work.pricing) if work.draft else []
    difference = pricing_diff.diff_pricings(work.published, work.pricing) if work.draft and work.current else None
    context = {
        "work": work,
        "sections": summary.outline(pk, work.pricing),
        "others": summary.others(pk, work.pricing),
        "terms": summary.terms_words(work.pricing.terms),
        "problems": summary.problem_links(pk, work.pricing, problems),
        "difference": pricing_changes.version_rows(difference) if difference else None,
        "versions": list(queries.pricings_of(work.scheme)),
        "asks": bool(_form_of(work).questions),
        "back": back_to("settings_scheme", work.scheme.name, pk),
    }
    return render_page(request, "crm/pricing_editor/pricing.html", context)


@for_agents(Right.CONFIGURE)
@require_POST
def pricing_change(request: AgentRequest, pk: int) -> HttpResponse:
    """Move a part, copy it or take it away."""
    work = open_session(pk)
    verb, said = next(((verb, request.POST[verb]) for verb in CHANGES if verb in request.POST), ("", ""))
    slug, _between, key = said.partition("/")
    section = summary.SLUGS.get(slug, "")
    if not section or editing.find(work.pricing, section, key) is None:
        return session.refuse_stale_revision(request, pk)
    changed = CHANGES[verb](work.pricing, section, key)
    anchor = slug if verb == "retirer" else f"{slug}-{key}"
    return session.save_change(request, work, changed, to=session.anchor_url(pk, anchor))


@for_agents(Right.CONFIGURE)
def pricing_take(request: AgentRequest, pk: int) -> HttpResponse:
    """Choose which questions of the form the price depends on."""
    work = open_session(pk)
    form = TakeForm(request.POST if request.method == "POST" else None, asked=_form_of(work), pricing=work.pricing)
    if request.method == "POST" and form.is_valid():
        changed = editing.take_over(work.pricing, form.asked, form.cleaned_data["keys"])
        return session.save_change(request, work, changed, to=session.anchor_url(pk, "donnees"))
    title, button = _("Reprendre les questions du formulaire"), _("Reprendre ces questions")
    return session.plain_form(request, work, form, title=title, button=button)


@for_agents(Right.CONFIGURE)
@require_POST
def pricing_publish(request: AgentRequest, pk: int) -> HttpResponse:
    """Make the draft the pricing in force."""
    try:
        done = operations.publish_pricing_draft(
            scheme_id=pk, revision=session.revision(request), actor=request.actor, at=dates.now()
        )
    except Scheme.DoesNotExist as error:
        raise Http404(pk) from error
    except operations.DraftMoved:
        return session.refuse_stale_revision(request, pk)
    except Refused:
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
    form_pricing_gaps.warn(request, done.scheme)
    return redirect("crm:settings_pricing", pk)


@for_agents(Right.CONFIGURE)
@require_POST
def pricing_discard(request: AgentRequest, pk: int) -> HttpResponse:
    """Give the draft up."""
    revision = session.revision(request)
    try:
        operations.discard_pricing_draft(scheme_id=pk, revision=revision, actor=request.actor, at=dates.now())
    except Scheme.DoesNotExist as error:
        raise Http404(pk) from error
    except operations.DraftMoved:
        return session.refuse_stale_revision(request, pk)
    messages.success(request, _("Vos modifications sont abandonnées : la tarification publiée reste en service."))
    return redirect("crm:settings_pricing", pk)


class TakeForm(forms.Form):
    """Which questions of the form are taken over."""

    def __init__(self, data: Any = None, *, asked: Pricing, pricing: Pricing) -> None:
        super().__init__(data)
        self.asked = asked
        known, groups = (
            {question.key for question in pricing.questions},
            {group.key: group.label for group in asked.groups},
        )
        labels = {
            question.key: f"{groups[question.group]}\u00a0: {question.label}"
            if question.group in groups
            else question.label
            for question in asked.questions
        }
        likely = [
            question.key
            for question in asked.questions
            if question.key in known or question.kind != QuestionKind.TEXT or question.group
        ]
        self.fields["keys"] = forms.MultipleChoiceField(
            label=_("Questions du formulaire"),
            choices=list(labels.items()),
            initial=likely,
            widget=forms.CheckboxSelectMultiple,
            help_text=_(
                "Celles dont le prix dépend, et le prénom qui nomme une ligne. Les questions déjà reprises sont mises à"
                " jour."
            ),
            error_messages={"required": _("Cochez au moins une question.")},
        )


def _form_of(work: EditorSession) -> Pricing:
    """Return what the dispositif's form asks, as it is being worked on, else as it is published."""
    form = queries.form_draft(work.scheme) or queries.current_form(work.scheme)
    return answer_names.pricing_of_form(form.form_fields) if form else Pricing()
