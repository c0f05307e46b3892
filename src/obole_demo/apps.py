"""Declares the demonstration to Django."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demonstration's commands, texts and templates."""

    name = "obole_demo"
