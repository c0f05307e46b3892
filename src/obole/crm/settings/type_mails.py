"""The mails that a type de facture words in its own way; the others say what the town says."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.billing import operations
from obole.billing.models import InvoiceType
from obole.billing.rules import type_mails as rules
from obole.crm.settings.mail_words import WordsPage, edit_words
from obole.crm.shared.pages import render_page
from obole.crm.shared.settings_pages import back_to
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.mailing import queries as mailing


@for_agents(Right.CONFIGURE)
def mails(request: AgentRequest, pk: int) -> HttpResponse:
    """List the mails about the invoices of a type, and which ones it words in its own way."""
    kind = get_object_or_404(InvoiceType, pk=pk)
    rows = [
        (
            reverse("crm:settings_type_mail", args=[pk, name]),
            mail.label,
            kind.mail_words.get(name, vars(mailing.template_of(name)))["subject"],
            name in kind.mail_words,
        )
        for name, mail in rules.KINDS.items()
    ]
    title = _("Courriels – %(type)s") % {"type": kind}
    context = {"title": title, "rows": rows, "of_type": True, "back": back_to("settings_type", str(kind), pk)}
    return render_page(request, "crm/settings/mails.html", context)


@for_agents(Right.CONFIGURE)
def mail(request: AgentRequest, pk: int, name: str) -> HttpResponse:
    """Change the words of one mail of a type, or only look at what they give."""
    kind = _find(pk, name)
    label, own = rules.KINDS[name].label, kind.mail_words.get(name)
    page = WordsPage(
        name=name,
        title=f"{label} – {kind}",
        back=back_to("settings_type_mails", _("Courriels – %(type)s") % {"type": kind}, pk),
        in_force=mailing.TemplateTexts(**own) if own else mailing.template_of(name),
        own=own is not None,
        keep=lambda words: _configure(request, kind, {**kind.mail_words, name: words}),
        done=_("le courriel « %(name)s » de ce type est enregistré.") % {"name": label},
        url=reverse("crm:settings_type_mail", args=[pk, name]),
        reset=reverse("crm:settings_type_mail_reset", args=[pk, name]),
        reset_label=_("Revenir au texte de la ville"),
        more={"of_type": True},
    )
    return edit_words(request, page)


@for_agents(Right.CONFIGURE)
@require_POST
def reset_mail(request: AgentRequest, pk: int, name: str) -> HttpResponse:
    """Take the town's words again."""
    kind = _find(pk, name)
    _configure(request, kind, {known: words for known, words in kind.mail_words.items() if known != name})
    said = _("le courriel « %(name)s » de ce type dit de nouveau ce que dit la ville.")
    messages.success(request, said % {"name": rules.KINDS[name].label})
    return redirect("crm:settings_type_mail", pk, name)


def _find(pk: int, name: str) -> InvoiceType:
    if name not in rules.KINDS:
        raise Http404
    return get_object_or_404(InvoiceType, pk=pk)


def _configure(request: AgentRequest, kind: InvoiceType, words: Mapping[str, Any]) -> InvoiceType:
    return operations.configure_type(
        type_id=kind.pk, values={"mail_words": dict(words)}, actor=request.actor, at=dates.now()
    )
