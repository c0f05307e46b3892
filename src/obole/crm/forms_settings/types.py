"""A type de facture: its régie, its amount, its document, its reminders."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from obole.billing import operations
from obole.billing.documents import letter
from obole.billing.documents.invoice import render_invoice
from obole.billing.models import InvoiceType
from obole.catalogue.models import Scheme
from obole.crm.forms_settings import logos
from obole.crm.forms_settings.base import ColourField, SettingsForm, place_errors
from obole.crm.forms_settings.delays import DelaysField
from obole.crm.forms_settings.mails import usable
from obole.crm.forms_settings.specimen import specimen
from obole.lib import days, pdf
from obole.mailing.defaults import INVOICE
from obole.regies.models import Regie
from obole.ui.forms import EurosField, typed

LARGEST_AMOUNT = 100_000_00


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
    fixed_cents = EurosField(
        label=gettext_lazy("Montant fixe"),
        required=False,
        maximum=LARGEST_AMOUNT,
        help_text=gettext_lazy("Seulement si le montant est fixe."),
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
    logo = logos.LogoField(
        label=gettext_lazy("Logo"),
        required=False,
        help_text=gettext_lazy("Une image PNG, JPEG ou SVG de 512 Ko au plus."),
    )
    remove_logo = forms.BooleanField(label=gettext_lazy("Retirer le logo actuel"), required=False)
    colour = ColourField(
        label=gettext_lazy("Couleur du document"),
        help_text=gettext_lazy("Celle des filets et des encadrés, par exemple #1f4a8a."),
    )
    reminder_delays = DelaysField(
        label=gettext_lazy("Relances"),
        required=False,
        help_text=gettext_lazy(
            "Nombre de jours après l’échéance, par exemple 7, 21, 35. Vide : aucune relance. "
            "Deux relances sont toujours espacées de 5 jours au moins."
        ),
    )

    class Meta:
        model = InvoiceType
        fields = (
            "name", "enabled", "regie", "amount_mode", "fixed_cents", "fixed_label", "nature", "payment_term", "schemes", "accepts_cesu",
            "colour", "heading", "introduction", "closing", "payment_instructions", "legal_mentions", "vat_mention",
            "reminder_delays", "reminder_subject", "reminder_body",
        )  # fmt: skip
        widgets = {
            "amount_mode": forms.RadioSelect,
            "introduction": forms.Textarea({"rows": 3}),
            "closing": forms.Textarea({"rows": 3}),
            "payment_instructions": forms.Textarea({"rows": 4}),
            "legal_mentions": forms.Textarea({"rows": 4}),
            "reminder_body": forms.Textarea({"rows": 10}),
        }
        help_texts = {
            "fixed_label": gettext_lazy("Ce que dit la ligne d’un montant fixe ; vide : le nom du type."),
            "nature": gettext_lazy("Compte de nature, par exemple 7067, pour les produits qui n’en ont pas."),
            "payment_term": gettext_lazy("Combien de jours après le dépôt la facture est à régler."),
            "heading": gettext_lazy("Sous le titre « Facture », par exemple « Restauration scolaire »."),
            "payment_instructions": gettext_lazy("Une ligne vide commence un paragraphe."),
            "vat_mention": gettext_lazy("Par exemple « TVA non applicable – article 256 B du CGI »."),
            "reminder_subject": gettext_lazy(
                "Objet et texte vides : les modèles « Relance 1 », « 2 » et « 3 » servent."
            ),
        }

    def __init__(self, *args: Any, instance: InvoiceType | None = None, **options: Any) -> None:
        super().__init__(*args, instance=instance, **options)
        self.type = instance
        self.initial["fixed_cents"] = self.initial.get("fixed_cents") or None
        if not self.current_digest:
            del self.fields["remove_logo"]

    @property
    def current_digest(self) -> str:
        """The digest of the logo in force; nothing without one."""
        return self.type.logo_digest if self.type else ""

    @property
    def new_logo(self) -> letter.Logo | None:
        """The logo that was sent, now or with an earlier try."""
        return self.cleaned_data.get("logo") or logos.unseal(self.data.get("kept_logo", ""))

    @property
    def sealed_logo(self) -> str:
        """What the page carries so that a good logo need not be sent twice; nothing if there is none."""
        if not self.is_bound:
            return str(self.initial.get("kept_logo", ""))
        logo = self.new_logo if "logo" not in self.errors else None
        return logos.seal(logo) if logo else ""

    def logo_values(self) -> Mapping[str, str]:
        """Return what changes about the logo, once the new one is stored."""
        new = self.new_logo
        if new is not None:
            return logos.store(new)
        return {"logo_digest": "", "logo_format": ""} if self.cleaned_data.get("remove_logo") else {}

    def unjudged(self) -> "InvoiceTypeForm":
        """Return the form with all that was typed, and no error."""
        self.full_clean()
        return InvoiceTypeForm(instance=self.type, initial={**typed(self), "kept_logo": self.sealed_logo})

    def clean_fixed_cents(self) -> int:
        """Take nothing for zero."""
        return self.cleaned_data["fixed_cents"] or 0

    def clean_reminder_subject(self) -> str:
        """Check the subject's variables."""
        return usable(self.cleaned_data["reminder_subject"], INVOICE)

    def clean_reminder_body(self) -> str:
        """Check the body's variables."""
        return usable(self.cleaned_data["reminder_body"].replace("\r\n", "\n"), INVOICE)

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
        document = specimen(InvoiceType(**values), list(self.cleaned_data["schemes"]), logo, at=days.now())
        try:
            render_invoice(document)
        except pdf.DocumentNotRendered:
            sentence = _("Le document ne peut pas être fabriqué ainsi : changez ce réglage. Rien n’est enregistré.")
            self.add_error("logo" if logo else "colour", sentence)

    def _logo_in_force(self) -> letter.Logo | None:
        if self.type is None or self.cleaned_data.get("remove_logo"):
            return None
        return logos.stored(self.type.logo_digest, self.type.logo_format)
