"""The words of each mail: the town's own, or the original ones."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.configuration.queries import usage
from obole.crm.settings import where_used
from obole.crm.settings.mail_words import WordsPage, edit_words
from obole.crm.shared.pages import render_page
from obole.crm.shared.setting_history import history
from obole.crm.shared.settings_pages import back_to, settings_home
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.mailing import operations, queries
from obole.mailing.default_templates import KINDS, MailKind
from obole.mailing.models import Template


@for_agents(Right.CONFIGURE)
def mails(request: AgentRequest) -> HttpResponse:
    """List the kinds of mail, and which ones the town has changed."""
    own = {template.kind: template for template in Template.objects.order_by("kind")}
    rows = [
        (
            reverse("crm:settings_mail", args=[name]),
            kind.label,
            own.get(name, kind).subject,
            _differs(own.get(name), kind),
        )
        for name, kind in KINDS.items()
    ]
    context = {"title": _("Modèles de courriel"), "rows": rows, "back": settings_home()}
    return render_page(request, "crm/settings/mails.html", context)


@for_agents(Right.CONFIGURE)
def mail(request: AgentRequest, name: str) -> HttpResponse:
    """Change the town's words of one kind of mail, or only look at what they give."""
    kind = _kind(name)
    own = Template.objects.filter(kind=name).first()
    page = WordsPage(
        name=name,
        title=str(kind.label),
        back=back_to("settings_mails", _("Modèles de courriel")),
        in_force=queries.template_of(name),
        own=_differs(own, kind),
        keep=lambda words: _configure(request, name, words),
        done=_("le courriel « %(name)s » est enregistré.") % {"name": kind.label},
        url=reverse("crm:settings_mail", args=[name]),
        reset=reverse("crm:settings_mail_reset", args=[name]),
        reset_label=_("Revenir au texte d’origine"),
        more={"usage": where_used.usage_display(usage.of_mail(name)), "history": history(own)},
    )
    return edit_words(request, page)


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
