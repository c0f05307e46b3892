"""The form of a dispositif as people fill it: its questions, its quantities, what it comes to. Nothing here is written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.html import conditional_escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from obole.catalogue import queries as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.models import FormVersion, Product, Scheme
from obole.dossiers import queries as dossier_queries
from obole.dossiers import rules
from obole.dossiers.models import Attachment, Dossier
from obole.dossiers.operations import Answer, Filled
from obole.dossiers.uploads import StoredUpload
from obole.lib import money, words
from obole.portal.attachments import KeptFileField
from obole.ui.forms import DayInput, QuantityField

FEW_CHOICES = 5
OLDEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)


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


def asked_by(scheme: Scheme, *, form_id: str = "") -> Asked | None:
    """
    Return what a dispositif asks now, or asked in the version that the page was made with; None while it is closed.

    :param form_id: what the page says, if it is one of this dispositif's versions.
    """
    if not (scheme.enabled and scheme.service.enabled):
        return None
    shown = scheme.forms.filter(pk=int(form_id)).first() if form_id.isascii() and form_id.isdigit() else None
    form = shown or catalogue.current_form(scheme)
    return None if form is None else Asked(form=form, products=list(catalogue.products_of(scheme)))


def asked_again(dossier: Dossier) -> Asked:
    """Return what was asked when the dossier was filled, with its answers: what a complement is made on."""
    items = dossier_queries.items(dossier)
    return Asked(
        form=dossier.form,
        products=list(catalogue.products_of(dossier.scheme)),
        answers=dossier.answers,
        quantities={one.product.pk: one.quantity for one in items},
        prices={one.product.pk: one.unit_price_cents for one in items},
        attachments=list(dossier.attachments.order_by("id")),
    )


class ApplicationForm(forms.Form):
    """The questions and the quantities of a dispositif."""

    def __init__(self, data: Any = None, files: Any = None, *, asked: Asked, owner: str) -> None:
        super().__init__(data, files)
        self.asked = asked
        for one in asked.form.form_fields:
            self.fields[_answer(one)] = self._question(one, owner)
        for product in asked.for_citizen:
            self.fields[_quantity(product)] = _quantity_field(product, asked)

    @property
    def question_fields(self) -> list[BoundField]:
        """The questions, in their order."""
        return [self[_answer(one)] for one in self.asked.form.form_fields]

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

    def forgive_questions(self) -> None:
        """Keep only what is wrong with quantities: the amount was asked for, not the dispatch."""
        kept = {_quantity(product) for product in self.asked.for_citizen}
        for name in set(self.errors) - kept:
            del self.errors[name]

    def filled(self) -> Filled:
        """Return what was filled in a form without errors."""
        answers: dict[str, Answer] = {}
        uploads: list[StoredUpload] = []
        for one in self.asked.form.form_fields:
            value = self.cleaned_data[_answer(one)]
            if isinstance(value, StoredUpload):
                uploads.append(value)
            elif value not in (None, ""):
                answers[one.key] = _as_answer(value)
        quantities = {one.pk: self.cleaned_data[_quantity(one)] for one in self.asked.for_citizen}
        return Filled(answers=answers, quantities=quantities, uploads=uploads)

    def _quantities(self) -> dict[int, Decimal]:
        given = dict(self.asked.quantities)
        for product in self.asked.for_citizen if self.is_bound else ():
            name = _quantity(product)
            if name in self.errors:
                raise forms.ValidationError(list(self.errors[name]))
            given[product.pk] = self.cleaned_data[name]
        return given

    def _question(self, one: FormField, owner: str) -> forms.Field:
        options: dict[str, Any] = {
            "label": one.label,
            "required": one.required,
            "help_text": conditional_escape(one.help),
        }
        if one.kind == FieldKind.FILE:
            already = [file for file in self.asked.attachments if file.field_key == one.key]
            return KeptFileField(key=one.key, owner=owner, already=already, **options)
        known = self.asked.answers.get(one.key, "")
        if isinstance(known, bool):
            known = "yes" if known else "no"
        return _QUESTIONS[FieldKind(one.kind)](one, initial=known, **options)


class _Line(forms.CharField):
    """One line of text."""

    def to_python(self, value: Any) -> str:
        return words.clean_line(super().to_python(value) or "")


class _Paragraph(forms.CharField):
    """Several lines of text."""

    widget = forms.Textarea({"rows": 4})

    def to_python(self, value: Any) -> str:
        lines = (super().to_python(value) or "").splitlines()
        return "\n".join(words.clean_line(line) for line in lines).strip()


class _Day(forms.DateField):
    """A day that a calendar could hold."""

    widget = DayInput
    input_formats = ["%Y-%m-%d", "%d/%m/%Y"]
    default_error_messages = {
        "invalid": gettext_lazy("Saisissez une date qui existe, par exemple 25/11/2026."),
    }

    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value is not None and not OLDEST <= value <= LATEST:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")


def _line(one: FormField, **options: Any) -> forms.Field:
    return _Line(max_length=300, **options)


def _paragraph(one: FormField, **options: Any) -> forms.Field:
    return _Paragraph(max_length=5000, **options)


def _number(one: FormField, *, initial: Any, **options: Any) -> forms.Field:
    return QuantityField(initial=int(initial) if str(initial).isdigit() else initial, **options)


def _day(one: FormField, **options: Any) -> forms.Field:
    return _Day(**options)


def _choice(one: FormField, **options: Any) -> forms.Field:
    choices = [(choice, choice) for choice in one.choices]
    if one.required and len(choices) <= FEW_CHOICES:
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **options)
    return forms.ChoiceField(choices=[("", _("Choisissez")), *choices], **options)


def _yes_no(one: FormField, **options: Any) -> forms.Field:
    return forms.ChoiceField(choices=[("yes", _("Oui")), ("no", _("Non"))], widget=forms.RadioSelect, **options)


_QUESTIONS: dict[FieldKind, Callable[..., forms.Field]] = {
    FieldKind.TEXT: _line,
    FieldKind.PARAGRAPH: _paragraph,
    FieldKind.NUMBER: _number,
    FieldKind.DATE: _day,
    FieldKind.CHOICE: _choice,
    FieldKind.YES_NO: _yes_no,
}


def _quantity_field(product: Product, asked: Asked) -> QuantityField:
    sentence = _("%(price)s par %(unit)s, de %(minimum)s à %(maximum)s.") % {
        "price": money.euros(asked.price_of(product)),
        "unit": product.unit,
        "minimum": money.quantity(product.minimum),
        "maximum": money.quantity(product.maximum),
    }
    return QuantityField(
        label=product.name, decimals=product.decimals, minimum=product.minimum, maximum=product.maximum, unit=product.unit,
        initial=asked.quantities.get(product.pk, product.minimum), help_text=conditional_escape(sentence),
    )  # fmt: skip


def _as_answer(value: Any) -> Answer:
    if isinstance(value, date):
        return value.isoformat()
    return int(value) if isinstance(value, Decimal) else str(value)


def _answer(one: FormField) -> str:
    return f"answer_{one.key}"


def _quantity(product: Product) -> str:
    return f"quantity_{product.pk}"
