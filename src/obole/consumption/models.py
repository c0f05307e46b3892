"""
Facts of consumption, one for each thing, day and beneficiary and another for each correction; their files; and what was
planned beside: reservations, absences, the days between which somebody is enrolled.
"""

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    BigIntegerRangeField,
    DateRangeField,
    IntegerRangeField,
    RangeOperators,
)
from django.db import models
from django.db.models import F, Func, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from obole.catalogue.models import Scheme
from obole.catalogue.rules.absence_reasons import LONGEST
from obole.consumption.rules.file_lines import Remark
from obole.consumption.rules.planning import WEEK
from obole.consumption.states import FileState
from obole.dossiers.models import Dossier
from obole.lib.actors import ActorField


class AttendanceFile(models.Model):
    """
    A file of attendance, its checking and its writing, by shares of its lines. The people whom it names are in the file
    itself, which is erased after a while; the row stays, as where facts come from.
    """

    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="attendance_files")
    name = models.CharField(_("fichier"), max_length=200, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    """What it is stored under; empty once it was erased, with its name."""
    fingerprint = models.CharField(max_length=64)
    """The same, for ever: proves which file it was."""
    state = models.CharField(_("statut"), max_length=8, choices=FileState.choices, default=FileState.RECEIVED)
    problem = models.CharField(max_length=300, blank=True)
    """Why it was given up, where the worker had to."""
    layout = models.JSONField(default=dict)
    """A ``rules.layouts.Layout`` as a dictionary; empty until somebody said it."""
    revision = models.PositiveIntegerField(default=0)
    """Grows each time it is looked at: what somebody confirms is what they saw, and a late worker works on nothing."""
    uploaded_by = ActorField()
    uploaded_at = models.DateTimeField(_("envoyé"))
    confirmed_by = ActorField(null=True)  # type: ignore[misc]
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    known_until = models.BigIntegerField(null=True)
    """The last fact when checking began: what was known then is told, what comes later is not covered."""
    line_count = models.PositiveIntegerField()
    last_line = models.PositiveIntegerField(default=0)
    """How far the present pass over the lines is, as a spreadsheet counts them."""
    line_done = models.PositiveIntegerField(default=0)
    """How many lines that is."""
    new_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    known_count = models.PositiveIntegerField(default=0)
    left_count = models.PositiveIntegerField(default=0)
    """How many quantities are left out, or lines as a whole; each has its remark."""
    written_count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-uploaded_at", "-id"]
        indexes = [models.Index(fields=["scheme", "-uploaded_at", "-id"], name="attendance_file_of_scheme")]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=FileState.values), name="attendancefile_state_known"),
            models.CheckConstraint(
                condition=models.Q(state__in=["done", "stopped"], ended_at__isnull=False)
                | (models.Q(ended_at=None) & ~models.Q(state__in=["done", "stopped"])),
                name="attendance_file_ended_at_if_ended",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["writing", "done"])
                | models.Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="attendance_file_written_if_confirmed",
            ),
            models.CheckConstraint(
                condition=models.Q(line_done__lte=models.F("line_count")), name="attendance_file_counts"
            ),
        ]
        triggers = [pgtrigger.Protect(name="files_stay", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.scheme_id}, {self.uploaded_at:%Y-%m-%d}"


class FileRemark(models.Model):
    """
    What is told of a line of a file: a quantity that it corrects, or why it is left out. It names nobody, and goes with
    the file.
    """

    file = models.ForeignKey(AttendanceFile, on_delete=models.PROTECT, related_name="remarks")
    line = models.PositiveIntegerField()
    column = models.PositiveSmallIntegerField(default=0)
    """From 1; 0 for the line as a whole."""
    reason = models.CharField(max_length=10)
    """A ``Remark``."""
    day = models.DateField(null=True)
    before = models.DecimalField(max_digits=9, decimal_places=3, null=True)
    after = models.DecimalField(max_digits=9, decimal_places=3, null=True)

    class Meta:
        ordering = ["file", "line", "column"]
        constraints = [
            models.UniqueConstraint(fields=["file", "line", "column"], name="file_remark_once"),
            models.CheckConstraint(condition=models.Q(reason__in=Remark.values), name="file_remark_reason_known"),
        ]

    def __str__(self) -> str:
        return f"{self.file_id}/{self.line}: {self.reason}"

    @property
    def sentence(self) -> str:
        """What is told, with the way to mend it."""
        return str(Remark(self.reason).label)


class AttendanceLayout(models.Model):
    """How the files of a dispositif are read: said once, remembered for the next one."""

    scheme = models.OneToOneField(Scheme, on_delete=models.PROTECT, related_name="attendance_layout")
    layout = models.JSONField(default=dict)
    """A ``rules.layouts.Layout`` as a dictionary."""
    changed_by = ActorField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["scheme"]

    def __str__(self) -> str:
        return str(self.scheme_id)


class Consumption(models.Model):
    """
    How much was consumed on a day. It never changes: what was written wrong is corrected by a later fact, and the last
    one counts.
    """

    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="consumptions")
    row = models.PositiveSmallIntegerField(null=True)
    """
    Which row of the repeated group of the question (a child: 0, 1…); none where the question is asked once. Its name
    stays in the answers of the dossier, where it can be forgotten.
    """
    question = models.CharField(max_length=60)
    """The question of the pricing that counts it, by its key."""
    day = models.DateField(_("jour"))
    quantity = models.DecimalField(_("quantité"), max_digits=9, decimal_places=3)
    recorded_at = models.DateTimeField()
    recorded_by = ActorField()
    source = models.ForeignKey(
        AttendanceFile, on_delete=models.PROTECT, null=True, related_name="facts", db_index=False
    )
    """The file that said it; none where it was typed."""

    class Meta:
        ordering = ["dossier", "question", "day", "id"]
        indexes = [models.Index(fields=["dossier", "question", "day", "id"], name="consumption_last")]
        constraints = [
            models.CheckConstraint(condition=models.Q(quantity__gte=0), name="consumption_not_negative"),
            models.UniqueConstraint(
                fields=["source", "dossier", "row", "question", "day"],
                condition=models.Q(source__isnull=False),
                nulls_distinct=False,
                name="consumption_once_a_file",
            ),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.question} {self.day}: {self.quantity}"


