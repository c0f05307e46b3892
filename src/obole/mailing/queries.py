"""How mails and their templates are read."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.apps import apps
from django.db import models
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat, Lower
from django.utils.translation import gettext_lazy as _

from obole.lib import texts
from obole.mailing import rules
from obole.mailing.default_templates import KINDS
from obole.mailing.models import Message, OtherSubject, Template, UndeliverableAddress
from obole.mailing.states import NOT_ARRIVED


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


def label_of(kind: str) -> str:
    """Name a kind of message on the screen: those that nobody words, too."""
    known = {"reminder_sms": _("Relance, par SMS")}
    return str(KINDS[kind].label if kind in KINDS else known.get(kind, _("Compte")))


def about(*subjects: models.Model) -> QuerySet[Message]:
    """Return the mails about these things, those about others as well included, newest first."""
    wanted = Q(pk__in=[])
    for subject in subjects:
        wanted |= Q(about_kind=subject._meta.label_lower, about_id=subject.pk)
    # Two searches by index, put together: a condition with OR would read every mail.
    first = Message.objects.order_by().filter(wanted).values("pk")
    besides = OtherSubject.objects.order_by().filter(wanted).values("message")
    return Message.objects.filter(pk__in=first.union(besides))


def subject_of(message: Message) -> models.Model | None:
    """Return what a mail is about, if it is there."""
    if not message.about_kind:
        return None
    rows: models.Manager[models.Model] = apps.get_model(message.about_kind)._default_manager
    return rows.filter(pk=message.about_id).first()


def other_subjects_of(message: Message) -> list[models.Model]:
    """Return what a mail is about besides its first subject."""
    found: list[models.Model] = []
    for other in message.other_subjects.order_by("id"):
        found += apps.get_model(other.about_kind)._default_manager.filter(pk=other.about_id)
    return found


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


def was_sent_again(field: str) -> Exists:
    """Tell, of rows, whether somebody sent the mail again whose id a field of theirs holds."""
    cause = Concat(Value("again:"), Cast(OuterRef(field), CharField()))
    return Exists(Message.objects.filter(cause=cause))


def original_of(message: Message) -> Message | None:
    """Return the mail that this one says once more, if it is a copy."""
    again, _colon, key = message.cause.partition(":")
    return Message.objects.filter(pk=int(key)).first() if again == "again" and key.isdecimal() else None


def undelivered() -> QuerySet[Message]:
    """Return the mails that a person must look at: refused by the server, come back, or perhaps sent."""
    return Message.objects.filter(state__in=NOT_ARRIVED)


def search(messages: QuerySet[Message], text: str) -> QuerySet[Message]:
    """Keep the mails whose subject or address contains ``text``."""
    typed = texts.clean_line(text)
    return messages.filter(Q(subject__icontains=typed) | Q(to__icontains=typed))


def mark_of(address: str) -> UndeliverableAddress | None:
    """Return why mails to an address do not leave, if they do not."""
    return UndeliverableAddress.objects.filter(address=rules.normalised(address), ended_at=None).first()


def usable(addresses: Collection[str]) -> set[str]:
    """Return those of some addresses that a mail may reach, as they were given: written, and not marked; one query."""
    wanted = {address: rules.normalised(address) for address in addresses if address}
    marks = UndeliverableAddress.objects.filter(address__in=wanted.values(), ended_at=None)
    marked = set(marks.order_by("id").values_list("address", flat=True)) if wanted else set()
    return {address for address, known in wanted.items() if known not in marked}


def is_usable(address: str) -> bool:
    """Tell whether a mail may reach an address: there is one, and it is not marked."""
    return bool(usable([address]))


def is_marked(field: str) -> Exists:
    """Tell, of rows, whether the address in a field of theirs is marked as undeliverable."""
    return Exists(UndeliverableAddress.objects.filter(address=Lower(OuterRef(field)), ended_at=None))
