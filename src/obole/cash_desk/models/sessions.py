"""Drawers, and who has which open."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.audit_log import history
from obole.cash_desk.states import SessionState
from obole.directory.models import Agent
from obole.lib.actors import ActorField
from obole.regies.models import Entry, Regie

WHAT_WAS_OPENED = pgtrigger.UpdateOf(  # type: ignore[no-untyped-call]
    "drawer_id", "regie_id", "agent_id", "opened_at", "opening", "opening_cents", "opening_reason"
)


@history.track()
class Drawer(models.Model):
    """
    A caisse of a régie, with its own money. Where a régie has one that is enabled, cash is taken at an open one only.
    """

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="drawers")
    name = models.CharField(_("nom"), max_length=60, help_text=_("Par exemple « Guichet de la mairie »."))
    enabled = models.BooleanField(_("activée"), default=True)

    class Meta:
        ordering = ["regie", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["regie", "name"],
                name="drawer_once",
                violation_error_message=_("Une caisse de cette régie a déjà ce nom."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class CashSessionQuerySet(models.QuerySet["CashSession"]):
    """Sessions, and how they are locked."""

    def locked(self) -> "CashSessionQuerySet":
        return self.select_for_update(of=("self",), no_key=True)

    def open(self) -> "CashSessionQuerySet":
        return self.filter(state=SessionState.OPEN)


class CashSession(models.Model):
    """
    A drawer that an agent opened with a count, and that is closed with another: what it opens with is its fonds de
    caisse, what comes after are takings.
    """

    drawer = models.ForeignKey(Drawer, on_delete=models.PROTECT, related_name="sessions")
    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="cash_sessions")
    """Its drawer's."""
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="cash_sessions")
    state = models.CharField(_("statut"), max_length=6, choices=SessionState.choices, default=SessionState.OPEN)
    opened_at = models.DateTimeField()
    opening = models.JSONField()
    """The count by coin and note: see ``rules.Count``."""
    opening_cents = models.PositiveBigIntegerField()
    opening_reason = models.CharField(max_length=300, blank=True)
    """Why it opens with something else than what the last one left."""
    closed_at = models.DateTimeField(null=True)
    closed_by = ActorField(null=True)  # type: ignore[misc]
    """Somebody else, where who opened it could not."""
    closing = models.JSONField(null=True)
    closing_cents = models.PositiveBigIntegerField(null=True)
    expected_cents = models.PositiveBigIntegerField(null=True)
    explanation = models.CharField(max_length=300, blank=True)
    booked_cents = models.BigIntegerField(default=0)
    """What of the difference is in *différences de caisse*: negative when money lacks."""
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, null=True, related_name="cash_session")

    objects: ClassVar[CashSessionQuerySet] = CashSessionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=SessionState.values), name="cashsession_state_known"),
            models.UniqueConstraint(
                fields=["drawer"], condition=models.Q(state="open"), name="cash_session_one_open_a_drawer"
            ),
            models.UniqueConstraint(
                fields=["regie", "agent"], condition=models.Q(state="open"), name="cash_session_one_open_an_agent"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state="open",
                    closed_at=None,
                    closed_by__isnull=True,
                    closing__isnull=True,
                    closing_cents=None,
                    expected_cents=None,
                    entry=None,
                    booked_cents=0,
                )
                | models.Q(
                    state="closed",
                    closed_at__isnull=False,
                    closed_by__isnull=False,
                    closing__isnull=False,
                    closing_cents__isnull=False,
                    expected_cents__isnull=False,
                ),
                name="cash_session_closed_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(closing_cents=None)
                | models.Q(closing_cents=models.F("expected_cents"))
                | ~models.Q(explanation=""),
                name="cash_session_difference_explained",
            ),
            models.CheckConstraint(
                condition=models.Q(booked_cents=0, entry=None)
                | ~models.Q(booked_cents=0) & models.Q(entry__isnull=False),
                name="cash_session_difference_booked",
            ),
        ]
        indexes = [
            models.Index(fields=["drawer", "-opened_at", "-id"], name="cash_session_by_drawer"),
            models.Index(fields=["regie", "-opened_at", "-id"], name="cash_session_by_regie"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(name="opened_once", operation=WHAT_WAS_OPENED),
            pgtrigger.Protect(
                name="closed_once", operation=pgtrigger.Update, condition=pgtrigger.Q(old__state="closed")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.drawer_id} {self.opened_at}"

    @property
    def is_open(self) -> bool:
        """Whether cash goes through it."""
        return self.state == SessionState.OPEN

    @property
    def difference_cents(self) -> int:
        """What was counted less what there must have been; zero until it is closed."""
        return (self.closing_cents or 0) - (self.expected_cents or 0)

    @property
    def fund_cents(self) -> int:
        """The fonds de caisse that it leaves: what it opened with, less what lacks beyond its takings."""
        return self.opening_cents + self.difference_cents - self.booked_cents

    @property
    def takings_cents(self) -> int:
        """What leaves a drawer that is closed for the safe; negative when the safe makes up its fonds de caisse."""
        return (self.closing_cents or 0) - self.fund_cents
