"""The words of each mail: the town's own, or the original ones."""

from collections.abc import Iterable

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from obole.configuration.queries import usage
from obole.crm.settings import where_used
from obole.crm.settings.mail_samples import preview, variables
from obole.crm.shared.pages import render_page
from obole.crm.shared.setting_history import history
from obole.crm.shared.settings_pages import back_to, save, sent_values, settings_home
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.mailing import operations, queries, rules
from obole.mailing.default_templates import KINDS, MailKind
from obole.mailing.models import Template
from obole.ui.forms import typed

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
    """The subject and the body of one kind of mail."""

    subject = forms.CharField(label=gettext_lazy("Objet"), max_length=LONGEST_SUBJECT)
    body = forms.CharField(
        label=gettext_lazy("Texte"), max_length=rules.LONGEST_SOURCE, widget=forms.Textarea({"rows": 14})
    )

    def __init__(self, *args: object, kind: MailKind, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.kind = kind

    def clean_subject(self) -> str:
        """Check the subject's variables."""
        return usable(self.cleaned_data["subject"], self.kind.variables)

    def clean_body(self) -> str:
        """Check the body's variables; line breaks are kept as the outbox writes them."""
        return usable(self.cleaned_data["body"].replace("\r\n", "\n"), self.kind.variables)


@for_agents(Right.CONFIGURE)
def mails(request: AgentRequest) -> HttpResponse:
    """List the kinds of mail, and which ones the town has changed."""
    own = {template.kind: template for template in Template.objects.order_by("kind")}
    rows = [(name, kind, own.get(name, kind).subject, _differs(own.get(name), kind)) for name, kind in KINDS.items()]
    return render_page(request, "crm/settings/mails.html", {"rows": rows, "back": settings_home()})


@for_agents(Right.CONFIGURE)
def mail(request: AgentRequest, name: str) -> HttpResponse:
    """Change the words of one kind of mail, or only look at what they give."""
    kind = _kind(name)
    form = MailForm(**sent_values(request), kind=kind, initial=vars(queries.template_of(name)))
    if "preview" in request.POST:
        form = MailForm(kind=kind, initial=typed(form))
    elif request.method == "POST" and save(form, lambda: _configure(request, name, form.cleaned_data)):
        messages.success(request, _("le courriel « %(name)s » est enregistré.") % {"name": kind.label})
        return redirect("crm:settings_mail", name)
    own = Template.objects.filter(kind=name).first()
    context = {"form": form, "title": kind.label, "back": back_to("settings_mails", _("Modèles de courriel"))}
    shown = preview(form["subject"].value() or "", form["body"].value() or "", kind.variables)
    about = {
        "mail": shown,
        "own": _differs(own, kind),
        "variables": variables(kind.variables),
        "usage": where_used.usage_display(usage.of_mail(name)),
    }
    return render_page(request, "crm/settings/mail.html", {**context, **about, "name": name, "history": history(own)})


@for_agents(Right.CONFIGURE)
@require_POST
def reset_mail(request: AgentRequest, name: str) -> HttpResponse:
    """Take the original words again."""
    kind = _kind(name)
    _configure(request, name, {"subject": kind.subject, "body": kind.body})
    messages.success(request, _("le courriel « %(name)s » a retrouvé son texte d’origine.") % {"name": kind.label})
    return redirect("crm:settings_mail", name)


def _kind(name: str) -> MailKind:
    if name not in KINDS:
        raise Http404
    return KINDS[name]


def _configure(request: AgentRequest, name: str, words: dict[str, str]) -> Template:
    return operations.configure_template(
        kind=name, subject=words["subject"], body=words["body"], actor=request.actor, at=dates.now()
    )


def _differs(own: Template | None, kind: MailKind) -> bool:
    return own is not None and (own.subject, own.body) != (kind.subject, kind.body)
