"""Régies: their list, and one of them with its bank and who answers for it."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from obole.configuration.queries import usage
from obole.crm.settings import bank_test, missing_settings, where_used
from obole.crm.shared.pages import render_page
from obole.crm.shared.setting_history import history
from obole.crm.shared.settings_forms import SettingsForm
from obole.crm.shared.settings_pages import back_to, find, in_use, save, sent_values, settings_home
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.models import Agent
from obole.directory.rules import Right
from obole.gateways import registry
from obole.gateways.base import SettingField
from obole.gateways.payfip.gateway import PayFiP
from obole.gateways.sandbox.gateway import Sandbox
from obole.lib import dates
from obole.regies import bank_changes, operations
from obole.regies.models import BankChange, Regie
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
        fields = (
            "name",
            "code",
            "enabled",
            "gateway",
            "release_delay",
            "holds_cautions",
            "transfer_delay",
            "transfer_by_two",
            "campaigns_by_two",
            "description",
        )
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


@for_agents(Right.CONFIGURE)
def regies(request: AgentRequest) -> HttpResponse:
    """List the régies, their bank, and whether it is ready."""
    listed = Regie.objects.annotate(
        type_count=Count("invoice_types", distinct=True), mandate_count=Count("mandates", distinct=True)
    ).order_by("name", "id")
    shown = in_use(request, listed, is_on=lambda row: row.enabled)
    rows = [
        {"regie": item, "bank": _bank_of(item), "mode": _mode_of(item), "ready": missing_settings.is_ready(item)}
        for item in shown.rows
    ]
    context = {"rows": rows, "archives": shown, "back": settings_home()}
    return render_page(request, "crm/settings/regies.html", context)


@for_agents(Right.CONFIGURE)
@after_reauthentication()
def regie(request: AgentRequest, pk: int | None = None) -> HttpResponse:
    """Create or change a régie, or only ask its bank who we are."""
    known = find(Regie, pk)
    form, verdict = RegieForm(**sent_values(request), instance=known), None
    if request.method == "POST":
        if form.wants_other_bank:
            form = form.with_chosen_bank()
        elif "test" in request.POST:
            verdict = _tested(request, form, known)
            form = form.unjudged()
        elif done := save(form, lambda: _configure(request, form, pk)):
            return _saved(request, done)
    context: dict[str, Any] = {
        "form": form,
        "verdict": verdict,
        "regie": known,
        "history": history(known),
        "usage": _usage(known),
    }
    context["bank_change"] = _pending(request, known)
    return render_page(
        request,
        "crm/settings/regie.html",
        {**context, "title": known or _("Nouvelle régie"), "back": back_to("settings_regies", _("Régies"))},
    )


def _tested(request: AgentRequest, form: RegieForm, known: Regie | None) -> bank_test.Verdict:
    """Ask the bank; of the settings that are saved, keep what it answered: « Paramétrage » tells a refusal."""
    verdict = bank_test.ask(form.kind, form.bank_settings)
    are_saved = known is not None and (known.gateway, known.gateway_settings) == (form.kind, form.bank_settings)
    if known is not None and are_saved and verdict.refused is not None:
        operations.record_bank_test(
            regie_id=known.pk, refused=verdict.refused, code=verdict.code, actor=request.actor, at=dates.now()
        )
    return verdict


def _saved(request: AgentRequest, regie: Regie) -> HttpResponse:
    messages.success(request, _("la régie « %(name)s » est enregistrée.") % {"name": regie})
    if bank_change_of(regie):
        messages.warning(request, _("Le changement de banque attend l’accord d’un second administrateur."))
    return redirect("crm:settings_regie", regie.pk)


@for_agents(Right.CONFIGURE)
@require_POST
@after_reauthentication()
def regie_bank_change(request: AgentRequest, pk: int) -> HttpResponse:
    """Accept or refuse the change of bank that waits."""
    find(Regie, pk)
    accept = request.POST.get("action") == "accept"
    try:
        bank_changes.decide_bank_change(regie_id=pk, accept=accept, actor=request.actor, at=dates.now())
    except ValidationError as refusal:
        messages.warning(request, refusal.messages[0])
    else:
        said = _("la banque de la régie est changée.") if accept else _("le changement de banque est abandonné.")
        messages.success(request, said)
    return redirect("crm:settings_regie", pk)


def bank_change_of(regie: Regie) -> BankChange | None:
    """Return the change of bank that waits for a second administrator, if there is one."""
    return BankChange.objects.select_related("regie").filter(regie=regie, decided_at=None).first()


def _pending(request: AgentRequest, known: Regie | None) -> dict[str, Any] | None:
    asked = bank_change_of(known) if known else None
    if asked is None or known is None:
        return None
    labels = {field.name: _(field.label) for field in registry.settings_fields(asked.gateway)}
    rows = [
        (
            labels.get(name, name),
            known.gateway_settings.get(name, "") or "–",
            asked.gateway_settings.get(name, "") or "–",
        )
        for name in bank_changes.changed_names(asked)
        if name != "gateway"
    ]
    return {"asked": asked, "rows": rows, "mine": request.actor.is_same_as(asked.requested_by)}


def _configure(request: AgentRequest, form: RegieForm, pk: int | None) -> Regie:
    """Save the régie and who answers for it, both or neither."""
    at = dates.now()
    with transaction.atomic():
        done = operations.configure_regie(regie_id=pk, values=form.values, actor=request.actor, at=at)
        if set(form.agent_ids) != set(form.initial["agents"]):
            operations.give_mandates(regie_id=done.pk, agent_ids=form.agent_ids, actor=request.actor, at=at)
    return done


def _usage(known: Regie | None) -> where_used.UsageDisplay | None:
    return where_used.usage_display(usage.of_regie(known), regie=known.pk) if known else None


def _bank_of(regie: Regie) -> str:
    return registry.GATEWAYS[regie.gateway].name if regie.gateway in registry.GATEWAYS else regie.gateway


def _mode_of(regie: Regie) -> str:
    if regie.gateway not in registry.GATEWAYS:
        return ""
    words = next((field.choices for field in registry.settings_fields(regie.gateway) if field.name == "mode"), {})
    mode = regie.gateway_settings.get("mode", "")
    return _(words[mode]) if mode in words else ""
