"""The form in which words of a mail are changed, the town's or those of a type de facture, and tried."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _, gettext_lazy

from obole.billing.models import Invoice
from obole.crm.settings.mail_samples import SeenInvoiceField, hides_the_rest, preview, show_invoices_of, variables
from obole.crm.shared.pages import render_page
from obole.crm.shared.settings_pages import Back, save, sent_values
from obole.directory.access import AgentRequest
from obole.lib import dates
from obole.mailing import operations, queries, rules
from obole.mailing.default_templates import KINDS, MailKind

LONGEST_SUBJECT = 200


def usable(text: str, variables: Iterable[str]) -> str:
    """
    Return ``text`` if it can be filled.

    :raises ValidationError: with a sentence that says what to change.
    """
    try:
        rules.check("", text, frozenset(variables))
    except rules.BadTemplate as error:
        raise ValidationError(str(error), code="template") from error
    return text


class MailForm(forms.Form):
    """The subject and the body of one kind of mail, and what to try them with."""

    subject = forms.CharField(label=gettext_lazy("Objet"), max_length=LONGEST_SUBJECT)
    body = forms.CharField(
        label=gettext_lazy("Texte"), max_length=rules.LONGEST_SOURCE, widget=forms.Textarea({"rows": 14})
    )
    sample_invoice = SeenInvoiceField()

    mark_optional = False

    def __init__(self, *args: object, kind: MailKind, request: AgentRequest, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.kind = kind
        if "numero" in kind.variables:
            show_invoices_of(self, request.agent)
        else:
            del self.fields["sample_invoice"]

    def clean_subject(self) -> str:
        """Check the subject's variables."""
        return usable(self.cleaned_data["subject"], self.kind.variables)

    def clean_body(self) -> str:
        """Check the body's variables; line breaks are kept as the outbox writes them."""
        return usable(self.cleaned_data["body"].replace("\r\n", "\n"), self.kind.variables)

    @property
    def invoice(self) -> Invoice | None:
        """The invoice whose values fill the words, where one is asked for."""
        return self.cleaned_data.get("sample_invoice") if self.is_bound and self.is_valid() else None

    @property
    def words(self) -> dict[str, str]:
        """What was typed, for the operation that keeps it."""
        return {name: self.cleaned_data[name] for name in ("subject", "body")}


@dataclass(frozen=True)
class WordsPage:
    """
    Whose words of which mail a page changes.

    ``keep`` is the operation that is given what was typed; ``url`` is the page itself, and ``reset`` where the words
    are given up, if there are any.
    """

    name: str
    title: str
    back: Back
    in_force: queries.TemplateTexts
    own: bool
    keep: Callable[[dict[str, str]], models.Model]
    done: str
    url: str
    reset: str
    reset_label: str
    more: dict[str, Any] = field(default_factory=dict)


def edit_words(request: AgentRequest, page: WordsPage) -> HttpResponse:
    """Change the words of a mail, look at what they give, or send it to oneself."""
    kind = KINDS[page.name]
    form = MailForm(**sent_values(request), kind=kind, request=request, initial=vars(page.in_force))
    if "sample" in request.POST and form.is_valid():
        _send_sample(request, page, form)
    keeps = request.method == "POST" and not {"preview", "sample"} & set(request.POST)
    if keeps and save(form, lambda: page.keep(form.words)):
        messages.success(request, page.done)
        return redirect(page.url)
    context = {
        **page.more,
        "page": page,
        "form": form,
        "title": page.title,
        "back": page.back,
        "mail": _preview(form),
        "misleads": _misleads(form),
        "variables": variables(kind.variables),
    }
    return render_page(request, "crm/settings/mail.html", context)


def _preview(form: MailForm) -> rules.RenderedMail | None:
    return preview(form["subject"].value() or "", form["body"].value() or "", form.kind.variables, form.invoice)


def _send_sample(request: AgentRequest, page: WordsPage, form: MailForm) -> None:
    mail, to = _preview(form), request.agent.user.email
    if mail is not None and operations.send_sample(mail, kind=page.name, to=to, at=dates.now()):
        messages.success(request, _("l’essai part à %(to)s.") % {"to": to})


def _misleads(form: MailForm) -> bool:
    """Tell whether words that ask what is left never say it, where the original ones do."""
    original = form.kind.subject + form.kind.body
    return "reste_du" in original and hides_the_rest(f"{form['subject'].value()} {form['body'].value()}")
