"""How mails and their templates are read."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.apps import apps
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


def subject_of(message: Message) -> models.Model | None:
    """Return what a mail is about, if it is there."""
    if not message.about_kind:
        return None
    rows: models.Manager[models.Model] = apps.get_model(message.about_kind)._default_manager
    return rows.filter(pk=message.about_id).first()


def cause_of_copy(message: Message) -> str:
    """Return the cause of the mail that says the same once more: there is one at most."""
    return f"again:{message.pk}"


def copy_of(message: Message) -> Message | None:
    """Return the mail that says the same once more, if somebody sent it again."""
    return Message.objects.filter(cause=cause_of_copy(message)).first()


def sent_again(messages: Iterable[Message]) -> set[int]:
    """Return the ids of those of some mails that somebody sent again, with one query."""
    causes = {cause_of_copy(message): message.pk for message in messages}
    known = Message.objects.filter(cause__in=causes).order_by("id").values_list("cause", flat=True)
    return {causes[cause] for cause in known}


def original_of(message: Message) -> Message | None:
    """Return the mail that this one says once more, if it is a copy."""
    again, _colon, key = message.cause.partition(":")
    return Message.objects.filter(pk=int(key)).first() if again == "again" and key.isdecimal() else None


def undelivered() -> QuerySet[Message]:
    """Return the mails that a person must look at: refused by the server, or perhaps sent."""
    return Message.objects.filter(state__in=(MessageState.FAILED, MessageState.DOUBTFUL))


def search(messages: QuerySet[Message], text: str) -> QuerySet[Message]:
    """Keep the mails whose subject or address contains ``text``."""
    typed = texts.clean_line(text)
    return messages.filter(Q(subject__icontains=typed) | Q(to__icontains=typed))
