"""Declares the room to Django."""

from django.apps import AppConfig


class BulkActionsConfig(AppConfig):
    """The room of actions on a selection."""

    name = "obole.bulk_actions"