class Booking(models.Model):
    """
    « Réservation »: how much of something on each day of a week that comes again. It never changes: a later one takes
    its place from its first day on.
    """

    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="bookings")
    row = models.PositiveSmallIntegerField(null=True)
    question = models.CharField(max_length=60)
    first = models.DateField(_("premier jour"))
    last = models.DateField(_("dernier jour"), null=True)
    """None: until another reservation."""
    quantities = ArrayField(models.DecimalField(max_digits=9, decimal_places=3), size=WEEK)
    """From Monday to Sunday."""
    all_year = models.BooleanField(default=False)
    """Whether it holds in school holidays, as the dispositif said when it was taken."""
    recorded_at = models.DateTimeField()
    recorded_by = ActorField()

    class Meta:
        ordering = ["dossier", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last=None) | models.Q(last__gte=models.F("first")), name="booking_days_in_order"
            ),
            models.CheckConstraint(condition=models.Q(quantities__len=WEEK), name="booking_of_a_week"),
        ]
        triggers = [pgtrigger.Protect(name="bookings_stay", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.question} {self.first}"


class Absence(models.Model):
    """
    Days when somebody does not come, with what its reason made of them that day. It never changes: one that was wrong
    is cancelled by another, which says the same.
    """

    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="absences")
    row = models.PositiveSmallIntegerField(null=True)
    question = models.CharField(max_length=60, blank=True)
    """Empty: all that was reserved."""
    first = models.DateField(_("premier jour"))
    last = models.DateField(_("dernier jour"))
    reason = models.CharField(_("motif"), max_length=LONGEST)
    is_excused = models.BooleanField()
    waiting_days = models.PositiveSmallIntegerField(default=0)
    """How many of the first reserved days stay due."""
    cancels = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="cancelled_by")
    recorded_at = models.DateTimeField()
    recorded_by = ActorField()

    class Meta:
        ordering = ["dossier", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(last__gte=models.F("first")), name="absence_days_in_order")
        ]
        triggers = [pgtrigger.Protect(name="absences_stay", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.first}: {self.reason}"


class Enrolment(models.Model):
    """
    « Inscription »: the days between which somebody is counted; an arrival or a departure is another one, and the last
    one counts. Nothing is planned outside.
    """

    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="enrolments")
    row = models.PositiveSmallIntegerField(null=True)
    first = models.DateField(_("premier jour"), null=True)
    last = models.DateField(_("dernier jour"), null=True)
    recorded_at = models.DateTimeField()
    recorded_by = ActorField()

    class Meta:
        ordering = ["dossier", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(first=None) | models.Q(last=None) | models.Q(last__gte=models.F("first")),
                name="enrolment_days_in_order",
            )
        ]
        triggers = [pgtrigger.Protect(name="enrolments_stay", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.first} – {self.last}"


def _only(expression: object, function: str, field: models.Field) -> Func:  # type: ignore[type-arg]
    """Return a range of one value: what GiST compares without an extension."""
    return Func(expression, expression, Value("[]"), function=function, output_field=field)


_DAYS = Func(F("first"), F("last") + 1, Value("[)"), function="daterange", output_field=DateRangeField())
"""None of a mistake."""


class Sharing(models.Model):
    """
    Two payers of one child (« garde alternée »): the row of a dossier, on which it is counted, and that of another, to
    which the weeks of the second payer go. Nobody of the two sees it.
    """

    host = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="sharings")
    host_row = models.PositiveSmallIntegerField(null=True)
    """As in ``Consumption``: none where the dossier is about one child."""
    guest = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="sharings_from")
    guest_row = models.PositiveSmallIntegerField(null=True)
    odd = models.BooleanField()
    """Whether the weeks of the second payer are the odd ones of the calendar (ISO), or the even ones."""
    first = models.DateField(_("à partir du"))
    last = models.DateField(null=True)
    """The last day, once it is known. The day before the first: it was a mistake, and never was."""
    made_by = ActorField()
    made_at = models.DateTimeField()
    ended_by = ActorField(null=True)  # type: ignore[misc]
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["host", "first", "id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(host=F("guest")), name="sharing_of_two_dossiers"),
            models.CheckConstraint(
                condition=models.Q(last=None) | models.Q(last__gte=F("first") - 1), name="sharing_days_in_order"
            ),
            ExclusionConstraint(
                name="sharing_of_a_child_once",
                expressions=[
                    (_only(F("host"), "int8range", BigIntegerRangeField()), RangeOperators.OVERLAPS),
                    (_only(Coalesce("host_row", -1), "int4range", IntegerRangeField()), RangeOperators.OVERLAPS),
                    (_DAYS, RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="sharing_to_a_row_once",
                expressions=[
                    (_only(F("guest"), "int8range", BigIntegerRangeField()), RangeOperators.OVERLAPS),
                    (_only(Coalesce("guest_row", -1), "int4range", IntegerRangeField()), RangeOperators.OVERLAPS),
                    (_DAYS, RangeOperators.OVERLAPS),
                ],
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="sharings_stay", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="sharings_only_end",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "((OLD.id, OLD.host_id, OLD.host_row, OLD.guest_id, OLD.guest_row, OLD.odd, OLD.first, OLD.made_by,"
                    " OLD.made_at) IS DISTINCT FROM (NEW.id, NEW.host_id, NEW.host_row, NEW.guest_id, NEW.guest_row,"
                    " NEW.odd, NEW.first, NEW.made_by, NEW.made_at))"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.host_id} → {self.guest_id}, {self.first}"
