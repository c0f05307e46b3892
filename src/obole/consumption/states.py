"""The life of a file of attendance."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from obole.lib.states import Transition


class FileState(models.TextChoices):
    """How far a file is."""

    RECEIVED = "received", _("Colonnes à dire")
    CHECKING = "checking", _("Vérification en cours")
    CHECKED = "checked", _("À confirmer")
    WRITING = "writing", _("Enregistrement en cours")
    DONE = "done", _("Enregistré")
    STOPPED = "stopped", _("Abandonné")


S = FileState
AT_WORK = frozenset({S.CHECKING, S.WRITING})
"""While the worker has something to do."""

CHECK = Transition("attendance_file.check", frozenset({S.RECEIVED, S.CHECKED}), S.CHECKING)
SHOW = Transition("attendance_file.show", frozenset({S.CHECKING}), S.CHECKED)
CONFIRM = Transition("attendance_file.confirm", frozenset({S.CHECKED}), S.WRITING)
FINISH = Transition("attendance_file.finish", frozenset({S.WRITING}), S.DONE)
STOP = Transition("attendance_file.stop", frozenset({S.RECEIVED, S.CHECKING, S.CHECKED, S.WRITING}), S.STOPPED)

MOVES = (CHECK, SHOW, CONFIRM, FINISH, STOP)
