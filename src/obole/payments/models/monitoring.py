"""What is kept of the watch over the bank and over the books."""

from django.db import models

from obole.regies.models import Regie


class Sweep(models.Model):
    """One round of the worker over the attempts to ask about; the health page tells how old the last one is."""

    at = models.DateTimeField()
    queued = models.PositiveIntegerField()
    failed_openings = models.PositiveIntegerField()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["-at"], name="sweep_by_date")]

    def __str__(self) -> str:
        return f"{self.at}: {self.queued}"


class Verification(models.Model):
    """One recomputation of the books: when, how many entries, and the first difference if there was one."""

    at = models.DateTimeField()
    entries = models.PositiveBigIntegerField(default=0)
    difference = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["-at"], name="verification_by_date")]

    def __str__(self) -> str:
        return self.difference or f"{self.entries} entries"

    @property
    def is_right(self) -> bool:
        return not self.difference


class Circuit(models.Model):
    """
    Whether a régie's bank answers. Too many calls in vain, one after the other, open it, and the bank is left in peace.

    A régie has no row until its bank fails for the first time.
    """

    regie = models.OneToOneField(Regie, on_delete=models.PROTECT, related_name="circuit")
    failures = models.PositiveIntegerField(default=0)
    """Calls in vain since the bank's last answer."""
    failing_since = models.DateTimeField(null=True)
    down_since = models.DateTimeField(null=True)
    """Not empty while the circuit is open: when the first of the calls in vain was made."""
    probed_at = models.DateTimeField(null=True)
    """While it is open: when the last question was let through."""
    recovered_at = models.DateTimeField(null=True)
    """When it last closed after an outage long enough to count."""

    class Meta:
        ordering = ["regie"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(down_since=None)
                | models.Q(failures__gt=0, failing_since__isnull=False, probed_at__isnull=False),
                name="circuit_open_after_failures",
            )
        ]

    def __str__(self) -> str:
        return f"{self.regie_id} down since {self.down_since}" if self.down_since else f"{self.regie_id} up"
