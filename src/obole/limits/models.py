"""What was counted lately, and of whom: forgotten by itself."""

from django.db import models


class Meter(models.Model):
    """
    How much of a limit somebody used. A digest names them: neither an address nor a mail is kept.

    The table is not logged by PostgreSQL: no commit waits for the disk, and a crash of the server forgets it.
    """

    key = models.CharField(max_length=64, primary_key=True)
    tries = models.PositiveIntegerField()
    free_at = models.DateTimeField()
    """Nothing more before this instant (of a ``Patience``)."""
    forget_at = models.DateTimeField(db_index=True)
    """All is forgotten at this instant: of a ``Quota``, when what was used has come back."""
