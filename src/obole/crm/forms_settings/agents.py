"""Agents, and what their profile lets them do."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from obole.crm.forms_settings.base import SettingsForm
from obole.directory.models import Agent

PROFILE_HELP = gettext_lazy(
    "L’agent instructeur voit dossiers et factures ; le régisseur voit aussi l’argent de ses régies ; "
    "l’administrateur voit et règle tout."
)


class AgentForm(SettingsForm):
    """Describes an agent who exists."""

    active = forms.BooleanField(
        label=gettext_lazy("Peut se connecter"),
        required=False,
        help_text=gettext_lazy("Décochez pour fermer l’accès, aussitôt."),
    )

    class Meta:
        model = Agent
        fields = ("name", "service_name", "profile")
        widgets = {"profile": forms.RadioSelect}
        help_texts = {"profile": PROFILE_HELP}

    def __init__(self, *args: Any, instance: Agent, by: Agent, **options: Any) -> None:
        super().__init__(*args, instance=instance, **options)
        self.is_oneself = instance.pk == by.pk
        self.initial["active"] = instance.user.is_active

    def clean(self) -> None:
        """Refuse that somebody locks themself out: another administrator does it."""
        super().clean()
        if self.is_oneself and not self.cleaned_data.get("active"):
            self.add_error(
                "active", _("Vous ne pouvez pas désactiver votre propre compte : demandez à un autre administrateur.")
            )
        if self.is_oneself and self.cleaned_data.get("profile") not in (None, self.initial["profile"]):
            self.add_error(
                "profile", _("Vous ne pouvez pas changer votre propre profil : demandez à un autre administrateur.")
            )


class NewAgentForm(SettingsForm):
    """Describes an agent to come."""

    email = forms.EmailField(
        label=gettext_lazy("Adresse électronique"),
        help_text=gettext_lazy("Pour se connecter. L’agent choisit son mot de passe par « Mot de passe oublié »."),
    )

    class Meta:
        model = Agent
        fields = ("name", "service_name", "profile")
        widgets = {"profile": forms.RadioSelect}
        help_texts = {"profile": PROFILE_HELP}

    field_order = ("email", "name", "service_name", "profile")

    def clean_email(self) -> str:
        """
        Refuse an address that an agent has already.

        :raises ValidationError: if one has it.
        """
        email = str(self.cleaned_data["email"]).lower()
        if Agent.objects.filter(user__email=email).exists():
            raise ValidationError(_("Un agent a déjà cette adresse."))
        return email
