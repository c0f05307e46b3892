"""Types de factures: their list, and one of them with its document and its reminders."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from obole.billing import operations
from obole.billing.documents import letter
from obole.billing.documents.invoice import render_invoice
from obole.billing.models import InvoiceType
from obole.billing.rules import reminder_plan
from obole.catalogue.models import Scheme
from obole.configuration.queries import usage
from obole.crm.settings import logo_field, where_used
from obole.crm.settings.specimen import specimen
from obole.crm.shared.pages import file_answer, render_page
from obole.crm.shared.setting_history import history
from obole.crm.shared.settings_forms import ColourField, SettingsForm, place_errors
from obole.crm.shared.settings_pages import back_to, find, in_use, save, sent_values, settings_home
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates, pdf
from obole.regies.models import Regie
from obole.ui.bodies import takes_files


class SchemesField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not generic when it runs
    """Dispositifs, each with its prestation."""

    def label_from_instance(self, obj: Any) -> str:
        """Write « prestation – dispositif »."""
        return f"{obj.service} – {obj.name}"


class RegieField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic when it runs
    """A régie, or none."""

    def label_from_instance(self, obj: Any) -> str:
        """Say which régies are switched off."""
        return obj.name if obj.enabled else _("%(regie)s (désactivée)") % {"regie": obj.name}


class InvoiceTypeForm(SettingsForm):
    """Describes a type de facture; its document is made once for nothing before anything is saved."""

    regie = RegieField(
        Regie.objects.order_by("name", "id"),
        label=gettext_lazy("Régie d’encaissement"),
        required=False,
        empty_label=gettext_lazy("Aucune : ce type ne peut pas servir"),
    )
    schemes = SchemesField(
        Scheme.objects.select_related("service").order_by(
            "service__position", "service__name", "position", "name", "id"
        ),
        label=gettext_lazy("Dispositifs"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Ceux dont les dossiers peuvent donner une facture de ce type."),
    )
    logo = logo_field.LogoField(
        label=gettext_lazy("Logo"),
        required=False,
        help_text=gettext_lazy("Une image PNG, JPEG ou SVG de 512 Ko au plus."),
    )
    remove_logo = forms.BooleanField(label=gettext_lazy("Retirer le logo actuel"), required=False)
    colour = ColourField(
        label=gettext_lazy("Couleur du document"),
        help_text=gettext_lazy("Celle des filets et des encadrés, par exemple #1f4a8a."),
    )

    class Meta:
        model = InvoiceType
        fields = (
            "name",
            "enabled",
            "regie",
            "nature",
            "payment_term",
            "campaign_day",
            "schemes",
            "accepts_cesu",
            "is_childcare",
            "colour",
            "heading",
            "introduction",
            "closing",
            "payment_instructions",
            "legal_mentions",
            "vat_mention",
        )
        widgets = {
            "introduction": forms.Textarea({"rows": 3}),
            "closing": forms.Textarea({"rows": 3}),
            "payment_instructions": forms.Textarea({"rows": 4}),
            "legal_mentions": forms.Textarea({"rows": 4}),
        }
        help_texts = {
            "nature": gettext_lazy("Compte de nature, par exemple 7067, pour les produits qui n’en ont pas."),
            "payment_term": gettext_lazy("Combien de jours après le dépôt la facture est à régler."),
            "heading": gettext_lazy("Sous le titre « Facture », par exemple « Restauration scolaire »."),
            "payment_instructions": gettext_lazy("Une ligne vide commence un paragraphe."),
            "vat_mention": gettext_lazy("Par exemple « TVA non applicable – article 256 B du CGI »."),
        }

    def __init__(self, *args: Any, instance: InvoiceType | None = None, **options: Any) -> None:
        super().__init__(*args, instance=instance, **options)
        self.type = instance
        if not self.current_digest:
            del self.fields["remove_logo"]

    @property
    def current_digest(self) -> str:
        """The digest of the logo in force; nothing without one."""
        return self.type.logo_digest if self.type else ""

    @property
    def new_logo(self) -> letter.Logo | None:
        """The logo that was sent, now or with an earlier try."""
        return self.cleaned_data.get("logo") or logo_field.unseal(self.data.get("kept_logo", ""))

    @property
    def sealed_logo(self) -> str:
        """What the page carries so that a good logo need not be sent twice; nothing if there is none."""
        if not self.is_bound:
            return str(self.initial.get("kept_logo", ""))
        logo = self.new_logo if "logo" not in self.errors else None
        return logo_field.seal(logo) if logo else ""

    def logo_values(self) -> Mapping[str, str]:
        """Return what changes about the logo, once the new one is stored."""
        new = self.new_logo
        if new is not None:
            return logo_field.store(new)
        return {"logo_digest": "", "logo_format": ""} if self.cleaned_data.get("remove_logo") else {}

    def clean(self) -> None:
        """Check what goes together, then try the document."""
        super().clean()
        try:
            operations.check_type(values=self.cleaned_data)
        except ValidationError as error:
            place_errors(self, error)
        if not self.errors:
            self._try_document()

    def _try_document(self) -> None:
        values = {name: value for name, value in self.values.items() if name != "schemes"}
        logo = self.new_logo or self._logo_in_force()
        document = specimen(InvoiceType(**values), list(self.cleaned_data["schemes"]), logo, at=dates.now())
        try:
            render_invoice(document)
        except pdf.DocumentNotRendered:
            sentence = _("Le document ne peut pas être fabriqué ainsi : changez ce réglage. Rien n’est enregistré.")
            self.add_error("logo" if logo else "colour", sentence)

    def _logo_in_force(self) -> letter.Logo | None:
        if self.type is None or self.cleaned_data.get("remove_logo"):
            return None
        return logo_field.stored(self.type.logo_digest, self.type.logo_format)


REMINDERS = tuple(field.name for field in InvoiceType._meta.concrete_fields if field.name.startswith("reminder_"))
COPIED = (
    *(name for name in InvoiceTypeForm.Meta.fields if name != "name"),
    *REMINDERS,
    *("mail_words", "logo_digest", "logo_format"),
)
LONGEST_NAME = 120


@for_agents(Right.CONFIGURE)
def types(request: AgentRequest) -> HttpResponse:
    """List the types de factures, and which ones cannot serve."""
    rows = (
        InvoiceType.objects.select_related("regie")
        .prefetch_related("schemes")
        .annotate(invoice_count=Count("invoices"))
        .order_by("name", "id")
    )
    shown = in_use(request, rows, is_on=lambda row: row.enabled)
    context = {"rows": shown.rows, "archives": shown, "back": settings_home()}
    return render_page(request, "crm/settings/invoice_types.html", context)


@takes_files(megabytes=12)
@for_agents(Right.CONFIGURE)
def invoice_type(request: AgentRequest, pk: int | None = None) -> HttpResponse:
    """Create or change a type de facture."""
    known = find(InvoiceType, pk)
    form = InvoiceTypeForm(**sent_values(request), instance=known)
    if request.method == "POST" and (done := save(form, lambda: _configure(request, form, pk))):
        messages.success(request, _("le type de facture « %(name)s » est enregistré.") % {"name": done})
        return redirect("crm:settings_type", done.pk)
    shown = where_used.usage_display(usage.of_type(known), type=known.pk) if known else None
    title = known or _("Nouveau type de facture")
    context = {"form": form, "type": known, "title": title, "back": back_to("settings_types", _("Types de factures"))}
    return render_page(
        request, "crm/settings/invoice_type.html", {**context, "history": history(known), "usage": shown}
    )


@for_agents(Right.CONFIGURE)
@require_POST
def copy_type(request: AgentRequest, pk: int) -> HttpResponse:
    """Make a type de facture with the same settings, not in use yet."""
    source = get_object_or_404(InvoiceType, pk=pk)
    values: dict[str, Any] = {name: getattr(source, name) for name in COPIED if name != "schemes"}
    values |= {"name": _free_name(source.name), "enabled": False, "schemes": list(source.schemes.order_by("id"))}
    copy = operations.configure_type(type_id=None, values=values, actor=request.actor, at=dates.now())
    messages.success(request, _("la copie est faite. Donnez-lui son nom, puis rendez-la utilisable."))
    return redirect("crm:settings_type", copy.pk)


@for_agents(Right.CONFIGURE)
def specimen_pdf(request: AgentRequest, pk: int) -> HttpResponse:
    """Show how an invoice of this type prints."""
    known = get_object_or_404(InvoiceType.objects.select_related("regie"), pk=pk)
    schemes = list(known.schemes.select_related("service").order_by("id"))
    logo = logo_field.stored(known.logo_digest, known.logo_format)
    try:
        content = render_invoice(specimen(known, schemes, logo, at=dates.now()))
    except pdf.DocumentNotRendered:
        messages.error(request, _("le document ne peut pas être fabriqué : changez le logo ou la couleur."))
        return redirect("crm:settings_type", pk)
    return file_answer(content, name="specimen.pdf", content_type="application/pdf")


def _configure(request: AgentRequest, form: InvoiceTypeForm, pk: int | None) -> InvoiceType:
    values = {**form.values, **form.logo_values()}
    if pk is None:
        values["reminder_steps"] = reminder_plan.as_kept(reminder_plan.DEFAULT)
    return operations.configure_type(type_id=pk, values=values, actor=request.actor, at=dates.now())


def _free_name(name: str) -> str:
    taken = set(InvoiceType.objects.order_by("id").values_list("name", flat=True))
    copies = (_(" (copie)"), *(_(" (copie %(n)d)") % {"n": n} for n in range(2, len(taken) + 3)))
    return next(free for free in (name[: LONGEST_NAME - len(end)] + end for end in copies) if free not in taken)
