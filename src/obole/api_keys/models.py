"""Keys, which end and never change; and the calls that wait to be repeated."""

from datetime import datetime

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.api_keys.rules import Scope
from obole.lib import dates, texts
from obole.lib.actors import Actor, ActorField


class ApiKey(models.Model):
    """
    A key that a software comes in with. It never changes but to end: other rights are another key, and what was written
    with one stays what it could write.
    """

    name = models.CharField(
        _("nom"), max_length=80, help_text=_("Le logiciel et le lieu : « Tablette de l’école Jules-Ferry ».")
    )
    prefix = models.CharField(_("commence par"), max_length=8, unique=True, editable=False)
    """Recognises the key; it proves nothing."""
    digest = models.CharField(max_length=64, editable=False)
    """Of the secret, which is shown once and kept nowhere."""
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices), verbose_name=_("ce qu’elle permet"))
    expires_on = models.DateField(
        _("valable jusqu’au"), help_text=_("Ce jour compris. Faites la suivante avant, puis révoquez celle-ci.")
    )
    created_by = ActorField()
    created_at = models.DateTimeField(editable=False)
    revoked_by = ActorField(null=True)  # type: ignore[misc]
    revoked_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(_("dernier appel"), null=True, editable=False)
    """To the minute: a call is not worth a write."""

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=models.Q(revoked_at=None), name="api_key_name_once"),
            models.CheckConstraint(
                condition=models.Q(scopes__contained_by=Scope.values, scopes__len__gt=0), name="api_key_scopes_known"
            ),
            models.CheckConstraint(
                condition=models.Q(revoked_at=None, revoked_by=None)
                | models.Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="api_key_revoked_by_somebody",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="keys_stay", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="keys_only_end",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at"
                    " OR (OLD.id, OLD.name, OLD.prefix, OLD.digest, OLD.scopes, OLD.expires_on, OLD.created_by)"
                    " IS DISTINCT FROM"
                    " (NEW.id, NEW.name, NEW.prefix, NEW.digest, NEW.scopes, NEW.expires_on, NEW.created_by)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean_fields(self, exclude: set[str] | None = None) -> None:  # type: ignore[override]
        self.name = texts.clean_line(self.name)
        super().clean_fields(exclude=exclude)

    def clean(self) -> None:
        """
        Refuse, at its field, a name that tells nothing apart.

        :raises ValidationError: if a key that was not revoked has it.
        """
        if ApiKey.objects.filter(name=self.name, revoked_at=None).exclude(pk=self.pk).exists():
            sentence = _("Une clé en service porte ce nom : révoquez-la, ou choisissez-en un autre.")
            raise ValidationError({"name": sentence})

    @property
    def actor(self) -> Actor:
        """Who acts when it does: not a machine of the product, whose rights nobody asks."""
        return Actor(f"api_key:{self.pk}", self.name)

    def is_alive(self, at: datetime) -> bool:
        """Tell whether it opens anything."""
        return self.revoked_at is None and dates.day_of(at) <= self.expires_on


class ApiCall(models.Model):
    """A call that wrote, with what it was answered: sent again, it is answered the same and writes nothing more."""

    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="calls")
    name = models.CharField(max_length=100)
    """What its software calls it: ``Idempotency-Key``."""
    digest = models.CharField(max_length=64)
    """Of what it said."""
    answer = models.JSONField(null=True)
    """Words of ours alone: it names nobody."""
    made_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["key", "id"]
        constraints = [models.UniqueConstraint(fields=["key", "name"], name="api_call_once")]

    def __str__(self) -> str:
        return f"{self.key_id}: {self.name}"
