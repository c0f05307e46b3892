"""What citizens type."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from obole.directory import operations as directory
from obole.directory.models import Citizen, User
from obole.lib import days


class SignupDetails(forms.Form):
    """What is asked beside the e-mail and the password when an account is opened."""

    first_name = forms.CharField(label=_("Prénom"), max_length=80)
    last_name = forms.CharField(label=_("Nom"), max_length=80)

    def signup(self, request: HttpRequest, user: User) -> None:
        """Open the citizen's file of a new account (called by allauth once the account exists)."""
        values: dict[str, Any] = {name: self.cleaned_data[name] for name in ("first_name", "last_name")}
        values |= {"email": user.email, "kind": Citizen.Kind.PERSON}
        directory.register_citizen(values=values, user_id=user.pk, actor=user.email, at=days.now())
