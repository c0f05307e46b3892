"""The pricing that an administrator is working on, and how a change of it is kept."""

from dataclasses import dataclass
from functools import cached_property

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.catalogue import operations, queries
from obole.catalogue.fields import FormField
from obole.catalogue.models import PricingDraft, PricingVersion, Scheme
from obole.crm.shared.pages import conflict_response, render_page
from obole.crm.shared.settings_pages import Back, back_to
from obole.directory.access import AgentRequest
from obole.lib import dates
from obole.pricing.model.parts import Pricing
from obole.pricing.text import codec
from obole.pricing.text.typed_names import answers_of


@dataclass(frozen=True)
class EditorSession:
    """A pricing that is being looked at: the draft if there is one, else the version in force, else nothing yet."""

    scheme: Scheme
    draft: PricingDraft | None
    current: PricingVersion | None

    @cached_property
    def pricing(self) -> Pricing:
        """The pricing as it would be published."""
        if self.draft is not None:
            return codec.parse(self.draft.pricing)
        return self.published

    @cached_property
    def published(self) -> Pricing:
        """The pricing in force."""
        return queries.compiled_pricing_of(self.current).pricing if self.current else Pricing()

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


def open_session(pk: int) -> EditorSession:
    """Return the pricing of a dispositif, to be looked at or changed."""
    scheme = get_object_or_404(Scheme, pk=pk)
    return EditorSession(scheme, queries.pricing_draft(scheme), queries.current_pricing(scheme))


def revision(request: HttpRequest) -> int:
    """Return which draft a change was made on; a number that no draft has, if the page says none."""
    said = request.POST.get("revision", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else -1


def save_change(
    request: AgentRequest, work: EditorSession, pricing: Pricing, *, to: str, asked: FormField | None = None
) -> HttpResponse:
    """
    Keep a change, then lead to ``to``.

    :param asked: what the form asks from now on for it.

    :raises obole.pricing.model.problems.Refused: if a part cannot be kept.
    """
    try:
        operations.edit_pricing(
            scheme_id=work.scheme.pk,
            pricing=pricing,
            asked=asked,
            revision=revision(request),
            actor=request.actor,
            at=dates.now(),
        )
    except operations.DraftMoved:
        return refuse_stale_revision(request, work.scheme.pk)
    return redirect(to)


def plain_form(
    request: AgentRequest, work: EditorSession, form: forms.Form, *, title: str, button: str, subtitle: str = ""
) -> HttpResponse:
    """Draw a form that has a page to itself and nothing beside."""
    context = {"work": work, "form": form, "title": title, "button": button, "subtitle": subtitle, "back": work.back}
    return render_page(request, "crm/pricing_editor/plain_form.html", context)


def refuse_stale_revision(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that somebody else changed the pricing first."""
    said = _(
        "Cette tarification a changé entre-temps : rien n’a été enregistré. Regardez où elle en est avant de continuer."
    )
    return conflict_response(request, said, reverse("crm:settings_pricing", args=[pk]))


def anchor_url(pk: int, anchor: str) -> str:
    """Return the address of the page of the whole pricing, at one of its parts."""
    return f"{reverse('crm:settings_pricing', args=[pk])}#{anchor}"


def names(work: EditorSession) -> list[str]:
    """Return the names that a formula may use, as it writes them."""
    return list(answers_of(work.pricing).written.values())
