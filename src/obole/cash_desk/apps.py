"""Declares the room to Django."""

from django.apps import AppConfig


class CashDeskConfig(AppConfig):
    """The cash desk room."""

    name = "obole.cash_desk"
