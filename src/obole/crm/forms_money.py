"""What agents type about money: at the counter, to cancel, to do again, to take back."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from obole.billing.models import CreditNote, Invoice, InvoiceLine
from obole.lib import money, words
from obole.payments.models import Receipt, Reversal
from obole.payments.operations import Hindrance, NotTaken
from obole.payments.operations.counter import AT_THE_COUNTER
from obole.ui.forms import EurosField, QuantityField


class TakeForm(forms.Form):
    """Money handed over for an invoice."""

    cents = EurosField(label=gettext_lazy("Montant"), minimum=1)
    means = forms.ChoiceField(label=gettext_lazy("Moyen"), widget=forms.RadioSelect)
    payer_name = forms.CharField(label=gettext_lazy("Payé par"), max_length=120, required=False)
    reference = forms.CharField(
        label=gettext_lazy("Référence"), max_length=60, required=False, help_text=gettext_lazy("Numéro du chèque ou du virement."),
    )  # fmt: skip
    request_key = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, invoice: Invoice, **options: Any) -> None:
        start = {
            "cents": invoice.remaining_cents, "payer_name": invoice.payer.display_name, "request_key": words.token(),
        }  # fmt: skip
        options.setdefault("initial", start)
        super().__init__(*args, **options)
        allowed = [
            one
            for one in Receipt.Means
            if one in AT_THE_COUNTER and (one != Receipt.Means.CESU or invoice.type.accepts_cesu)
        ]
        self.fields["means"].choices = [(one.value, one.label) for one in allowed]  # type: ignore[attr-defined]

    def refuse(self, refusal: NotTaken) -> None:
        """Say at the field why the money was not taken, and how to mend it."""
        could = money.euros(refusal.cents)
        sentences = {
            Hindrance.NOT_DUE: ("", _("Cette facture n’est plus à payer : n’encaissez rien, regardez où elle en est.")),
            Hindrance.REGIE_CLOSED: ("", _("La régie est désactivée : elle ne peut rien encaisser.")),
            Hindrance.TOO_MUCH: ("cents", _("Il reste %(could)s à payer : n’encaissez pas davantage.") % {"could": could}),
            Hindrance.CASH_LIMIT: (
                "cents",
                _(
                    "Au plus 300 € en espèces par facture (article 1680 du CGI) : "
                    "il peut encore en être pris %(could)s, le reste par un autre moyen."
                )
                % {"could": could},
            ),
            Hindrance.CESU: ("means", _("Ce type de facture ne se paie pas en CESU : choisissez un autre moyen.")),
        }  # fmt: skip
        field, sentence = sentences[refusal.hindrance]
        self.add_error(field or None, sentence)


class CancelForm(forms.Form):
    """Why an invoice is cancelled: the payer reads it on the avoir."""

    code = forms.ChoiceField(
        label=gettext_lazy("Motif"), choices=CreditNote.Reason.choices, widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choisissez un motif : l’usager le lit sur l’avoir.")},
    )  # fmt: skip
    comment = forms.CharField(
        label=gettext_lazy("Précision"), max_length=250, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("L’usager la lit aussi. Nécessaire pour « Autre motif »."),
    )  # fmt: skip


class DraftForm(forms.Form):
    """The quantities of a draft, line by line."""

    period = forms.CharField(label=gettext_lazy("Période"), required=False, max_length=60)

    def __init__(self, *args: Any, lines: list[InvoiceLine], period: str, **options: Any) -> None:
        options.setdefault("initial", {"period": period})
        super().__init__(*args, **options)
        self.lines = lines
        for line in lines:
            self.fields[f"q_{line.position}"] = QuantityField(
                label=line.label, decimals=3 if line.quantity % 1 else 2, unit=line.unit, initial=line.quantity
            )

    @property
    def rows(self) -> list[tuple[InvoiceLine, Any]]:
        """Each line with its field."""
        return [(line, self[f"q_{line.position}"]) for line in self.lines]

    @property
    def quantities(self) -> dict[int, Any]:
        """The quantities given, by the position of their line."""
        return {line.position: self.cleaned_data[f"q_{line.position}"] for line in self.lines}


class ReverseForm(forms.Form):
    """Why a receipt is taken back; a rejected direct debit has a coded reason, and words for what the codes do not say."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Ce qui s’est passé"), widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choisissez ce qui s’est passé : les suites ne sont pas les mêmes.")},
    )  # fmt: skip
    code = forms.ChoiceField(
        label=gettext_lazy("Motif de la banque"), choices=Reversal.Code.choices, widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choisissez le motif que donne la banque : l’usager le lit.")},
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("Motif"), max_length=200,
        error_messages={"required": gettext_lazy("Écrivez le motif : l’usager le lit.")},
    )  # fmt: skip

    def __init__(self, *args: Any, kinds: list[Reversal.Kind], **options: Any) -> None:
        if len(kinds) == 1:
            options.setdefault("initial", {"kind": kinds[0]})
        super().__init__(*args, **options)
        self.fields["kind"].choices = [(one.value, one.label) for one in kinds]  # type: ignore[attr-defined]
        if len(kinds) == 1:
            self.fields["kind"].widget = forms.HiddenInput()
        said = self.fields["reason"]
        if Reversal.Kind.REJECTED in kinds:
            said.label, said.required = _("Précision"), False
            said.help_text = _("L’usager la lit aussi. Nécessaire pour « Autre motif ».")
            return
        del self.fields["code"]
        said.help_text = _("L’usager le lit, par exemple « saisi sur la mauvaise facture ».")
        if Reversal.Kind.BOUNCED in kinds:
            said.help_text = _(
                "L’usager le lit, par exemple « chèque sans provision » ou « saisi sur la mauvaise facture »."
            )

    def clean(self) -> dict[str, Any]:
        """
        Ask « Autre motif » for a sentence.

        :raises ValidationError: at the field.
        """
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("code") == Reversal.Code.OTHER and not cleaned.get("reason"):
            raise ValidationError({"reason": _("Écrivez le motif que donne la banque : l’usager le lit.")})
        return cleaned
