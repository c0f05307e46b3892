"""What agents type to deal with what waits: money of recettes à classer, mails, refunds."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from obole.billing.models import Invoice
from obole.lib import money, words
from obole.payments.models import Receipt
from obole.payments.operations.counter import AT_THE_COUNTER
from obole.ui.forms import EurosField


def _reason(label: Any, required: Any, hint: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, help_text=hint, max_length=300, widget=forms.Textarea(attrs={"rows": 2}), error_messages={"required": required}
    )  # fmt: skip


class ApplyForm(forms.Form):
    """Which invoice the money is counted for, how much of it, and why."""

    invoice = forms.TypedChoiceField(
        label=_("Facture"), coerce=int,
        error_messages={
            "required": _("Choisissez la facture à régler."),
            "invalid_choice": _("Cette facture n’attend plus d’argent : choisissez-en une autre."),
        },
    )  # fmt: skip
    amount = EurosField(
        label=_("Montant"), minimum=1, required=False, help_text=_("Vide : autant que la facture en demande.")
    )
    reason = _reason(_("Motif"), _("Écrivez pourquoi cette somme règle cette facture."))
    request_key = forms.CharField(max_length=40, widget=forms.HiddenInput, initial=words.token)

    def __init__(
        self, *args: Any, invoices: Iterable[Invoice], free_cents: int, wanted: int | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.due = list(invoices)
        self.free_cents, self.is_empty = free_cents, not self.due
        choices: list[tuple[int | str, str]] = [(one.pk, _invoice_label(one)) for one in self.due]
        # Money is never one press of a key away from an invoice that nobody chose.
        chosen = next((one for one in self.due if one.pk == wanted), self.due[0] if len(self.due) == 1 else None)
        if chosen is None:
            choices.insert(0, ("", gettext("Choisissez la facture…")))
        self.fields["invoice"].choices = choices  # type: ignore[attr-defined]  # declared above
        self.initial.setdefault("invoice", chosen.pk if chosen else "")
        self.initial.setdefault("amount", min(free_cents, chosen.remaining_cents) if chosen else None)

    def number_of(self, pk: int) -> str:
        """Return how an invoice that is offered is called."""
        return next(str(one) for one in self.due if one.pk == pk)

    def clean(self) -> dict[str, Any]:
        """Refuse what was decided on an amount that has changed since: the same form sent twice counts once."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.data.get("waited") != str(self.free_cents):
            sentence = gettext(
                "La somme qui attend a changé entre-temps : elle est de %(left)s. Vérifiez, puis validez de nouveau."
            )
            self.add_error(None, sentence % {"left": money.euros(self.free_cents)})
        return cleaned


class RefundForm(forms.Form):
    """How much to give back, and why."""

    amount = EurosField(
        label=_("Montant"), minimum=1, error_messages={"required": _("Écrivez le montant à rembourser.")}
    )
    reason = _reason(
        _("Motif"),
        _("Écrivez pourquoi cette somme est à rendre."),
        _("Le comptable le lit, avec la personne qui approuve."),
    )
    request_key = forms.CharField(max_length=64, widget=forms.HiddenInput, initial=words.token)


class RebillForm(forms.Form):
    """Why a cancelled invoice comes back."""

    reason = _reason(_("Motif"), _("Écrivez pourquoi la facture est refaite."))


class KeepForm(forms.Form):
    """Why money stays in recettes à classer."""

    reason = _reason(_("Motif"), _("Écrivez pourquoi cette somme reste en recettes à classer."))


class UnmatchedForm(forms.Form):
    """Money that came without an invoice."""

    means = forms.ChoiceField(
        label=_("Moyen"), error_messages={"required": _("Choisissez le moyen de paiement.")},
        choices=[(one.value, one.label) for one in Receipt.Means if one in AT_THE_COUNTER], initial=Receipt.Means.TRANSFER,
    )  # fmt: skip
    amount = EurosField(label=_("Montant reçu"), minimum=1, error_messages={"required": _("Écrivez le montant reçu.")})
    payer_name = forms.CharField(label=_("Payé par"), required=False, max_length=120)
    reference = forms.CharField(
        label=_("Référence"), required=False, max_length=60, help_text=_("Le libellé du virement, le numéro du chèque…")
    )
    request_key = forms.CharField(max_length=64, widget=forms.HiddenInput, initial=words.token)


class MandateForm(forms.Form):
    """How the comptable paid."""

    mandate = forms.CharField(
        label=_("Référence du mandat ou du virement"), max_length=60,
        error_messages={"required": _("Écrivez la référence du mandat ou du virement : elle prouve que la somme est rendue.")},
    )  # fmt: skip


class GiveUpForm(forms.Form):
    """Why a refund is not made."""

    reason = _reason(_("Motif de l’abandon"), _("Écrivez pourquoi ce remboursement est abandonné."))


class ApproveForm(forms.Form):
    """A second person says yes: nothing is typed."""


def _invoice_label(invoice: Invoice) -> str:
    return gettext("%(invoice)s, %(payer)s, reste %(left)s") % {
        "invoice": invoice, "payer": invoice.payer.display_name, "left": money.euros(invoice.remaining_cents)
    }  # fmt: skip
