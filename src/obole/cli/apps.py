"""Declares the room to Django."""

from django.apps import AppConfig


class CliConfig(AppConfig):
    """The cli room."""

    name = "obole.cli"
