"""What citizens type."""

from typing import Any

from allauth.core import context
from django import forms
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from obole.directory import operations as directory
from obole.directory.models import Citizen, User
from obole.lib import dates
from obole.limits.middleware import as_error, note, use_by_address
from obole.limits.rules import SIGN_UP, TooMany
from obole.ui.forms import NameField


class SignupDetails(forms.Form):
    """What is asked beside the e-mail and the password when an account is opened."""

    first_name = NameField(label=_("Prénom"), max_length=80)
    last_name = NameField(label=_("Nom"), max_length=80)

    def clean(self) -> dict[str, Any]:
        """Refuse an address that opens accounts one after the other."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            use_by_address(context.request, SIGN_UP)
        except TooMany as refusal:
            self.add_error(None, as_error(refusal))
            note(context.request, self)
        return values

    def signup(self, request: HttpRequest, user: User) -> None:
        """Open the citizen's file of a new account (called by allauth once the account exists)."""
        values: dict[str, Any] = {name: self.cleaned_data[name] for name in ("first_name", "last_name")}
        values |= {"email": user.email, "kind": Citizen.Kind.PERSON, "language": translation.get_language()}
        directory.register_citizen(values=values, user_id=user.pk, actor=None, at=dates.now())


class DetailsForm(forms.Form):
    """What a citizen may change of their own file."""

    kind = forms.ChoiceField(label=_("Vous êtes"), choices=Citizen.Kind.choices, widget=forms.RadioSelect)
    organisation = NameField(
        label=_("Raison sociale"),
        max_length=120,
        required=False,
        help_text=_("Pour une association ou une entreprise."),
    )
    civility = forms.ChoiceField(
        label=_("Civilité"), choices=[("", "—"), ("Mme", _("Mme")), ("M.", _("M."))], required=False
    )
    first_name = NameField(label=_("Prénom"), max_length=80, required=False)
    last_name = NameField(label=_("Nom"), max_length=80)
    email = forms.EmailField(
        label=_("Adresse électronique"), required=False, help_text=_("Pour vos factures, vos reçus et nos réponses.")
    )
    phone = forms.CharField(
        label=_("Téléphone"),
        max_length=30,
        required=False,
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}),
    )
    address = forms.CharField(
        label=_("Adresse postale"),
        max_length=500,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Elle figure sur vos factures à venir."),
    )
    autocomplete = {
        "organisation": "organization",
        "civility": "honorific-prefix",
        "first_name": "given-name",
        "last_name": "family-name",
        "email": "email",
        "address": "street-address",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, token in self.autocomplete.items():
            self.fields[name].widget.attrs["autocomplete"] = token

    @classmethod
    def initial_of(cls, citizen: Citizen) -> dict[str, Any]:
        """Return what the file says now."""
        return {name: getattr(citizen, name) for name in cls.base_fields}

    def clean(self) -> dict[str, Any]:
        """Ask an organisation for its name; a person has none, or it would be shown instead of theirs."""
        values: dict[str, Any] = self.cleaned_data
        if values.get("kind") == Citizen.Kind.PERSON:
            values["organisation"] = ""
        elif values.get("kind") and not values.get("organisation") and "organisation" not in self.errors:
            self.add_error("organisation", _("Donnez le nom de l’association ou de l’entreprise."))
        return values


class ClaimForm(forms.Form):
    """The code of a file that was opened at the counter."""

    code = NameField(
        label=_("Code de votre dossier"),
        max_length=20,
        help_text=_("Dix lettres et chiffres, par exemple ABCDE-FGH23 : sur votre facture, ou donné par un agent."),
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )


class PayForm(forms.Form):
    """The e-mail for one payment, asked where the citizen's own cannot be used."""

    email = forms.EmailField(
        label=_("Adresse électronique pour ce paiement"),
        max_length=80,
        help_text=_("La banque et nos services y envoient la preuve de votre paiement. Par exemple nom@exemple.fr."),
        widget=forms.EmailInput({"autocomplete": "email"}),
    )
    remember = forms.BooleanField(label=_("Garder cette adresse dans mon compte"), required=False)
