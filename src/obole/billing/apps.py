"""Declares the room to Django."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """The billing room."""

    name = "obole.billing"
