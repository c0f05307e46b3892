"""Declares the room to Django."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """The campaigns room."""

    name = "obole.campaigns"
