"""Declares the room to Django."""

from django.apps import AppConfig
from django.conf import settings

from obole.gateways import registry


class PaymentsConfig(AppConfig):
    """The payments room."""

    name = "obole.payments"

    def ready(self) -> None:
        """Tell the banks what the operator set."""
        registry.configure(origins=settings.BANK_ORIGINS, training=settings.TRAINING)
