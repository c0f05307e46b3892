"""Declares the room to Django."""

from django.apps import AppConfig


class BooksConfig(AppConfig):
    """The books room."""

    name = "obole.books"
