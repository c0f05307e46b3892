"""Declares the room to Django."""

from django.apps import AppConfig


class ConsumptionConfig(AppConfig):
    """The consumption room."""

    name = "obole.consumption"
