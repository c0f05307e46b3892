"""Declares the room to Django."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """The ui room."""

    name = "obole.ui"
