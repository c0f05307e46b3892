"""Declares the room to Django."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    """The directory room."""

    name = "obole.directory"
