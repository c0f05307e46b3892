"""A dispositif: what it is, its form, what it bills, and its copy."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy

from obole.billing.models import InvoiceType
from obole.catalogue import operations, queries
from obole.catalogue.forms.questionnaire import Questionnaire
from obole.catalogue.models import Scheme
from obole.configuration import operations as configuration
from obole.configuration.queries import usage
from obole.configuration.rules.next_year import next_name
from obole.crm.settings import missing_settings, where_used
from obole.crm.shared.pages import render_page
from obole.crm.shared.setting_history import history
from obole.crm.shared.settings_forms import SettingsForm
from obole.crm.shared.settings_pages import back_to, find, save, sent_values
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates


class SchemeForm(SettingsForm):
    """Describes a dispositif."""

    class Meta:
        model = Scheme
        fields = (
            "service", "name", "description", "position", "enabled", "simulator", "billed_on", "absence_reasons",
        )  # fmt: skip
        widgets = {"description": forms.Textarea({"rows": 3}), "absence_reasons": forms.Textarea({"rows": 5})}
        help_texts = {
            "name": gettext_lazy("Tel que l’usager le lit, par exemple « Inscription cantine 2026-2027 »."),
            "position": gettext_lazy("Les dispositifs d’une prestation sont rangés par ce nombre, puis par nom."),
            "enabled": gettext_lazy("Décochez pour ne plus recevoir de demande ; les dossiers en cours continuent."),
            "billed_on": gettext_lazy(
                "Une quantité saisie ou importée pour un jour passe toujours avant ce qui y était réservé. Les"
                " réservations déjà prises courent jusqu’à leur fin."
            ),
            "absence_reasons": gettext_lazy(
                "Un par ligne, suivi de deux-points : « due », « excusée », ou « excusée, carence 2 jours » (les deux"
                " premiers jours réservés restent dus). Ne sert que si le dispositif facture ce qui est réservé."
            ),
        }


class CopyForm(forms.Form):
    """Names a copy; next year's name is proposed."""

    name = forms.CharField(
        label=gettext_lazy("Nom"),
        max_length=120,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text=gettext_lazy("Tel que l’usager le lit, par exemple « Inscription cantine 2026-2027 »."),
    )
    with_types = forms.BooleanField(
        label=gettext_lazy("Facturer la copie par les mêmes types de factures"),
        required=False,
        initial=True,
        help_text=gettext_lazy("Sinon, choisissez-les ensuite sur la page de chaque type."),
    )

    def __init__(self, data: Any = None, *, source: Scheme, has_types: bool) -> None:
        names = set(Scheme.objects.order_by("id").values_list("name", flat=True)) if data is None else set()
        super().__init__(data, initial={"name": next_name(source.name, names) if data is None else ""})
        if not has_types:
            del self.fields["with_types"]

    def clean_name(self) -> str:
        """
        Refuse a name that is taken.

        :raises ValidationError: if another dispositif has it.
        """
        name: str = self.cleaned_data["name"]
        if Scheme.objects.filter(name=name).exists():
            raise ValidationError(_("C’est déjà pris : choisissez une autre valeur."))
        return name


@for_agents(Right.CONFIGURE)
def scheme(request: AgentRequest, pk: int | None = None) -> HttpResponse:
    """Create or change a dispositif."""
    known = find(Scheme, pk)
    form = SchemeForm(**sent_values(request), instance=known, initial=_chosen_service(request))
    if request.method == "POST" and (
        done := save(
            form,
            lambda: operations.configure_scheme(scheme_id=pk, values=form.values, actor=request.actor, at=dates.now()),
        )
    ):
        messages.success(request, _("le dispositif « %(name)s » est enregistré.") % {"name": done})
        return redirect("crm:settings_scheme", done.pk)
    title, back = known or _("Nouveau dispositif"), back_to("settings_services", _("Prestations et dispositifs"))
    context = {"form": form, "title": title, "back": back, "scheme": known, "usage": None}
    return render_page(request, "crm/settings/scheme.html", {**context, **(_about(known) if known else {})})


@for_agents(Right.CONFIGURE)
def scheme_copy(request: AgentRequest, pk: int) -> HttpResponse:
    """Make next year's dispositif of this one."""
    source = get_object_or_404(Scheme, pk=pk)
    has_types = InvoiceType.objects.filter(schemes=source).exists()
    form = CopyForm(request.POST if request.method == "POST" else None, source=source, has_types=has_types)
    if request.method == "POST" and (done := save(form, lambda: _copy(request, source, form))):
        messages.success(
            request, _("le dispositif « %(name)s » est créé, fermé. Relisez-le, puis ouvrez-le.") % {"name": done}
        )
        return redirect("crm:settings_scheme", done.pk)
    title = _("Dupliquer « %(name)s »") % {"name": source.name}
    context = {
        "form": form,
        "title": title,
        "back": back_to("settings_scheme", source.name, pk),
        "history": [],
        "usage": None,
        "version": queries.current_form(source),
        "pricing": queries.current_pricing(source),
    }
    return render_page(request, "crm/settings/scheme_copy.html", context)


def _copy(request: AgentRequest, source: Scheme, form: CopyForm) -> Scheme:
    given = form.cleaned_data
    return configuration.copy_scheme(
        scheme_id=source.pk,
        name=given["name"],
        with_types=given.get("with_types", False),
        actor=request.actor,
        at=dates.now(),
    )


def _chosen_service(request: AgentRequest) -> dict[str, Any]:
    chosen = request.GET.get("prestation", "")
    return {"service": chosen} if chosen.isdecimal() else {}


def _about(known: Scheme) -> dict[str, Any]:
    version = queries.current_form(known)
    fields = version.form_fields if version else ()
    return {
        "version": version,
        "field_count": len(fields),
        "pricing": queries.current_pricing(known),
        "free": missing_settings.is_free(missing_settings.with_parts().get(pk=known.pk)),
        "preview": Questionnaire(fields=fields),
        "usage": where_used.usage_display(usage.of_scheme(known), scheme=known.pk),
        "history": history(known),
    }
