"""The words of each mail: the town's own, or the original ones."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.configuration.queries import usage
from obole.crm import usages
from obole.crm.forms_settings.mails import MailForm
from obole.crm.forms_settings.samples import preview, variables
from obole.crm.pages import render_page
from obole.crm.views.settings.common import back_to, save, sent, settings_home
from obole.crm.views.settings.history import history
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import days
from obole.mailing import operations, queries
from obole.mailing.defaults import KINDS, Kind
from obole.mailing.models import Template
from obole.ui.forms import typed


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
    form = MailForm(**sent(request), kind=kind, initial=vars(queries.template_of(name)))
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
        "usage": usages.shown(usage.of_mail(name)),
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


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise Http404
    return KINDS[name]


def _configure(request: AgentRequest, name: str, words: dict[str, str]) -> Template:
    return operations.configure_template(
        kind=name, subject=words["subject"], body=words["body"], actor=request.actor, at=days.now()
    )


def _differs(own: Template | None, kind: Kind) -> bool:
    return own is not None and (own.subject, own.body) != (kind.subject, kind.body)
