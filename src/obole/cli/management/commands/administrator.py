"""`obole administrator`: the first account of a new installation."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from obole.directory import operations as directory
from obole.directory.models import Agent
from obole.directory.rules import Profile
from obole.lib import days


class Command(BaseCommand):
    """Open an administrator's account without a password: « Mot de passe oublié » sets one, by mail."""

    help = "Open the account of an administrator; everything else is set in the CRM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].lower()
        if Agent.objects.filter(user__email=email).exists():
            raise CommandError(f"{email} is an agent already: change the profile in the CRM.")
        values = {"name": options["name"] or email, "profile": Profile.ADMINISTRATOR}
        directory.register_agent(email=email, password=None, values=values, actor="operator", at=days.now())
        self.stdout.write(
            f"{email} is an administrator. « Mot de passe oublié », on the sign-in page, sets a password."
        )
