"""Declares the room to Django."""

from django.apps import AppConfig


class CrmConfig(AppConfig):
    """The crm room."""

    name = "obole.crm"
