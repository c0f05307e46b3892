"""An application to a dispositif: answers and files."""

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from obole.catalogue.models import FormVersion, PricingVersion, Scheme, Service
from obole.directory.models import Agent, Citizen
from obole.dossiers.rules import reference
from obole.dossiers.states import DossierState
from obole.lib import texts
from obole.lib.actors import ActorField

AGENT_KEY = Coalesce("agent", 0)
"""Sorts dossiers by who has them, those that nobody has first: an index serves."""


class DossierQuerySet(models.QuerySet["Dossier"]):
    """Dossiers: how they are locked, and which agents see or handle them."""

    def locked(self) -> "DossierQuerySet":
        """Lock; never with the citizen beside: who waited here for a merge of files would find no row joined."""
        return self.select_for_update(of=("self",))

    def seen_by(self, agent: Agent) -> "DossierQuerySet":
        """Keep those of the prestations that the agent sees."""
        return self if agent.all_services else self.filter(scheme__service__in=Service.objects.seen_by(agent))

    def handled_by(self, agent: Agent) -> "DossierQuerySet":
        """Keep those that the agent may review and bill."""
        return self.filter(scheme__service__in=Service.objects.handled_by(agent))

    def open_to(self, key_id: int) -> "DossierQuerySet":
        """Keep those of the prestations that the key of a software was given, once they were sent."""
        return self.filter(number__isnull=False, scheme__service__in=Service.objects.open_to(key_id))


class Dossier(models.Model):
    """One application of one citizen to one dispositif."""

    public_id = models.CharField(max_length=22, unique=True, default=texts.token, editable=False)
    request_key = models.CharField(max_length=64, unique=True, editable=False)
    """Comes with the form: the same form sent twice makes one dossier."""
    number = models.PositiveIntegerField(null=True, unique=True)
    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="dossiers", verbose_name=_("dispositif"))
    form = models.ForeignKey(FormVersion, on_delete=models.PROTECT, related_name="dossiers")
    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="dossiers", verbose_name=_("usager"))
    agent = models.ForeignKey(
        Agent, on_delete=models.PROTECT, null=True, related_name="dossiers", verbose_name=_("instructeur")
    )
    state = models.CharField(_("statut"), max_length=12, choices=DossierState.choices, default=DossierState.DRAFT)
    answers = models.JSONField(default=dict)
    search_keys = ArrayField(models.TextField(), default=list, editable=False)
    """What finds it in a search: the words of its short answers (a child's name), but for those marked sensitive."""
    reason = models.TextField(_("motif"), blank=True)
    """Why a complement is asked for, or why it was accepted or refused: the citizen reads it."""
    requests = models.JSONField(default=dict)
    """What is asked of one answer, by the key of its question: the citizen reads it there. Only while incomplete."""
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(_("déposé le"), null=True)
    decided_at = models.DateTimeField(null=True)

    objects: ClassVar[DossierQuerySet] = DossierQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-submitted_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=DossierState.values), name="dossier_state_known"),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "withdrawn"])
                | models.Q(number__isnull=False, submitted_at__isnull=False),
                name="dossier_numbered_once_submitted",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["accepted", "rejected", "closed"]) | models.Q(decided_at__isnull=False),
                name="dossier_decided_at_if_decided",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "submitted_at", "id"], name="dossier_by_state"),
            models.Index(fields=["scheme", "id"], name="dossier_by_scheme"),
            models.Index(AGENT_KEY, "id", name="dossier_by_agent"),
            models.Index(fields=["-submitted_at", "-id"], name="dossier_by_date"),
            GinIndex(fields=["search_keys"], name="dossier_by_search_key"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """The number that people quote: ``DOS-000012``."""
        return reference(self.number)


class DossierNote(models.Model):
    """
    What an agent wrote down about a dossier, for the agents alone: it is never changed, but blanked with what the
    dossier answers.
    """

    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="notes")
    author = ActorField()
    text = models.TextField(_("note"), max_length=2000, blank=True)
    """Plain; empty once it was blanked."""
    at = models.DateTimeField()

    class Meta:
        ordering = ["dossier", "-at", "-id"]
        triggers = [
            pgtrigger.Protect(name="notes_stay", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="notes_are_only_blanked",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.text <> '' OR (OLD.id, OLD.dossier_id, OLD.author, OLD.at) IS DISTINCT FROM"
                    " (NEW.id, NEW.dossier_id, NEW.author, NEW.at)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_id}, {self.at:%Y-%m-%d}"


class ApplicationDraft(models.Model):
    """An application that a citizen began and will finish later, as it was typed: nothing of it is checked yet."""

    public_id = models.CharField(max_length=22, unique=True, default=texts.token, editable=False)
    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="sketches")
    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="sketches")
    form = models.ForeignKey(FormVersion, on_delete=models.PROTECT, related_name="sketches")
    typed = models.JSONField(default=dict)
    """What each control held, a list of texts by its name."""
    files = models.JSONField(default=dict)
    """
    The files that were checked and put in the store, by the name of their control: ``StoredUpload`` as dictionaries.
    """
    kept_at = models.DateTimeField()

    class Meta:
        ordering = ["-kept_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["citizen", "scheme"], name="application_draft_once")]

    def __str__(self) -> str:
        return f"{self.scheme_id}, {self.kept_at:%Y-%m-%d}"


class Attachment(models.Model):
    """A file that answers a field of the form, or proves what another field is answered from a day on."""

    public_id = models.CharField(max_length=22, unique=True, default=texts.token, editable=False)
    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="attachments")
    field_key = models.CharField(max_length=60)
    name = models.CharField(max_length=150)
    content_type = models.CharField(max_length=60)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["dossier", "id"]
        constraints = [models.UniqueConstraint(fields=["dossier", "field_key", "digest"], name="attachment_once")]

    def __str__(self) -> str:
        return self.name


