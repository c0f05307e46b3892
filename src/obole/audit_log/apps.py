"""Declares the room to Django."""

from django.apps import AppConfig


class AuditLogConfig(AppConfig):
    """The audit log."""

    name = "obole.audit_log"
