"""Declares the room to Django."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The api room."""

    name = "obole.api"
