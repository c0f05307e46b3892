"""The pricing that an administrator is working on, and how a change of it is kept."""

from dataclasses import dataclass
from functools import cached_property

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.catalogue import operations, queries, rules
from obole.catalogue.models import PricingDraft, PricingVersion, Scheme
from obole.catalogue.pricings.names import answers_of
from obole.crm.pages import moved_meanwhile, render_page
from obole.crm.views.settings.common import Back, back_to
from obole.directory.access import AgentRequest
from obole.lib import days


@dataclass(frozen=True)
class Work:
    """A pricing that is being looked at: the draft if there is one, else the version in force, else nothing yet."""

    scheme: Scheme
    draft: PricingDraft | None
    current: PricingVersion | None

    @cached_property
    def pricing(self) -> rules.Pricing:
        """The pricing as it would be published."""
        if self.draft is not None:
            return rules.parse(self.draft.pricing)
        return self.published

    @cached_property
    def published(self) -> rules.Pricing:
        """The pricing in force."""
        return queries.compiled(self.current).pricing if self.current else rules.Pricing()

    @property
    def revision(self) -> int:
        """What a change of it must name."""
        return self.draft.revision if self.draft else 0

    @property
    def is_behind(self) -> bool:
        """Tell whether another version came in force since the draft was begun."""
        return self.draft is not None and self.draft.base != (self.current.number if self.current else 0)

    @property
    def back(self) -> Back:
        """The link to the page of the whole pricing."""
        return back_to("settings_pricing", _("Tarification"), self.scheme.pk)


def work_on(pk: int) -> Work:
    """Return the pricing of a dispositif, to be looked at or changed."""
    scheme = get_object_or_404(Scheme, pk=pk)
    return Work(scheme, queries.pricing_draft(scheme), queries.current_pricing(scheme))


def revision(request: HttpRequest) -> int:
    """Return which draft a change was made on; a number that no draft has, if the page says none."""
    said = request.POST.get("revision", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else -1


def keep(request: AgentRequest, work: Work, pricing: rules.Pricing, *, to: str) -> HttpResponse:
    """
    Keep a change, then lead to ``to``.

    :raises obole.catalogue.rules.Refused: if a part cannot be kept.
    """
    try:
        operations.edit_pricing(
            scheme_id=work.scheme.pk, pricing=pricing, revision=revision(request), actor=request.actor, at=days.now()
        )
    except operations.DraftMoved:
        return moved(request, work.scheme.pk)
    return redirect(to)


def plain_form(
    request: AgentRequest, work: Work, form: forms.Form, *, title: str, button: str, subtitle: str = ""
) -> HttpResponse:
    """Draw a form that has a page to itself and nothing beside."""
    context = {"work": work, "form": form, "title": title, "button": button, "subtitle": subtitle, "back": work.back}
    return render_page(request, "crm/settings/building_form.html", context)


def moved(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that somebody else changed the pricing first."""
    said = _(
        "Cette tarification a changé entre-temps : rien n’a été enregistré. Regardez où elle en est avant de continuer."
    )
    return moved_meanwhile(request, said, reverse("crm:settings_pricing", args=[pk]))


def anchored(pk: int, anchor: str) -> str:
    """Return the address of the page of the whole pricing, at one of its parts."""
    return f"{reverse('crm:settings_pricing', args=[pk])}#{anchor}"


def names(work: Work) -> list[str]:
    """Return the names that a formula may use, as it writes them."""
    return list(answers_of(work.pricing).written.values())
