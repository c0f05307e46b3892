"""What happened (``Record``), who came in and looked (``Access``), and the seals that chain both."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.actors import ActorField


class Record(models.Model):
    """One thing that happened to one subject. Never changed, never deleted."""

    at = models.DateTimeField()
    actor = ActorField()
    verb = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    source = models.CharField(max_length=20, blank=True)
    target = models.CharField(max_length=20, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["subject_kind", "subject_id", "-at"], name="trail_by_subject")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_kind} {self.subject_id}"


class Access(models.Model):
    """Somebody came in, was refused, changed how they come in, or looked at what few may see. Never changed."""

    class Verb(models.TextChoices):
        SIGN_IN = "sign_in", _("Connexion")
        REFUSED = "sign_in_refused", _("Connexion refusée")
        FACTOR_REFUSED = "factor_refused", _("Seconde preuve refusée")
        CONFIRMATION_REFUSED = "confirmation_refused", _("Confirmation refusée")
        SIGN_OUT = "sign_out", _("Déconnexion")
        CREDENTIALS = "credentials", _("Moyen de connexion changé")
        CITIZEN = "citizen_read", _("Fiche d’usager consultée")
        SENSITIVE = "sensitive_read", _("Réponses sensibles consultées")
        EXCHANGE = "exchange_read", _("Échange bancaire consulté")
        EXPORT = "export", _("Export")

    at = models.DateTimeField(_("quand"))
    actor = ActorField()
    verb = models.CharField(_("quoi"), max_length=20, choices=Verb.choices)
    subject_kind = models.CharField(max_length=40, blank=True)
    subject_id = models.BigIntegerField(null=True)
    address = models.CharField(_("adresse réseau"), max_length=45, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="access_by_date"),
            models.Index(fields=["subject_kind", "subject_id", "-at"], name="access_by_subject"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    verb__in=[
                        "sign_in",
                        "sign_in_refused",
                        "factor_refused",
                        "confirmation_refused",
                        "sign_out",
                        "credentials",
                        "citizen_read",
                        "sensitive_read",
                        "exchange_read",
                        "export",
                    ]
                ),
                name="access_verb_known",
            )
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_kind} {self.subject_id}"


class Seal(models.Model):
    """The digest of the rows of a table since the seal before, chained to it: a row that changes breaks it."""

    table = models.CharField(max_length=40)
    last_id = models.BigIntegerField()
    rows = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        ordering = ["table", "last_id"]
        constraints = [models.UniqueConstraint(fields=["table", "last_id"], name="seal_once")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.table} {self.last_id} {self.digest}"
