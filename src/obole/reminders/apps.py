"""Declares the room to Django."""

from django.apps import AppConfig


class RemindersConfig(AppConfig):
    """The reminders room."""

    name = "obole.reminders"
