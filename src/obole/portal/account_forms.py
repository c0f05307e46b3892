"""What allauth's forms do more here: an account is opened whole, and a known address answers like any other."""

from typing import Any

from allauth.account import forms as allauth
from allauth.account.internal.flows import signup
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from obole.accounts import operations as accounts, queries
from obole.directory import queries as directory
from obole.directory.models import Agent, User
from obole.lib import dates


class SignupForm(allauth.SignupForm):  # type: ignore[misc]  # untyped library
    """Opens the account and the citizen's file in one transaction."""

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Open them, or tell the owner of an address that is known; both take the time of one hash."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
            return self._tell_the_owner(request)
        try:
            with transaction.atomic():
                saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
        except IntegrityError:
            # Somebody opened an account with this address since it was looked for.
            return self._tell_the_owner(request)
        return saved

    def _tell_the_owner(self, request: HttpRequest) -> tuple[None, HttpResponse]:
        return None, signup.prevent_enumeration(request, email=self.cleaned_data["email"])


class ChangeAddressForm(allauth.AddEmailForm):  # type: ignore[misc]
    """Sends a code to a new address; to one that another account has, a word that helps nobody but its owner."""

    def clean_email(self) -> str:
        """
        Refuse to agents what an administrator does for them: who acts in the CRM is never somebody's own word.

        :raises ValidationError: to an agent.
        """
        if Agent.objects.filter(user=self.user).exists():
            raise ValidationError(_("L’adresse d’un agent est changée par un administrateur."))
        return str(super().clean_email())

    def save(self, request: HttpRequest) -> EmailAddress:
        """Ask for the proof of the new address; the old one stays until it is given."""
        email = self.cleaned_data["email"]
        if not queries.is_taken(email, but=self.user):
            return super().save(request)
        state: dict[str, Any] = EmailVerificationProcess.initial_state(self.user, email)
        process = EmailVerificationProcess(
            request=request, user=self.user, state={**state, "account_already_exists": True}
        )
        process.generate_code()
        process.send()
        process.persist()
        return EmailAddress(user=self.user, email=email)


class RequestCodeForm(allauth.RequestLoginCodeForm):  # type: ignore[misc]
    """Mails a code that signs a citizen in; to an agent none, for a mailbox is no second factor of theirs."""

    def clean_email(self) -> str:
        """Look for the account, and leave agents' aside: what is answered does not tell."""
        email = str(super().clean_email())
        if Agent.objects.filter(user__email=email).exists():
            self._user = None
        return email


class NewPasswordForm(allauth.ResetPasswordKeyForm):  # type: ignore[misc]
    """Sets the password of whoever opened a link that was mailed: the address is proven by that."""

    def save(self) -> None:
        """Keep the password."""
        super().save()
        accounts.prove_address(user_id=self.user.pk, actor=directory.actor_of(self.user), at=dates.now())
