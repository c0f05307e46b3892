"""Declares the room to Django."""

from django.apps import AppConfig


class BankStatementsConfig(AppConfig):
    """The bank statements room."""

    name = "obole.bank_statements"
