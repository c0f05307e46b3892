"""How the trail is read."""

from django.db import models
from django.db.models import Q, QuerySet

from obole.audit_log.models import Record


def about(*subjects: models.Model) -> QuerySet[Record]:
    """Return what happened to these things, newest first."""
    wanted = Q(pk__in=[])
    for subject in subjects:
        wanted |= Q(subject_kind=subject._meta.label_lower, subject_id=subject.pk)
    return Record.objects.filter(wanted)
