"""`obole administrator`: the first account of a new installation."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from obole.accounts import operations as accounts
from obole.directory.models import Agent
from obole.directory.rules import Profile
from obole.lib import actors, dates


class Command(BaseCommand):
    """Invite an administrator, and print the link that lets them in: mail may not be set yet."""

    help = "Invite an administrator, and print the link that lets them in; everything else is set in the CRM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].lower()
        agent = Agent.objects.select_related("user").filter(user__email=email).first()
        invited = self._invite(email, options["name"] or email) if agent is None else self._invite_again(agent)
        self.stdout.write(f"{email} is an administrator. This link, also sent by mail, chooses a password:")
        self.stdout.write(invited.link)
        self.stdout.write("It serves once, for seven days. The same command makes another one.")
        if invited.had_account:
            self.stdout.write("An account had this address: its password serves no more, its sessions are ended.")

    def _invite(self, email: str, name: str) -> accounts.Invited:
        values = {"name": name, "profile": Profile.ADMINISTRATOR}
        try:
            return accounts.invite_agent(email=email, values=values, actor=actors.OPERATOR, at=dates.now())
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None

    def _invite_again(self, agent: Agent) -> accounts.Invited:
        if agent.profile != Profile.ADMINISTRATOR:
            raise CommandError(f"{agent.user.email} is an agent already: change the profile in the CRM.")
        try:
            return accounts.invite_again(agent_id=agent.pk, actor=actors.OPERATOR, at=dates.now())
        except accounts.AlreadyAnswered:
            raise CommandError(
                f"{agent.user.email} is an administrator already, with a password: « Mot de passe oublié » changes it."
            ) from None
