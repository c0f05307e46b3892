"""A régie: its name, its bank and that bank's settings, who answers for it."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from obole.crm.forms_settings.base import SettingsForm
from obole.directory.models import Agent
from obole.gateways import registry
from obole.gateways.base import SettingField
from obole.gateways.payfip.gateway import PayFiP
from obole.gateways.sandbox.gateway import Sandbox
from obole.regies.models import Regie
from obole.ui.forms import typed

PRODUCTION = "W"
"""The mode in which what the bank says is real money."""


class RegieForm(SettingsForm):
    """Describes a régie, with the fields of the bank that is shown; another bank is chosen, then filled."""

    gateway = forms.ChoiceField(label=gettext_lazy("Tiers bancaire"))
    shown_gateway = forms.CharField(widget=forms.HiddenInput)
    agents = forms.ModelMultipleChoiceField(
        Agent.objects.none(),
        label=gettext_lazy("Agents mandatés"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Eux seuls, avec les administrateurs, voient l’argent de cette régie."),
    )

    class Meta:
        model = Regie
        fields = ("name", "code", "enabled", "gateway", "release_delay", "holds_cautions", "description")
        widgets = {"description": forms.Textarea({"rows": 3}), "code": forms.TextInput({"autocomplete": "off"})}
        error_messages = {
            "release_delay": {
                "min_value": gettext_lazy(
                    "15 minutes au moins : le payeur garde la page de la banque ouverte aussi longtemps."
                )
            }
        }

    def __init__(self, *args: Any, instance: Regie | None = None, kind: str = "", **options: Any) -> None:
        super().__init__(*args, instance=instance, **options)
        self.regie = instance
        self.kind = self._known(kind, self.data.get("shown_gateway"), instance.gateway if instance else "")
        self.fields["gateway"].choices = _banks()  # type: ignore[attr-defined]
        self.initial = {**self.initial, "shown_gateway": self.kind, "gateway": self.kind}
        self.bank_names = [self._add_bank_field(field) for field in registry.settings_fields(self.kind)]
        if self._could_go_live:
            self.fields["confirm_production"] = _confirmation()
        mandated = list(instance.mandates.values_list("agent", flat=True)) if instance else []
        self.initial.setdefault("agents", mandated)
        self.fields["agents"].queryset = (  # type: ignore[attr-defined]
            Agent.objects.filter(Q(user__is_active=True) | Q(pk__in=mandated)).order_by("name", "id")
        )

    @property
    def wants_other_bank(self) -> bool:
        """Tell whether the fields on the screen are those of another bank than the one chosen."""
        chosen = self.data.get("gateway")
        return "choose" in self.data or (chosen in registry.GATEWAYS and chosen != self.kind)

    def with_chosen_bank(self) -> "RegieForm":
        """Return the form with the chosen bank's fields, and all that was typed."""
        return self._again(self._known(self.data.get("gateway")))

    def unjudged(self) -> "RegieForm":
        """Return the form with all that was typed, and no error."""
        return self._again(self.kind)

    @property
    def bank_fields(self) -> list[forms.BoundField]:
        """The fields of the bank that is shown, with the confirmation that production asks for."""
        names = [*self.bank_names, *(["confirm_production"] if self._could_go_live else [])]
        return [self[name] for name in names]

    @property
    def bank_settings(self) -> dict[str, str]:
        """What was typed for the bank, as text: a client number keeps its zeros; what is empty takes the default."""
        sent = typed(self)
        given = {name.removeprefix(f"{self.kind}-"): str(sent[name] or "").strip() for name in self.bank_names}
        return {name: value for name, value in given.items() if value}

    @property
    def values(self) -> dict[str, Any]:
        """The values for the operation, the bank's settings included."""
        return {**super().values, "gateway_settings": self.bank_settings}

    @property
    def agent_ids(self) -> list[int]:
        """The agents that answer for the régie."""
        return [agent.pk for agent in self.cleaned_data["agents"]]

    def clean_code(self) -> str:
        """Take « enf » for « ENF »."""
        code: str = self.cleaned_data["code"]
        return code.upper()

    def clean(self) -> None:
        """Check the bank's settings, and that nobody goes to production without knowing it."""
        super().clean()
        for name, sentence in registry.check_settings(self.kind, self.bank_settings).items():
            if f"{self.kind}-{name}" not in self.errors:
                self.add_error(f"{self.kind}-{name}", _(sentence))
        live = self.bank_settings.get("mode") == PRODUCTION
        if live and self._could_go_live and not self.cleaned_data.get("confirm_production"):
            sentence = _("Vous avez choisi un mode où les paiements comptent : cochez cette case pour le confirmer.")
            self.add_error("confirm_production", sentence)

    @property
    def _could_go_live(self) -> bool:
        has_mode = any(
            PRODUCTION in field.choices for field in registry.settings_fields(self.kind) if field.name == "mode"
        )
        return has_mode and self._saved_settings.get("mode") != PRODUCTION

    @property
    def _saved_settings(self) -> Mapping[str, str]:
        saved: Mapping[str, str] = self.regie.gateway_settings if self.regie and self.regie.gateway == self.kind else {}
        return saved

    def _again(self, kind: str) -> "RegieForm":
        return RegieForm(instance=self.regie, kind=kind, initial={**typed(self), "confirm_production": False})

    def _add_bank_field(self, field: SettingField) -> str:
        name = f"{self.kind}-{field.name}"
        self.fields[name] = _bank_field(field)
        self.initial.setdefault(name, self._saved_settings.get(field.name) or field.default)
        return name

    def _known(self, *kinds: object) -> str:
        return next((str(kind) for kind in kinds if kind in registry.GATEWAYS), PayFiP.kind)


def _banks() -> list[tuple[str, str]]:
    banks = [(kind, bank.name) for kind, bank in registry.GATEWAYS.items()]
    training = _("%(bank)s (formation)")
    return [(kind, training % {"bank": name} if kind == Sandbox.kind else name) for kind, name in banks]


def _bank_field(field: SettingField) -> forms.Field:
    label, help_text = _(field.label), _(field.help)
    if field.choices:
        choices = [(value, _(word)) for value, word in field.choices.items()]
        return forms.ChoiceField(choices=choices, label=label, help_text=help_text)
    widget = forms.TextInput({"autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(label=label, help_text=help_text, required=not field.default, max_length=300, widget=widget)


def _confirmation() -> forms.BooleanField:
    return forms.BooleanField(
        label=_("Je confirme le passage en production"),
        required=False,
        help_text=_(
            "À cocher seulement si le mode devient « production » : dès lors, chaque paiement compte en comptabilité."
        ),
    )
