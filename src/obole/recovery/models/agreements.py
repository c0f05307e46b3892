"""« Échéancier » : an invoice that was issued is paid in several times, as was agreed with its payer."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from obole.billing.models import Invoice, Letter
from obole.lib.actors import ActorField
from obole.mailing.models import Message
from obole.recovery.agreement_states import AgreementState


class Agreement(models.Model):
    """
    The days and amounts agreed with the payer of an invoice. The invoice itself does not change: what it still needs,
    against what it needed when this was agreed, tells which instalments are paid.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="agreements")
    cents = models.BigIntegerField(_("somme convenue"))
    """What was left to pay when it was agreed."""
    grace_days = models.PositiveSmallIntegerField(_("jours de retard admis"))
    """An instalment that is later than this breaks the agreement."""
    state = models.CharField(_("état"), max_length=8, choices=AgreementState.choices, default=AgreementState.OPEN)
    agreed_at = models.DateTimeField()
    agreed_by = ActorField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["agreed_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["invoice"], condition=Q(state="open"), name="agreement_one_of_an_invoice"),
            models.CheckConstraint(condition=Q(state__in=AgreementState.values), name="agreement_state_known"),
            models.CheckConstraint(condition=Q(cents__gt=0), name="agreement_of_some_money"),
            models.CheckConstraint(
                condition=Q(state="open", ended_at=None) | (~Q(state="open") & Q(ended_at__isnull=False)),
                name="agreement_ended_when_not_open",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="ended_for_good", operation=pgtrigger.Update, condition=pgtrigger.Q(old__ended_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.state}"


class Instalment(models.Model):
    """One day and one amount of an agreement."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="instalments")
    rank = models.PositiveSmallIntegerField()
    day = models.DateField(_("jour"))
    cents = models.BigIntegerField(_("montant"))

    class Meta:
        ordering = ["agreement", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "rank"], name="instalment_one_of_a_rank"),
            models.UniqueConstraint(fields=["agreement", "day"], name="instalment_one_a_day"),
            models.CheckConstraint(condition=Q(cents__gt=0), name="instalment_of_some_money"),
        ]
        triggers = [pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}: {self.cents}"


class InstalmentNotice(models.Model):
    """A mail, or a letter, about one instalment: each kind is sent once."""

    class Kind(models.TextChoices):
        SOON = "soon", _("rappel avant l’échéance")
        LATE = "late", _("relance")

    instalment = models.ForeignKey(Instalment, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=4, choices=Kind.choices)
    message = models.OneToOneField(Message, on_delete=models.PROTECT, null=True, related_name="instalment_notice")
    letter = models.OneToOneField(Letter, on_delete=models.PROTECT, null=True, related_name="instalment_notice")
    decided_at = models.DateTimeField()
    dropped_at = models.DateTimeField(null=True)
    """When it was left, its payer being at the bank for instance: nobody read it, and it may come again."""

    class Meta:
        ordering = ["decided_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["instalment", "kind"], condition=Q(dropped_at=None), name="instalment_notice_once"
            ),
            models.CheckConstraint(
                condition=Q(message=None, letter__isnull=False) | Q(message__isnull=False, letter=None),
                name="instalment_notice_by_mail_or_on_paper",
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.instalment_id}: {self.kind}"
