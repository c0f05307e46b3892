"""What agents type to deal with what waits."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_lazy

from obole.billing.models import Invoice
from obole.directory.models import Agent
from obole.lib import dates, money, texts
from obole.payments import queries
from obole.regies.models import Regie
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


class AgentField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A colleague."""

    def label_from_instance(self, obj: Agent) -> str:
        """Name the agent."""
        return obj.name


class GiveForm(forms.Form):
    """In whose hands a task goes; nobody's: it is everyone's again."""

    agent = AgentField(
        label=gettext_lazy("Confier à"),
        queryset=Agent.objects.none(),
        required=False,
        empty_label=gettext_lazy("Personne : à qui répond de la régie"),
        error_messages={"invalid_choice": gettext_lazy("Cet agent n’a pas de mandat pour cette régie.")},
    )

    def __init__(self, data: Any = None, *, agents: QuerySet[Agent], **options: Any) -> None:
        super().__init__(data, **options)
        chosen: AgentField = self.fields["agent"]  # type: ignore[assignment]  # declared above
        chosen.queryset = agents


class GiveManyForm(GiveForm):
    """In whose hands many tasks go; each is refused to who does not act for its own régie."""

    agent = AgentField(
        label=gettext_lazy("Confier à"),
        queryset=Agent.objects.none(),
        empty_label=gettext_lazy("Choisissez"),
        help_text=gettext_lazy("Un point d’une régie pour laquelle cet agent n’a pas de mandat reste où il est."),
        error_messages={
            "required": gettext_lazy("Choisissez un agent."),
            "invalid_choice": gettext_lazy("Cet agent n’a de mandat pour aucune régie : choisissez-en un autre."),
        },
    )

    def __init__(self, data: Any = None) -> None:
        everywhere = Regie.objects.order_by("pk").values_list("pk", flat=True)
        super().__init__(data, agents=queries.agents_for_regies(everywhere, today=dates.day_of(dates.now())))

    def clean_agent(self) -> str:
        """Return the agent as an action on a selection keeps them."""
        return str(self.cleaned_data["agent"].pk)


def _invoice_label(invoice: Invoice) -> str:
    return gettext("%(invoice)s, %(payer)s, reste %(left)s") % {
        "invoice": invoice,
        "payer": invoice.payer.display_name,
        "left": money.euros(invoice.remaining_cents),
    }
