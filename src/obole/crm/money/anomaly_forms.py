"""What agents type to deal with what waits."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from obole.billing.models import Invoice
from obole.lib import money, texts
from obole.ui.fields import IbanField
from obole.ui.forms import EurosField


class NoteForm(forms.Form):
    """What was done about something."""

    note = forms.CharField(
        label=gettext_lazy("Ce qui a été fait"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": gettext_lazy("Écrivez ce qui a été fait, par exemple « remboursé par virement le 26/11 ».")
        },
    )


def _reason(label: Any, required: Any, hint: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": required},
    )


class ApplyForm(forms.Form):
    """Which invoice the money is counted for, how much of it, and why."""

    invoice = forms.TypedChoiceField(
        label=gettext_lazy("Facture"),
        coerce=int,
        error_messages={
            "required": gettext_lazy("Choisissez la facture à régler."),
            "invalid_choice": gettext_lazy("Cette facture n’attend plus d’argent : choisissez-en une autre."),
        },
    )
    amount = EurosField(
        label=gettext_lazy("Montant"),
        minimum=1,
        required=False,
        help_text=gettext_lazy("Vide : autant que la facture en demande."),
    )
    reason = _reason(gettext_lazy("Motif"), gettext_lazy("Écrivez pourquoi cette somme règle cette facture."))
    request_key = forms.CharField(max_length=40, widget=forms.HiddenInput, initial=texts.token)

    def __init__(
        self, *args: Any, invoices: Iterable[Invoice], free_cents: int, wanted: int | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.due = list(invoices)
        self.free_cents, self.is_empty = free_cents, not self.due
        choices: list[tuple[int | str, str]] = [(item.pk, _invoice_label(item)) for item in self.due]
        # Money is never one press of a key away from an invoice that nobody chose.
        chosen = next((item for item in self.due if item.pk == wanted), self.due[0] if len(self.due) == 1 else None)
        if chosen is None:
            choices.insert(0, ("", gettext("Choisissez la facture…")))
        self.fields["invoice"].choices = choices  # type: ignore[attr-defined]  # declared above
        self.initial.setdefault("invoice", chosen.pk if chosen else "")
        self.initial.setdefault("amount", min(free_cents, chosen.remaining_cents) if chosen else None)

    def number_of(self, pk: int) -> str:
        """Return how an invoice that is offered is called."""
        return next(str(item) for item in self.due if item.pk == pk)

    def clean(self) -> dict[str, Any]:
        """Refuse what was decided on an amount that has changed since: the same form sent twice counts once."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.data.get("waited") != str(self.free_cents):
            sentence = gettext(
                "La somme qui attend a changé entre-temps : elle est de %(left)s. Vérifiez, puis validez de nouveau."
            )
            self.add_error(None, sentence % {"left": money.euros(self.free_cents)})
        return cleaned


class HandOverForm(forms.Form):
    """How much to pay over, and why."""

    amount = EurosField(
        label=gettext_lazy("Montant"),
        minimum=1,
        error_messages={"required": gettext_lazy("Écrivez le montant à rembourser.")},
    )
    reason = _reason(
        gettext_lazy("Motif"),
        gettext_lazy("Écrivez pourquoi cette somme est à rendre."),
        gettext_lazy("Le comptable le lit, avec la personne qui approuve."),
    )
    request_key = forms.CharField(max_length=40, widget=forms.HiddenInput, initial=texts.token)


class RefundForm(HandOverForm):
    """How much to give back to whom, and why."""

    holder = forms.CharField(
        label=gettext_lazy("Titulaire du compte"),
        max_length=120,
        error_messages={"required": gettext_lazy("Écrivez le nom du titulaire, comme sur son RIB.")},
    )
    iban = IbanField(
        label=gettext_lazy("IBAN"),
        help_text=gettext_lazy("Du RIB que l’usager a donné. Il ne se lit ensuite que pour payer."),
        error_messages={"required": gettext_lazy("Écrivez l’IBAN où rendre la somme : demandez son RIB à l’usager.")},
    )


class RebillForm(forms.Form):
    """Why a cancelled invoice comes back."""

    reason = _reason(gettext_lazy("Motif"), gettext_lazy("Écrivez pourquoi la facture est refaite."))


class KeepForm(forms.Form):
    """Why money stays in recettes à classer."""

    reason = _reason(gettext_lazy("Motif"), gettext_lazy("Écrivez pourquoi cette somme reste en recettes à classer."))


def _invoice_label(invoice: Invoice) -> str:
    return gettext("%(invoice)s, %(payer)s, reste %(left)s") % {
        "invoice": invoice,
        "payer": invoice.payer.display_name,
        "left": money.euros(invoice.remaining_cents),
    }