class DatedAnswer(models.Model):
    """
    What a question of a dossier is answered from a day on, and what proves it: a quotient that the CAF changed. It is
    never changed, but blanked with what the dossier answers: a later one of the same day corrects it.
    """

    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="dated_answers")
    question = models.CharField(max_length=60)
    """The key of the question in the form."""
    since = models.DateField(_("à partir du"))
    value = models.JSONField(null=True)
    """As ``Dossier.answers`` keeps it; None for no answer any more, or once it was blanked."""
    motive = models.CharField(_("motif"), max_length=300, blank=True)
    proof = models.ForeignKey(Attachment, on_delete=models.PROTECT, null=True, related_name="proves")
    unproven = models.CharField(max_length=300, blank=True)
    """Why no piece proves it, where none does."""
    author = ActorField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["dossier", "question", "-since", "-id"]
        indexes = [models.Index(fields=["dossier", "question", "-since", "-id"], name="dated_answer_last")]
        triggers = [
            pgtrigger.Protect(name="dated_answers_stay", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="dated_answers_are_only_blanked",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.value IS NOT NULL OR NEW.proof_id IS NOT NULL OR (NEW.motive, NEW.unproven) <> ('', '')"
                    " OR (OLD.id, OLD.dossier_id, OLD.question, OLD.since, OLD.author, OLD.at) IS DISTINCT FROM"
                    " (NEW.id, NEW.dossier_id, NEW.question, NEW.since, NEW.author, NEW.at)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.question}, {self.since}"


class Estimate(models.Model):
    """
    What an application came to when it was sent, by the pricing of that day: what its citizen was told, and is kept.
    """

    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="estimates")
    pricing = models.ForeignKey(PricingVersion, on_delete=models.PROTECT, related_name="estimates")
    result = models.JSONField()
    """The ``rules.Result`` that was shown."""
    told = models.JSONField(default=dict)
    """What was still to be answered: the other fields of ``estimating.Estimated``."""
    total_cents = models.BigIntegerField(null=True)
    """None where it was not known yet."""
    complete = models.BooleanField()
    """Whether nobody had anything to add."""
    at = models.DateTimeField()

    class Meta:
        ordering = ["dossier", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(complete=False) | models.Q(total_cents__isnull=False),
                name="estimate_known_if_complete",
            )
        ]
        triggers = [pgtrigger.Protect(name="estimates_stay", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.dossier_id}, {self.at:%Y-%m-%d}"
