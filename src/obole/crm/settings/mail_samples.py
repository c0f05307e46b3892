"""What the variables of a mail look like once filled, for previews."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _, gettext_lazy

from obole.billing.emails import invoice_variables
from obole.billing.models import Invoice
from obole.directory import queries as directory
from obole.directory.models import Agent
from obole.lib import money
from obole.mailing import rules

SAMPLES: dict[str, str | date] = {
    "nom": "Mme Maud Lefèvre",
    "numero": "ENF-2026-004873",
    "relance_1_le": date(2026, 12, 22),
    "relance_precedente_le": date(2027, 1, 5),
    "signalement": "Léo était absent le 12, nous avions prévenu le 10.",
    "reponse": "Vous avez raison\u00a0: la facture est annulée, une autre vous parvient.",
    "nombre": "2",
    "factures": (
        f"- n° ENF-2026-004873 (Cantine et périscolaire)\u00a0: {money.euros(158_88)}, échue le 15 décembre 2026\n"
        f"- n° ENF-2026-005210 (École de musique)\u00a0: {money.euros(64_00)}, échue le 15 décembre 2026"
    ),
    "total_du": money.euros(222_88),
    "echeancier": f"- 15 décembre 2026\u00a0: {money.euros(79_44)}\n- 15 janvier 2027\u00a0: {money.euros(79_44)}",
    "echeance_du": date(2027, 1, 15),
    "a_payer": money.euros(79_44),
    "delai": date(2027, 1, 25),
    "libelle": "Cantine et périscolaire",
    "montant": money.euros(158_88),
    "reste_du": money.euros(158_88),
    "echeance": date(2026, 12, 15),
    "regie": "Régie Enfance",
    "comptable": "SGC de Valbourg",
    "adresse_comptable": "2 place du Marché, 99999 Valbourg",
    "telephone_comptable": "01 23 45 67 80",
    "date_transmission": date(2027, 2, 13),
    "reference": "DOS-008790",
    "dispositif": "Inscription cantine 2026-2027",
    "motif": "L’attestation de quotient familial n’est pas lisible.",
    "date": date(2026, 11, 25),
    "heure": "14 h 05",
    "moyen": "carte bancaire",
    "autorisation": "A1B2C3",
    "paye": money.euros(158_88),
    "solde": "Votre facture est soldée.",
    "url": f"{settings.BASE_URL}/mes-factures/",
    "avoir": "ENF-AV-2026-000012",
    "remplacee": "ENF-2026-004851",
    "quittance": "ENF-Q-2026-000038",
    "precisions": "carte bancaire en ligne, autorisation 123456, référence ENF2026004873T1",
}


class SeenInvoiceField(forms.CharField):
    """The number of an invoice that the agent sees, whose values stand for the samples; nothing if it is left empty."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", gettext_lazy("Avec la facture n°"))
        options.setdefault(
            "help_text", gettext_lazy("Vide : des valeurs d’exemple. Sinon, par exemple ENF-2026-004873.")
        )
        super().__init__(required=False, max_length=24, widget=forms.TextInput({"autocomplete": "off"}), **options)
        self.invoices = Invoice.objects.none()

    def clean(self, value: Any) -> Invoice | None:
        """
        Find the invoice.

        :raises ValidationError: if the agent sees none of this number.
        """
        number = super().clean(value).upper()
        found = self.invoices.select_related("type", "regie", "payer").filter(number=number).first() if number else None
        if number and found is None:
            raise ValidationError(_("Vous ne voyez aucune facture de ce numéro : recopiez-le tel qu’il est imprimé."))
        return found


def show_invoices_of(form: forms.BaseForm, agent: Agent) -> None:
    """Let the field of a form find the invoices that an agent sees."""
    field = form.fields["sample_invoice"]
    if isinstance(field, SeenInvoiceField):
        field.invoices = Invoice.objects.seen_by(agent)


def sample_of(names: Iterable[str], invoice: Invoice | None = None) -> dict[str, str]:
    """Return a value for each of these variables: the invoice's, the town's, or one that stands for it."""
    town = directory.the_authority()
    known: dict[str, str | date] = {
        **SAMPLES,
        **town.variables(),
        "telephone": town.phone or "01 23 45 67 89",
        "horaires": town.hours or "du lundi au vendredi, 9 h – 17 h",
        **(invoice_variables(invoice, town) if invoice else {}),
    }
    return rules.written({name: known.get(name, "…") for name in (*names, "couleur")})


def variables(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the variables in alphabetical order, each with a sample."""
    return sorted((name, sample) for name, sample in sample_of(names).items() if name in set(names))


def preview(subject: str, body: str, names: Iterable[str], invoice: Invoice | None = None) -> rules.RenderedMail | None:
    """Return the mail as a payer would read it; nothing if it cannot be: the form says why."""
    try:
        rules.check(subject, body, frozenset(names))
        return rules.render(subject, body, sample_of(names, invoice))
    except rules.BadTemplate:
        return None


def hides_the_rest(words: str) -> bool:
    """Tell whether words name the amount of an invoice and never what is left of it: who paid in part is misled."""
    return "montant" in words and "reste_du" not in words
