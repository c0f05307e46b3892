"""Declares the room to Django."""

from django.apps import AppConfig


class ApiKeysConfig(AppConfig):
    """The keys of other software."""

    name = "obole.api_keys"
