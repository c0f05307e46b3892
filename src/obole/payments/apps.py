"""Declares the room to Django."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """The payments room."""

    name = "obole.payments"
