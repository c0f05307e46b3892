"""Declares the room to Django."""

from django.apps import AppConfig


class RemittancesConfig(AppConfig):
    """The remittances room."""

    name = "obole.remittances"
