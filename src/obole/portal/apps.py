"""Declares the room to Django."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The portal room."""

    name = "obole.portal"
