"""Declares the room to Django."""

from django.apps import AppConfig


class RegiesConfig(AppConfig):
    """The regies room."""

    name = "obole.regies"
