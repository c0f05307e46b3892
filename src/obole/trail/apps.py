"""Declares the room to Django."""

from django.apps import AppConfig


class TrailConfig(AppConfig):
    """The trail room."""

    name = "obole.trail"
