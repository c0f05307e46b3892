"""The two short starts of a pricing: a price for each of something, an amount that is always the same."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _, gettext_lazy

from obole.catalogue import queries
from obole.catalogue.fields import FormField
from obole.catalogue.forms import answer_names
from obole.crm.pricing_editor import session
from obole.crm.pricing_editor.session import EditorSession, open_session
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import texts
from obole.pricing import editing, simple
from obole.pricing.checking.check_pricing import LONGEST_NATURE, LONGEST_UNIT
from obole.pricing.model.parts import AskedOf, Pricing
from obole.ui.fields import DayField
from obole.ui.forms import EurosField, QuantityField

LARGEST_PRICE = 100_000_00


class AmountForm(forms.Form):
    """A fixed amount, and who voted it."""

    mark_optional = False
    title = gettext_lazy("Un montant fixe")
    label = forms.CharField(label=gettext_lazy("Libellé"), max_length=120, help_text=gettext_lazy("La facture le dit."))
    cents = EurosField(label=gettext_lazy("Montant"), minimum=1, maximum=LARGEST_PRICE)
    nature = forms.CharField(
        label=gettext_lazy("Imputation"),
        max_length=LONGEST_NATURE,
        required=False,
        help_text=gettext_lazy("Compte de nature, par exemple 7067."),
    )
    deliberation = forms.CharField(label=gettext_lazy("Délibération n°"), max_length=40)
    voted_on = DayField(label=gettext_lazy("Votée le"))
    effect = DayField(label=gettext_lazy("Applicable à partir du"))

    @property
    def sold(self) -> simple.Sold:
        """What is billed, as it was typed."""
        given = self.cleaned_data
        vote = simple.Vote(
            deliberation=texts.clean_line(given["deliberation"]), voted_on=given["voted_on"], effect=given["effect"]
        )
        said = {name: texts.clean_line(given.get(name, "")) for name in ("label", "unit", "nature")}
        return simple.Sold(cents=given["cents"], vote=vote, **said)

    def started(self, pricing: Pricing, key: str) -> Pricing:
        """Return the pricing with what was typed."""
        return simple.with_amount(pricing, self.sold, key=key)


class QuantityForm(AmountForm):
    """A unit price, and who says how many."""

    title = gettext_lazy("Un prix par quantité")
    cents = EurosField(label=gettext_lazy("Prix unitaire"), minimum=1, maximum=LARGEST_PRICE)
    unit = forms.CharField(
        label=gettext_lazy("Unité"),
        max_length=LONGEST_UNIT,
        required=False,
        help_text=gettext_lazy("Ce que l’on compte : repas, jour, m²…"),
    )
    asked_of = forms.ChoiceField(
        label=gettext_lazy("Quantité saisie par"),
        choices=[(AskedOf.CITIZEN, gettext_lazy("l’usager")), (AskedOf.AGENT, gettext_lazy("l’agent"))],
        initial=AskedOf.CITIZEN,
        widget=forms.RadioSelect,
    )
    maximum = QuantityField(
        label=gettext_lazy("Quantité maximale"), decimals=3, minimum=Decimal("0.001"), initial=Decimal(100)
    )
    decimals = forms.TypedChoiceField(
        label=gettext_lazy("Décimales de la quantité"),
        coerce=int,
        choices=[(0, gettext_lazy("Aucune : des unités entières")), (1, "1"), (2, "2"), (3, "3")],
    )
    field_order = ("label", "unit", "cents", "asked_of", "maximum", "decimals")

    def started(self, pricing: Pricing, key: str) -> Pricing:
        """Return the pricing with what was typed."""
        given = self.cleaned_data
        counted = simple.Counted(
            asked_of=AskedOf(given["asked_of"]), maximum=given["maximum"], decimals=given["decimals"]
        )
        return simple.with_quantity(pricing, self.sold, counted, key=key)


FORMS: dict[str, type[AmountForm]] = {"quantite": QuantityForm, "montant": AmountForm}


@for_agents(Right.CONFIGURE)
def start(request: AgentRequest, pk: int, kind: str) -> HttpResponse:
    """Make a draft of the simplest pricing, and ask for its quantity in the form where the citizen gives it."""
    work = open_session(pk)
    if kind not in FORMS or work.current:
        raise Http404(kind)
    form = FORMS[kind](request.POST if request.method == "POST" else None)
    if form.is_valid():
        return _start(request, work, form)
    return session.plain_form(request, work, form, title=str(form.title), button=_("Préparer cette tarification"))


def _start(request: AgentRequest, work: EditorSession, form: AmountForm) -> HttpResponse:
    key = editing.new_key(form.cleaned_data["label"], _taken(work))
    pricing = form.started(work.pricing, key)
    asked = _asked(pricing, key) if form.cleaned_data.get("asked_of") == AskedOf.CITIZEN else None
    if asked is not None:
        messages.info(request, _("La question est ajoutée au brouillon du formulaire : publiez-le aussi."))
    return session.save_change(
        request, work, pricing, to=session.anchor_url(work.scheme.pk, f"lignes-{key}"), asked=asked
    )


def _taken(work: EditorSession) -> set[str]:
    """Return the keys that no new question may have, in the pricing or in the form."""
    draft: Any = queries.form_draft(work.scheme)
    typed = {field.key for field in draft.form_fields} if draft else set()
    return editing.keys_of(work.pricing) | queries.past_keys(work.scheme) | typed


def _asked(pricing: Pricing, key: str) -> FormField:
    return answer_names.field_of(next(question for question in pricing.questions if question.key == key))
