"""Declares the room to Django."""

from importlib import import_module

from django.apps import AppConfig


class CliConfig(AppConfig):
    """The cli room."""

    name = "obole.cli"

    def ready(self) -> None:
        """Make what operators check known."""
        import_module("obole.lib.durability")
        import_module("obole.cli.startup_checks")
