"""The form of a dispositif as people fill it: its questions, its quantities, what it comes to. Nothing here is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.html import conditional_escape

from obole.catalogue import queries as catalogue
from obole.catalogue.fields import FieldKind, FilledBy, FormField
from obole.catalogue.forms import estimating, quantities, questions
from obole.catalogue.forms.conditions import OUTSIDE
from obole.catalogue.forms.estimating import Estimated
from obole.catalogue.forms.questionnaire import Questionnaire, Slot
from obole.catalogue.models import FormVersion, PricingVersion, Product, Scheme
from obole.directory.models import Citizen
from obole.dossiers import queries as dossier_queries
from obole.dossiers import rules
from obole.dossiers.models import Attachment, Dossier
from obole.dossiers.operations import Answer, Filled
from obole.dossiers.uploads import StoredUpload
from obole.portal.attachments import KeptFileField, KeptFileInput, Limits


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a citizen is asked, and what is known already (nothing, for a new application)."""

    form: FormVersion
    products: Sequence[Product]
    answers: Mapping[str, Answer] = field(default_factory=dict)
    quantities: Mapping[int, Decimal] = field(default_factory=dict)
    prices: Mapping[int, int] = field(default_factory=dict)
    """The prices that were promised, in cents by product id."""
    attachments: Sequence[Attachment] = ()
    pricing: PricingVersion | None = None
    """What makes the amount, from the answers and from what the agent adds: no quantity is asked then."""

    @property
    def told(self) -> list[FormField]:
        """What the page of the dispositif says will be asked."""
        kept = (FieldKind.SECTION,)
        return [one for one in self.form.form_fields if one.by == FilledBy.CITIZEN and one.kind not in kept]

    @property
    def for_citizen(self) -> list[Product]:
        """The products whose quantity the citizen gives."""
        return [one for one in self.products if one.entered_by == Product.EnteredBy.CITIZEN]

    @property
    def for_agent(self) -> list[Product]:
        """The products whose quantity an agent will give."""
        return [one for one in self.products if one.entered_by == Product.EnteredBy.AGENT]

    def price_of(self, product: Product) -> int:
        """Return the unit price that holds for this application, in cents."""
        return self.prices.get(product.pk, product.unit_price_cents)


def asked_by(scheme: Scheme, *, form_id: str = "", citizen: Citizen | None = None) -> Asked | None:
    """
    Return what a dispositif asks now, or asked in the version that the page was made with; None while it is closed.

    :param form_id: what the page says, if it is one of this dispositif's versions.
    :param citizen: whose account fills some of the questions beforehand.
    """
    if not (scheme.enabled and scheme.service.enabled):
        return None
    shown = scheme.forms.filter(pk=int(form_id)).first() if form_id.isascii() and form_id.isdigit() else None
    form = shown or catalogue.current_form(scheme)
    if form is None:
        return None
    products = list(catalogue.products_of(scheme))
    pricing = _pricing_of(scheme, products)
    return Asked(form=form, products=products, answers=_prefilled(form, citizen), pricing=pricing)


def _prefilled(form: FormVersion, citizen: Citizen | None) -> dict[str, Answer]:
    """Return what the citizen's account says already."""
    if citizen is None:
        return {}
    known = {one.key: questions.from_account(one, citizen) for one in form.form_fields if one.prefill}
    return {key: value for key, value in known.items() if value}


def asked_again(dossier: Dossier) -> Asked:
    """Return what was asked when the dossier was filled, with its answers: what a complement is made on."""
    items, products = dossier_queries.items(dossier), list(catalogue.products_of(dossier.scheme))
    return Asked(
        form=dossier.form,
        products=products,
        pricing=_pricing_of(dossier.scheme, products),
        answers=dossier.answers,
        quantities={one.product.pk: one.quantity for one in items},
        prices={one.product.pk: one.unit_price_cents for one in items},
        attachments=list(dossier.attachments.order_by("id")),
    )


def _pricing_of(scheme: Scheme, products: Sequence[Product]) -> PricingVersion | None:
    return None if products else catalogue.current_pricing(scheme)


