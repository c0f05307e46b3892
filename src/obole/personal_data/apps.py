"""Declares the room to Django."""

from django.apps import AppConfig


class PersonalDataConfig(AppConfig):
    """The personal data room."""

    name = "obole.personal_data"
