"""`obole settings`: what can be set by the environment."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

HEAD = """# Réglages

Ce qui se règle par l’environnement. Chaque réglage peut aussi être lu dans un fichier : `NOM_FILE=/chemin`.
Cette page est écrite par `obole settings`.

| nom | forme | par défaut | rôle |
|---|---|---|---|
"""

FORMS = {"text": "texte", "whole number": "nombre entier", "yes or no": "`yes` ou `no`", "addresses": "adresses"}


class Command(BaseCommand):
    """Print the table of settings, which is also docs/exploiter/reglages.md."""

    help = "Print what can be set by the environment."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        rows = (
            f"| `{item.name}` | {FORMS[item.kind]} | `{item.default}` | {item.help} |"
            for item in settings.DOCUMENTED_SETTINGS
        )
        self.stdout.write(HEAD + "\n".join(rows))