class ApplicationForm(Questionnaire):
    """The questions and the quantities of a dispositif."""

    def __init__(self, data: Any = None, files: Any = None, *, asked: Asked, owner: str) -> None:
        self.asked, self.owner = asked, owner
        self.mistaken: set[str] = set()
        super().__init__(data, files, fields=asked.form.form_fields, known=asked.answers)
        for product in asked.for_citizen:
            known = asked.quantities.get(product.pk, product.minimum)
            self.fields[_quantity(product)] = quantities.control(product, cents=asked.price_of(product), initial=known)

    def control(self, slot: Slot, kept: Any) -> forms.Field:
        """Return the control of a question; a file is kept while other answers are mended."""
        if slot.field.kind != FieldKind.FILE:
            return super().control(slot, kept)
        field = slot.field
        mine = [one for one in self.asked.attachments if one.field_key == field.key]
        made = KeptFileField(
            key=field.key, owner=self.owner, already=mine if slot.row == OUTSIDE else (), limits=Limits.of(field),
            label=field.label, required=self.is_always_required(field), help_text=conditional_escape(field.help),
        )  # fmt: skip
        # A row may move: its file goes with it, in the page.
        made.hold(next((one for one in mine if slot.row != OUTSIDE and one.digest == kept), None))
        return made

    def is_empty(self, slot: Slot) -> bool:
        """Tell whether a question has no answer; a file may be in the dossier already."""
        widget = self.fields[slot.name].widget
        return super().is_empty(slot) and not (isinstance(widget, KeptFileInput) and widget.already)

    @property
    def quantity_fields(self) -> list[BoundField]:
        """The quantities that the citizen gives, in their order."""
        return [self[_quantity(product)] for product in self.asked.for_citizen]

    @property
    def cents(self) -> int | None:
        """What the quantities come to; None while one of them is wrong."""
        try:
            return rules.total(rules.price(self.asked.products, self._quantities(), self.asked.prices))
        except (rules.BadQuantity, forms.ValidationError):
            return None

    def clean(self) -> dict[str, Any]:
        """Note which answers cannot be read, before anybody is forgiven them: an amount without them would be another one."""
        cleaned = super().clean()
        wrong = self.errors.as_data()
        self.mistaken = {
            slot.field.key for slot in self.slots if any(one.code != "required" for one in wrong.get(slot.name, ()))
        }
        return cleaned

    def estimate(self, *, on: date) -> Estimated | None:
        """Return what the answers come to so far, at the prices of a day; None where products make the amount."""
        if self.asked.pricing is None:
            return None
        given = self.given_so_far() if self.is_bound else self.known
        compiled = catalogue.compiled(self.asked.pricing)
        return estimating.of_form(compiled, self.form_fields, given, on=on, mistaken=self.mistaken)

    def forgive_questions(self) -> None:
        """Keep only what is wrong with quantities: the amount was asked for, not the dispatch."""
        kept = {_quantity(product) for product in self.asked.for_citizen}
        for name in set(self.errors) - kept:
            del self.errors[name]
        self.few = {}

    def filled(self) -> Filled:
        """Return what was filled in a form without errors."""
        sent = (self.cleaned_data.get(slot.name) for slot in self.slots)
        uploads = [value for value in sent if isinstance(value, StoredUpload)]
        given = {one.pk: self.cleaned_data[_quantity(one)] for one in self.asked.for_citizen}
        return Filled(answers=self.answers(), quantities=given, uploads=uploads)

    def _answer(self, slot: Slot) -> Any:
        value = self.cleaned_data.get(slot.name)
        # In a row, the file's digest says whose it is; out of groups, its field says it.
        if isinstance(value, StoredUpload):
            return None if slot.row == OUTSIDE else value.digest
        return super()._answer(slot)

    def _quantities(self) -> dict[int, Decimal]:
        given = dict(self.asked.quantities)
        for product in self.asked.for_citizen if self.is_bound else ():
            name = _quantity(product)
            # What is wrong may have been forgiven: its amount is not known any more than that.
            if name in self.errors or name not in self.cleaned_data:
                raise forms.ValidationError(list(self.errors.get(name, [])))
            given[product.pk] = self.cleaned_data[name]
        return given


def _quantity(product: Product) -> str:
    return f"quantity_{product.pk}"
