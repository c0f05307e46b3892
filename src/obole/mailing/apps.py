"""Declares the room to Django."""

from django.apps import AppConfig


class MailingConfig(AppConfig):
    """The mailing room."""

    name = "obole.mailing"
