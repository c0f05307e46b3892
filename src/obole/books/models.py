"""What the books keep of their own: the papers of the closings, and the remises de service."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.books.states import HandoverState
from obole.directory.models import Agent
from obole.lib.actors import ActorField
from obole.regies.models import Closing, Mandate, Regie

WHAT_WAS_SIGNED = pgtrigger.UpdateOf(  # type: ignore[no-untyped-call]
    "regie_id",
    "request_key",
    "kind",
    "day",
    "left_by",
    "left_quality",
    "left_at",
    "arriving",
    "present",
    "remarks",
    "holdings",
    "counts",
    "differs",
    "explanation",
    "waiting",
    "numbers",
    "entry_number",
    "entry_hash",
)


class ClosingPdf(models.Model):
    """The paper of an arrêté, to sign: made once, served as it is for ever."""

    closing = models.OneToOneField(Closing, on_delete=models.PROTECT, related_name="paper")
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    rendered_at = models.DateTimeField()

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.digest


class HandoverQuerySet(models.QuerySet["Handover"]):
    """Remises de service, how they are locked, and who may see which."""

    def locked(self) -> "HandoverQuerySet":
        return self.select_for_update(of=("self",), no_key=True)

    def seen_by(self, agent: Agent) -> "HandoverQuerySet":
        """Keep those of the régies that the agent sees, and those that name them: a mandate may be over, or to come."""
        named = models.Q(arriving__id=agent.actor.id) | models.Q(left_by__id=agent.actor.id)
        return self.filter(models.Q(regie__in=Regie.objects.seen_by(agent)) | named)

    def waiting_for(self, agent: Agent) -> "HandoverQuerySet":
        return self.filter(state=HandoverState.SIGNED, arriving__id=agent.actor.id)


class Handover(models.Model):
    """
    A remise de service: all that a régie holds, as who leaves it counted and signed it, and as who arrives took it over
    the same day. What was signed never changes.
    """

    class Kind(models.TextChoices):
        DEPARTURE = "departure", _("départ : le mandat du titulaire prend fin")
        ABSENCE = "absence", _("absence, ou retour d’absence")

    regie = models.ForeignKey(Regie, on_delete=models.PROTECT, related_name="handovers")
    state = models.CharField(_("statut"), max_length=9, choices=HandoverState.choices, default=HandoverState.SIGNED)
    request_key = models.CharField(max_length=64, unique=True, editable=False)
    """Comes with the form: the same form sent twice signs one."""
    kind = models.CharField(_("motif"), max_length=9, choices=Kind.choices)
    day = models.DateField(_("jour"))
    """Of both signatures, in Paris."""
    left_by = ActorField()
    left_quality = models.CharField(max_length=10, choices=Mandate.Kind.choices)
    left_at = models.DateTimeField()
    arriving = ActorField()
    """Who takes over: the only one who may sign after."""
    arrived_quality = models.CharField(max_length=10, choices=Mandate.Kind.choices, blank=True)
    arrived_at = models.DateTimeField(null=True)
    present = models.CharField(_("personnes présentes"), max_length=300, blank=True)
    remarks = models.TextField(_("observations"), max_length=2000, blank=True)
    reservations = models.TextField(_("réserves"), max_length=2000, blank=True)
    """Of who arrives."""
    holdings = models.JSONField()
    """What there must be: see ``queries.handovers.Holdings``."""
    counts = models.JSONField()
    """What was counted of it: coins and notes by place, pieces by kind."""
    differs = models.BooleanField()
    explanation = models.CharField(_("explication"), max_length=300, blank=True)
    waiting = models.JSONField()
    """What was under way: see ``queries.handovers.Waiting``."""
    numbers = models.JSONField()
    """The last number of each series."""
    entry_number = models.PositiveBigIntegerField()
    entry_hash = models.CharField(max_length=64, blank=True)
    """The head of the chain when it was signed, and still when it was signed again."""
    cancelled_by = ActorField(null=True)  # type: ignore[misc]
    cancelled_at = models.DateTimeField(null=True)
    reason = models.CharField(_("motif de l’abandon"), max_length=300, blank=True)

    objects = HandoverQuerySet.as_manager()

    class Meta:
        ordering = ["-left_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=HandoverState.values), name="handover_state_known"),
            models.CheckConstraint(condition=models.Q(kind__in=["departure", "absence"]), name="handover_kind_known"),
            models.CheckConstraint(
                condition=~models.Q(left_by__id=models.F("arriving__id")), name="handover_between_two_people"
            ),
            models.CheckConstraint(
                condition=models.Q(left_quality__in=["holder", "substitute"]), name="handover_left_in_a_quality"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="absence") | models.Q(left_quality="holder"), name="handover_a_holder_departs"
            ),
            models.CheckConstraint(
                condition=models.Q(differs=False) | ~models.Q(explanation=""), name="handover_difference_explained"
            ),
            models.CheckConstraint(
                condition=models.Q(state="done", arrived_at__isnull=False, arrived_quality__in=["holder", "substitute"])
                | ~models.Q(state="done") & models.Q(arrived_at=None, arrived_quality="", reservations=""),
                name="handover_done_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(state="cancelled", cancelled_by__isnull=False, cancelled_at__isnull=False)
                & ~models.Q(reason="")
                | ~models.Q(state="cancelled") & models.Q(cancelled_by__isnull=True, cancelled_at=None, reason=""),
                name="handover_cancelled_whole",
            ),
            models.UniqueConstraint(
                fields=["regie"], condition=models.Q(state="signed"), name="handover_one_at_a_time"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(name="signed_once", operation=WHAT_WAS_SIGNED),
            pgtrigger.Protect(
                name="ended_once", operation=pgtrigger.Update, condition=~pgtrigger.Q(old__state="signed")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.regie_id} {self.day}"


class HandoverPdf(models.Model):
    """The procès-verbal of a remise de service: made once, served as it is for ever."""

    handover = models.OneToOneField(Handover, on_delete=models.PROTECT, related_name="paper")
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    rendered_at = models.DateTimeField()

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.digest
