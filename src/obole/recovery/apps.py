"""Declares the room to Django."""

from django.apps import AppConfig


class RecoveryConfig(AppConfig):
    """The recovery room."""

    name = "obole.recovery"
