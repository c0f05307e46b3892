"""What is kept about how people come in; accounts themselves are the directory's, and allauth's."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.directory.models import Agent, User


class Invitation(models.Model):
    """A link mailed to a new agent, that proves the address and chooses a password: once, for a few days."""

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField(_("adresse électronique"))
    digest = models.CharField(max_length=64, unique=True)
    """Of the secret in the link, which is kept nowhere else than in the mail."""
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-sent_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["agent"],
                condition=models.Q(used_at__isnull=True, revoked_at__isnull=True),
                name="invitation_open_once",
            ),
            models.CheckConstraint(
                condition=models.Q(used_at__isnull=True) | models.Q(revoked_at__isnull=True),
                name="invitation_used_or_revoked",
            ),
        ]

    def __str__(self) -> str:
        return self.email


class Identity(models.Model):
    """Who the owner of an account is for FranceConnect or ProConnect: their ``sub``, which never changes hands."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="identities")
    provider = models.CharField(max_length=20)
    sub = models.CharField(max_length=255)
    pivot = models.JSONField(default=dict)
    """Family name, given names, date and place of birth, gender: what tells two people of one name apart."""
    linked_at = models.DateTimeField()

    class Meta:
        ordering = ["provider", "id"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "sub"], name="identity_once"),
            models.UniqueConstraint(fields=["user", "provider"], name="identity_one_a_provider"),
        ]

    def __str__(self) -> str:
        return self.provider
