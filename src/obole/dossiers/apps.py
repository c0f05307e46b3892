"""Declares the room to Django."""

from django.apps import AppConfig


class DossiersConfig(AppConfig):
    """The dossiers room."""

    name = "obole.dossiers"
