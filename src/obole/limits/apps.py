"""Declares the room to Django."""

from django.apps import AppConfig


class LimitsConfig(AppConfig):
    """The limits."""

    name = "obole.limits"
