"""Declares the room to Django."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """The catalogue room."""

    name = "obole.catalogue"
