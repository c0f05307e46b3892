"""How mails and their templates are read."""

from dataclasses import dataclass

from django.db import models
from django.db.models import Q, QuerySet

from obole.lib import texts
from obole.mailing.default_templates import KINDS
from obole.mailing.models import Message, Template
from obole.mailing.states import MessageState


@dataclass(frozen=True)
class TemplateTexts:
    """The subject and body in force for a kind of mail."""

    subject: str
    body: str


def template_of(kind: str) -> TemplateTexts:
    """Return the town's words for this kind of mail, else the default ones."""
    own = Template.objects.filter(kind=kind).values_list("subject", "body").first()
    default = KINDS[kind]
    return TemplateTexts(*own) if own else TemplateTexts(default.subject, default.body)


def about(*subjects: models.Model) -> QuerySet[Message]:
    """Return the mails about these things, newest first."""
    wanted = Q(pk__in=[])
    for subject in subjects:
        wanted |= Q(about_kind=subject._meta.label_lower, about_id=subject.pk)
    return Message.objects.filter(wanted)


def undelivered() -> QuerySet[Message]:
    """Return the mails that a person must look at: refused by the server, or perhaps sent."""
    return Message.objects.filter(state__in=(MessageState.FAILED, MessageState.DOUBTFUL))


def search(messages: QuerySet[Message], text: str) -> QuerySet[Message]:
    """Keep the mails whose subject or address contains ``text``."""
    typed = texts.clean_line(text)
    return messages.filter(Q(subject__icontains=typed) | Q(to__icontains=typed))
