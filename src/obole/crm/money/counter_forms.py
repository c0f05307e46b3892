"""What is typed when money is handed over: for one invoice, or one sum for several of one payer."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_lazy

from obole.billing.models import Invoice
from obole.gateways import registry
from obole.lib import dates, money, texts
from obole.payments import operations as payments, rules
from obole.payments.models import Receipt
from obole.payments.operations import CounterObstacle, MoneyNotTaken
from obole.payments.operations.counter import AT_THE_COUNTER
from obole.regies import queries as regies
from obole.regies.models import Regie
from obole.ui.forms import DayInput, EurosField


class CounterForm(forms.Form):
    """Money that comes to a régie otherwise than by the bank's page: how much, how, from whom."""

    cents = EurosField(label=gettext_lazy("Montant"), minimum=1)
    means = forms.ChoiceField(
        label=gettext_lazy("Moyen"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choisissez le moyen de paiement.")},
    )
    reference = forms.CharField(
        label=gettext_lazy("Numéro du chèque ou du virement"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("Nécessaire pour un chèque."),
    )
    bank = forms.CharField(
        label=gettext_lazy("Banque du chèque"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Nécessaire pour un chèque, par exemple Crédit agricole."),
    )
    valued_on = forms.DateField(
        label=gettext_lazy("Date de valeur"),
        required=False,
        widget=DayInput,
        help_text=gettext_lazy("D’un virement : le jour que donne le relevé de la banque."),
    )
    payer_name = forms.CharField(label=gettext_lazy("Payé par"), max_length=120, required=False)
    request_key = forms.CharField(max_length=40, widget=forms.HiddenInput, initial=texts.token)

    def __init__(self, *args: Any, regie: Regie, takes_cesu: bool = True, **options: Any) -> None:
        super().__init__(*args, **options)
        self.regie = regie
        allowed = AT_THE_COUNTER & regies.allowed_means(regie)
        if not takes_cesu:
            allowed -= {Receipt.Means.CESU}
        self.fields["means"].choices = [(item.value, item.label) for item in Receipt.Means if item in allowed]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse a cheque that nobody could find again, and what another means than the chosen one has."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("means"):
            self._judge_details(cleaned)
        return cleaned

    @property
    def money(self) -> payments.Money:
        """What is handed over, of a form without errors."""
        given = self.cleaned_data
        return payments.Money(
            cents=given["cents"],
            means=Receipt.Means(given["means"]),
            payer_name=given["payer_name"],
            reference=given["reference"],
            bank=given["bank"],
            valued_on=given["valued_on"],
        )

    def _judge_details(self, cleaned: dict[str, Any]) -> None:
        is_cheque = cleaned["means"] == Receipt.Means.CHEQUE
        if is_cheque and not cleaned.get("reference") and "reference" not in self.errors:
            self.add_error("reference", _("Écrivez le numéro du chèque : la remise à la banque le porte."))
        if is_cheque and not cleaned.get("bank") and "bank" not in self.errors:
            self.add_error("bank", _("Écrivez la banque dont vient le chèque."))
        if cleaned.get("bank") and not is_cheque:
            self.add_error("bank", _("Seul un chèque vient d’une banque nommée ici : videz ce champ."))
        if cleaned.get("valued_on") and cleaned["means"] != Receipt.Means.TRANSFER:
            self.add_error("valued_on", _("Seul un virement a une date de valeur : videz ce champ."))

    def refuse(self, refusal: MoneyNotTaken) -> None:
        """Say at the field why the money was not taken, and how to mend it."""
        field, sentence = self.sentences(money.euros(refusal.cents))[refusal.hindrance]
        self.add_error(field or None, sentence)

    def sentences(self, could: str) -> dict[CounterObstacle, tuple[str, str]]:
        """Return, for each obstacle, the field where it is said and what is said there."""
        return {
            CounterObstacle.REGIE_CLOSED: ("", _("La régie est désactivée : elle ne peut rien encaisser.")),
            CounterObstacle.CASH_LIMIT: (
                "cents",
                _("Au plus 300 € en espèces (article 1680 du CGI) : demandez un autre moyen de paiement."),
            ),
            CounterObstacle.MEANS: (
                "means",
                _("L’acte constitutif de la régie ne permet pas ce moyen de paiement : choisissez-en un autre."),
            ),
            CounterObstacle.CHEQUE: ("reference", _("Écrivez le numéro du chèque et sa banque.")),
            CounterObstacle.VALUE_DATE: (
                "valued_on",
                _("Cette date de valeur n’est pas encore venue : corrigez-la, ou attendez ce jour."),
            ),
        }


class UnmatchedForm(CounterForm):
    """Money that came without an invoice."""

    cents = EurosField(
        label=gettext_lazy("Montant reçu"),
        minimum=1,
        error_messages={"required": gettext_lazy("Écrivez le montant reçu.")},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("means", Receipt.Means.TRANSFER)


class HandedForm(CounterForm):
    """Money handed over, for the invoices that ``offered`` are."""

    handed = EurosField(
        label=gettext_lazy("Reçu"),
        minimum=1,
        required=False,
        help_text=gettext_lazy("En espèces : ce que le payeur vous donne, pour savoir quelle monnaie rendre."),
    )
    confirmed = forms.BooleanField(label=gettext_lazy("Laisser ce reste"), required=False)
    """Asked only where what would be left is too little to be paid online."""
    field_order: Sequence[str] = ("cents", "means", "handed")

    def __init__(self, *args: Any, offered: Sequence[Invoice], **options: Any) -> None:
        start = {
            "cents": sum(invoice.remaining_cents for invoice in offered),
            "payer_name": offered[0].payer.display_name,
        }
        options.setdefault("initial", start)
        takes_cesu = all(invoice.type.accepts_cesu for invoice in offered)
        super().__init__(*args, regie=offered[0].regie, takes_cesu=takes_cesu, **options)
        self.offered, self.asked = offered, self.fields.pop("confirmed")
        if "confirmed" in self.data:
            self.fields["confirmed"] = self.asked

    def to_pay(self) -> Sequence[Invoice]:
        """Return the invoices that the money is for, in the order in which it pays them."""
        return self.offered

    def clean(self) -> dict[str, Any]:
        """
        Refuse a change that cannot be given. Say before that what would be left cannot be paid online, and ask whether
        that is wanted.
        """
        cleaned = super().clean()
        self._judge_change(cleaned)
        left = _left(self.to_pay(), cleaned.get("cents"))
        if 0 < left < registry.GATEWAYS[self.regie.gateway].limits.min_cents and not cleaned.get("confirmed"):
            self.fields["confirmed"] = self.asked
            said = _("Il resterait %(left)s, qui ne se paient pas en ligne : encaissez tout, ou confirmez plus bas.")
            self.add_error("cents", said % {"left": money.euros(left)})
        return cleaned

    @property
    def change_cents(self) -> int:
        """What to give back of what the payer handed over."""
        handed: int | None = self.cleaned_data["handed"]
        return handed - self.cleaned_data["cents"] if handed else 0

    def _judge_change(self, cleaned: dict[str, Any]) -> None:
        handed, cents = cleaned.get("handed"), cleaned.get("cents")
        if handed is None or cents is None:
            return
        if cleaned.get("means") not in (None, Receipt.Means.CASH):
            self.add_error("handed", _("La monnaie ne se rend que sur des espèces : videz ce champ."))
        elif handed < cents:
            self.add_error("handed", _("C’est moins que le montant : corrigez l’un ou l’autre."))

    def sentences(self, could: str) -> dict[CounterObstacle, tuple[str, str]]:
        """Return the same, and what there is to say of an invoice."""
        own = {
            CounterObstacle.NOT_DUE: (
                "",
                _("Cette facture n’est plus à payer : n’encaissez rien, regardez où elle en est."),
            ),
            CounterObstacle.TOO_MUCH: (
                "cents",
                _("Il reste %(could)s à payer : n’encaissez pas davantage.") % {"could": could},
            ),
            CounterObstacle.CASH_LIMIT: (
                "cents",
                _(
                    "Au plus 300 € en espèces par facture (article 1680 du CGI) : "
                    "il peut encore en être pris %(could)s, le reste par un autre moyen."
                )
                % {"could": could},
            ),
            CounterObstacle.CESU: (
                "means",
                _("Ce type de facture ne se paie pas en CESU : choisissez un autre moyen."),
            ),
            CounterObstacle.APART: ("", _("Ces factures ne sont pas du même payeur : encaissez-les à part.")),
        }
        return {**super().sentences(could), **own}


class TakeForm(HandedForm):
    """Money handed over for an invoice."""

    def __init__(self, *args: Any, invoice: Invoice, **options: Any) -> None:
        super().__init__(*args, offered=[invoice], **options)


class InvoicesField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Invoices to tick, each with what tells it apart."""

    def label_from_instance(self, obj: Invoice) -> str:
        """Say what it is for, when it is due and what is left to pay."""
        words = _("%(number)s, %(label)s, échéance %(day)s : reste %(left)s")
        return words % {
            "number": obj.number,
            "label": " – ".join(part for part in (obj.label, obj.period) if part),
            "day": dates.format_short(obj.due_date) if obj.due_date else "",
            "left": money.euros(obj.remaining_cents),
        }


class TakeForSeveralForm(HandedForm):
    """One sum handed over for several invoices of one payer."""

    invoices = InvoicesField(
        label=gettext_lazy("Factures"),
        queryset=Invoice.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Cochez au moins une facture."),
            "invalid_choice": gettext_lazy("Une de ces factures n’est plus à payer : regardez celles qui restent."),
        },
    )
    field_order = ("invoices", *HandedForm.field_order)

    def __init__(self, *args: Any, due: QuerySet[Invoice], **options: Any) -> None:
        super().__init__(*args, offered=list(due), **options)
        chosen: InvoicesField = self.fields["invoices"]  # type: ignore[assignment]  # declared above
        chosen.queryset = due
        self.initial["invoices"] = [invoice.pk for invoice in due]
        self.fields["cents"].help_text = _(
            "La somme des factures cochées. Si le payeur donne moins, celle dont l’échéance est la plus ancienne est"
            " payée d’abord."
        )

    def to_pay(self) -> Sequence[Invoice]:
        """Return the invoices that are ticked."""
        chosen = self.cleaned_data.get("invoices")
        return list(chosen) if chosen is not None else []

    def sentences(self, could: str) -> dict[CounterObstacle, tuple[str, str]]:
        """Return the same, of several invoices."""
        own = {
            CounterObstacle.NOT_DUE: (
                "invoices",
                _("Une de ces factures n’est plus à payer : regardez celles qui restent."),
            ),
            CounterObstacle.TOO_MUCH: (
                "cents",
                _("Les factures cochées font %(could)s : n’encaissez pas davantage.") % {"could": could},
            ),
            CounterObstacle.CASH_LIMIT: (
                "cents",
                _(
                    "Au plus 300 € en espèces en tout pour ces factures (article 1680 du CGI) : "
                    "il peut encore en être pris %(could)s, le reste par un autre moyen."
                )
                % {"could": could},
            ),
            CounterObstacle.CESU: ("means", _("Une de ces factures ne se paie pas en CESU : décochez-la.")),
        }
        return {**super().sentences(could), **own}


def taken(receipt: Receipt, *, change_cents: int) -> SafeString:
    """Say what was taken, what to give back, and where its quittance is."""
    link = reverse("crm:receipt_pdf", args=[receipt.pk])
    words = _("{amount} encaissés. Remettez la quittance {number} : {link}.")
    if change_cents:
        words = _("{amount} encaissés, {change} à rendre. Remettez la quittance {number} : {link}.")
    named = format_html('<a href="{}">{}</a>', link, _("l’ouvrir (PDF)"))
    return format_html(
        words, amount=money.euros(receipt.cents), change=money.euros(change_cents), number=receipt.number, link=named
    )


def _left(invoices: Sequence[Invoice], cents: int | None) -> int:
    """Return what would be left of the one invoice that a sum pays in part; 0 if there is none."""
    remaining = [invoice.remaining_cents for invoice in invoices]
    if cents is None or not remaining:
        return 0
    shares = rules.spread_over(remaining, cents=cents)
    return next((due - paid for due, paid in zip(remaining, shares, strict=True) if 0 < paid < due), 0)
