"""Templates that agents may edit, and the outbox: every mail that was ever decided."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.audit_log import history
from obole.lib import sql, texts
from obole.lib.actors import ActorField
from obole.mailing.states import AddressFault, Channel, MessageState


@history.track()
class Template(models.Model):
    """The town's own words for one kind of mail; where there is no row, the default words are used."""

    kind = models.CharField(max_length=40, unique=True)
    subject = models.CharField(_("objet"), max_length=200)
    body = models.TextField(_("texte"), max_length=6000)

    class Meta:
        ordering = ["kind"]

    def __str__(self) -> str:
        return self.kind


class Message(models.Model):
    """One mail, or one SMS: queued in the transaction that decides it, sent by the worker, kept for ever."""

    # Unique by constraints: « unique=True » makes a second index for searches by the first letters, which nobody does.
    public_id = models.CharField(max_length=22, default=texts.token, editable=False)
    cause = models.CharField(max_length=120)
    """Why it is sent, once: the same cause never makes a second mail."""
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=4, choices=Channel.choices, default=Channel.MAIL, db_default=Channel.MAIL)
    to = models.CharField(_("destinataire"), max_length=254)
    """An e-mail address, or a telephone as it is dialled from anywhere."""
    subject = models.CharField(_("objet"), max_length=250)
    text = models.TextField(_("texte"))
    html = models.TextField(blank=True)
    attachments = models.JSONField(default=list)
    """Files of the store: ``[{"name": …, "type": …, "digest": …}]``."""
    confidential = models.BooleanField(default=False)
    """Holds a link that signs in or resets a password: no agent reads it."""
    at_most_once = models.BooleanField(default=False)
    """Rather lost than sent twice, when the worker dies while it is being handed over (reminders)."""
    about_kind = models.CharField(max_length=40, blank=True)
    about_id = models.BigIntegerField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=MessageState.choices, default=MessageState.QUEUED)
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="message_public_id_once"),
            models.UniqueConstraint(fields=["cause"], name="message_cause_once"),
            models.CheckConstraint(condition=models.Q(state__in=MessageState.values), name="message_state_known"),
            models.CheckConstraint(condition=models.Q(channel__in=Channel.values), name="message_channel_known"),
            models.CheckConstraint(
                # Nobody knows when one that came back had left, if its sending was interrupted.
                condition=models.Q(state="bounced")
                | models.Q(state__in=["sent", "kept"], sent_at__isnull=False)
                | (~models.Q(state__in=["sent", "kept", "bounced"]) & models.Q(sent_at__isnull=True)),
                name="message_sent_at_if_sent",
            ),
        ]
        indexes = [
            models.Index(fields=["about_kind", "about_id"], name="message_by_subject"),
            models.Index(fields=["-created_at", "-id"], name="message_by_date"),
            models.Index(fields=["subject", "id"], name="message_by_title"),
            models.Index(fields=["kind", "id"], name="message_by_kind"),
            models.Index(fields=["to", "id"], name="message_by_address"),
            models.Index(fields=["state", "created_at", "id"], name="message_by_state"),
            models.Index(sql.never_first("sent_at"), "id", name="message_by_delivery"),
            models.Index(fields=["claimed_at"], name="message_sending", condition=models.Q(state="sending")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.to}"


class OtherSubject(models.Model):
    """What a mail is about besides its first subject: one that lists several invoices is about each of them."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="other_subjects")
    about_kind = models.CharField(max_length=40)
    about_id = models.BigIntegerField()

    class Meta:
        ordering = ["message", "id"]
        constraints = [models.UniqueConstraint(fields=["about_kind", "about_id", "message"], name="other_subject_once")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.message_id} → {self.about_kind} {self.about_id}"


class UndeliverableAddress(models.Model):
    """
    An address whose mailbox does not exist, or is closed: a mail was refused or came back for good.

    It is the address's, and nobody's in particular: who changes theirs leaves the mark behind. One that was lifted
    stays, with who said that the address is good.
    """

    address = models.CharField(_("adresse électronique"), max_length=254)
    """In small letters, as ``rules.normalised`` writes it."""
    fault = models.CharField(max_length=10, choices=AddressFault.choices)
    diagnostic = models.CharField(max_length=200, blank=True)
    """What the server said of it."""
    since = models.DateTimeField()
    message = models.OneToOneField(Message, on_delete=models.PROTECT, null=True, related_name="mark")
    """The mail that was refused or came back: one marks its address once, however often that is said."""
    ended_at = models.DateTimeField(null=True)
    ended_by = ActorField(null=True)  # type: ignore[misc]

    class Meta:
        ordering = ["-since", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["address"], condition=models.Q(ended_at=None), name="undeliverable_address_once"
            ),
            models.CheckConstraint(condition=models.Q(fault__in=AddressFault.values), name="undeliverable_fault_known"),
            models.CheckConstraint(
                condition=models.Q(ended_at=None, ended_by=None)
                | models.Q(ended_at__isnull=False, ended_by__isnull=False),
                name="undeliverable_ended_by_somebody",
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.address
