"""Prices that are tables: a grid of one to three axes, and a rate that depends on brackets."""

from abc import abstractmethod
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from obole.crm.pricing_editor.forms import sheet as sheets
from obole.crm.pricing_editor.forms.base import (
    LONGEST_LABEL,
    FormulaField,
    PercentField,
    answers,
    choice,
    names_in_scope,
    sentence,
)
from obole.crm.pricing_editor.forms.sheet import EditableGrid
from obole.crm.pricing_editor.forms.tariffs import LARGEST, VersionForm, bounds
from obole.lib import texts
from obole.pricing import editing
from obole.pricing.model import formulas as f, numbers, tariffs as t
from obole.pricing.model.parts import Pricing, QuestionKind
from obole.pricing.model.problems import Refused
from obole.pricing.text import formatter, grids, pasted_tables
from obole.pricing.text.grids import Layout
from obole.pricing.text.pasted_tables import PastedTable
from obole.ui.forms import EurosField, QuantityField

PLACES = (QuestionKind.NUMBER, QuestionKind.CHOICE, QuestionKind.YES_NO)
FORMULA = "="
SHIFT, SPECIAL = "shift", "special_"


class TableForm(VersionForm):
    """A price with a table: typed in place, or pasted."""

    apart = ("shift_label", "shift_by")

    def __init__(self, data: Any = None, **options: Any) -> None:
        version = options.get("version")
        self.axis = self.axis_of(version.price if version else None)
        special = self.axis.special if self.axis else ()
        titles = {
            f"{SPECIAL}{n}": _("La ligne « %(label)s » est prise si…") % {"label": item.label}
            for n, item in enumerate(special)
        }
        if not special:
            titles[f"{SPECIAL}0"] = _("La ligne sans nombre (par exemple « extérieur ») est prise si…")
        self.condition_titles = {**titles, SHIFT: _("Passer à une autre tranche si…")}
        self.pasted: list[PastedTable] = []
        super().__init__(data, **options)
        known = EditableGrid(self.tables(), one=self.reader)
        self.asked_more = known.more(data) is not None if data is not None else False
        self.sheet = known if data is None else EditableGrid.sent(data, known)
        if data is not None and self.asked_more:
            self.sheet = self.sheet.more(data) or self.sheet

    reader: Any = staticmethod(numbers.read_cents)

    @abstractmethod
    def axis_of(self, price: Any) -> t.Axis | None:
        """Return the axis of the rows, of the price as it is."""

    @abstractmethod
    def tables(self) -> list[grids.Table]:
        """Return the tables as they are, or an empty one."""

    def rows_controls(self) -> dict[str, forms.Field]:
        """Return the controls of the axis of the rows, and where a table is pasted."""
        axis, shift = self.axis, self.axis.shifts[0] if self.axis and self.axis.shifts else None
        missing = next((place.label for place in axis.places if place.key == axis.missing), "") if axis else ""
        return {
            "rows_of": self._names(_("Les lignes dépendent de"), axis),
            "pasted": forms.CharField(
                label=_("Coller un tableau"),
                required=False,
                strip=False,
                max_length=pasted_tables.LONGEST,
                widget=forms.Textarea({"rows": 3, "class": "code", "spellcheck": "false", "wrap": "off"}),
                help_text=_(
                    "Copié d’un tableur, avec ses titres ; ou des cases séparées par des points-virgules. Il prend la"
                    " place du tableau."
                ),
            ),
            "missing": forms.CharField(
                label=_("Ligne prise quand la réponse manque"),
                required=False,
                max_length=120,
                initial=missing,
                help_text=_("Recopiez le début d’une ligne, par exemple extérieur. Vide : la réponse est exigée."),
            ),
            "shift_label": forms.CharField(
                label=_("Changement de tranche : ce qu’en dit la facture"),
                required=False,
                max_length=120,
                initial=shift.label if shift else "",
            ),
            "shift_by": QuantityField(
                label=_("Nombre de tranches plus loin"),
                required=False,
                maximum=Decimal(20),
                initial=shift.by if shift else None,
            ),
        }

    def _names(self, label: str, axis: t.Axis | None, *more: tuple[str, str], required: bool = True) -> forms.Field:
        choices = [*more, *answers(self.pricing, kinds=PLACES)]
        known = axis.of.name if axis and isinstance(axis.of, f.Answer) else ""
        if axis and not known:
            choices.append((FORMULA, formatter.writer(self.pricing).formula(axis.of)[:100]))
            known = FORMULA
        return choice(label, known, choices, required=required)

    @property
    def groups_of_controls(self) -> list[dict[str, Any]]:
        """The controls of conditions; those of a change of bracket with what it is."""
        drawn = super().groups_of_controls
        drawn[-1]["more"] = [self[name] for name in self.apart]
        return drawn

    def known(self, role: str) -> f.Condition | None:
        """Return the condition of a special row, or of the shift."""
        axis = self.axis
        if role == SHIFT:
            return axis.shifts[0].when if axis and axis.shifts else None
        rank = int(role.removeprefix(SPECIAL))
        return axis.special[rank].when if axis and rank < len(axis.special) else None

    def clean(self) -> dict[str, Any]:
        """Read the table."""
        given = super().clean()
        if self.asked_more:
            return given
        text = given.get("pasted", "").strip("\r\n")
        field = "pasted" if text else None
        try:
            self.pasted = [pasted_tables.read(text, one=self.reader)] if text else self.sheet.read()
            if not self.errors:
                self.made = self.make(self.new_key)
        except Refused as refusal:
            for problem in refusal.problems:
                self.add_error(field, sentence(problem.message, {}))
        return given

    @abstractmethod
    def make(self, key: str) -> tuple[Pricing, t.Price]:
        """
        Return what ``priced`` gives.

        :raises Refused: if the tables make no price.
        """

    def priced(self, key: str) -> tuple[Pricing, t.Price]:
        """Return the price that was made when the form was read."""
        return self.made

    def formula_of(self, name: str, axis: t.Axis | None) -> tuple[f.Formula, str]:
        """Return what an axis looks at, and its label."""
        said = self.cleaned_data[name]
        if axis is not None and (said == FORMULA or axis.of == f.Answer(said)):
            return axis.of, axis.label
        labels = {name.name: name.label for name in names_in_scope(self.pricing)} | {f.PRODUCT: _("Prestation")}
        return f.Answer(said), labels.get(said, said)[:LONGEST_LABEL]

    def layout(self) -> Layout:
        """Return what the rows depend on."""
        of, label = self.formula_of("rows_of", self.axis)
        when, by = self.conditions.get(SHIFT), self.cleaned_data["shift_by"]
        more = self.axis.shifts[1:] if self.axis else ()
        shift = (
            () if when is None else (t.Shift(when=when, by=int(by or 1), label=self.cleaned_data["shift_label"]), *more)
        )
        return Layout(
            rows=of,
            rows_label=label,
            special=self._special(),
            missing=texts.clean_line(self.cleaned_data["missing"]),
            shifts=shift,
        )

    def _special(self) -> dict[str, f.Condition | None]:
        """Return when each row without numbers is taken: the first new one by the first condition that has no row."""
        known = [texts.fold(item.label) for item in (self.axis.special if self.axis else ())]
        rows = [texts.fold(item.label) for item in self.pasted[0].special] if self.pasted else []
        typed = [when for role, when in self.conditions.items() if role.startswith(SPECIAL)]
        if not known:
            return dict(zip(rows, typed, strict=False))
        return dict(zip(known, typed, strict=False))


class GridForm(TableForm):
    """A grid of one to three axes."""

    kind = t.Grid.KIND
    above = ("label", "rows_of", "columns_of", "outer_of")

    def axis_of(self, price: Any) -> t.Axis | None:
        """Return the axis of the rows: the first of two, the second of three."""
        return price.axes[-min(2, len(price.axes))] if price and price.axes else None

    def tables(self) -> list[grids.Table]:
        """Return one table, or one for each place of the first of three axes."""
        return grids.tables_of(self.price, column=_("Prix")) if self.price else [sheets.blank_table("")]

    def price_controls(self) -> dict[str, forms.Field]:
        """Return what the rows, the columns and the tables depend on."""
        axes: tuple[t.Axis, ...] = self.price.axes if self.price else ()
        columns = axes[-1] if len(axes) > 1 else None
        choices = answers(self.pricing, kinds=[QuestionKind.CHOICE, QuestionKind.YES_NO])
        outer = axes[0].of.name if len(axes) == grids.MOST_AXES and isinstance(axes[0].of, f.Answer) else ""
        several = (
            ("", _("rien : une seule colonne de prix")),
            (f.PRODUCT, _("la prestation : une colonne par produit")),
        )
        rows = self.rows_controls()
        return {
            "rows_of": rows.pop("rows_of"),
            "columns_of": self._names(_("Les colonnes dépendent de"), columns, *several, required=False),
            **rows,
            "outer_of": choice(
                _("Un tableau pour chaque réponse à"),
                outer,
                [("", _("rien : un seul tableau")), *choices],
                required=False,
            ),
        }

    def make(self, key: str) -> tuple[Pricing, t.Price]:
        """
        Return the grid, and the pricing with the products that its columns needed.

        :raises Refused: if the tables make no grid.
        """
        pricing, columns_of, titles = self.pricing, self.cleaned_data["columns_of"], self.pasted[0].columns
        layout = self.layout()
        if not columns_of and len(titles) > 1:
            self.add_error("columns_of", _("Le tableau a plusieurs colonnes : dites de quoi elles dépendent."))
        axes: tuple[t.Axis, ...] = self.price.axes if self.price else ()
        columns = axes[-1] if len(axes) > 1 else None
        if columns_of == f.PRODUCT:
            tariff = t.Tariff(key=key, label=self.cleaned_data["label"], versions=())
            before = {place.label: place.value or "" for place in columns.places} if columns else {}
            pricing, keys = editing.columns_made_products(pricing, tariff, titles, before=before)
            layout = replace(layout, values=keys)
        if columns_of:
            of, label = self.formula_of("columns_of", columns)
            layout = replace(layout, columns=of, columns_label=label)
        outer, pasted = self._outer()
        return pricing, grids.grid_of(pasted, layout, outer=outer)

    def _outer(self) -> tuple[t.Axis | None, list[PastedTable]]:
        """Return the axis of the tables, and one table for each of its places: the first one, where they are new."""
        said = self.cleaned_data["outer_of"]
        known: t.Axis | None = self.price.axes[0] if self.price and len(self.price.axes) == grids.MOST_AXES else None
        if not said:
            return None, self.pasted[:1]
        if known is not None and known.of == f.Answer(said) and len(self.pasted) == len(known.places):
            return known, self.pasted
        question = editing.find(self.pricing, "questions", said)
        places = (
            [(choice, choice) for choice in question.choices]
            if question and question.choices
            else list(grids.FLAGS.items())
        )
        positions = tuple(
            t.Position(key=f"p{n}", value=value, label=str(label)) for n, (value, label) in enumerate(places, start=1)
        )
        label = question.label if question else said
        axis = t.Axis(label=label, of=f.Answer(said), kind=t.AxisKind.CHOICES, positions=positions)
        return axis, self.pasted[:1] * len(positions)


class RateForm(TableForm):
    """A percentage of a base, the same for all or by brackets."""

    kind = t.Rate.KIND
    above = ("label", "base", "percent", "floor", "cap", "base_floor", "base_cap", "absent", "rows_of")
    reader: Any = staticmethod(pasted_tables.percent)

    def axis_of(self, price: Any) -> t.Axis | None:
        """Return the axis of the rates."""
        return price.table.axis if price and price.table else None

    def tables(self) -> list[grids.Table]:
        """Return the rates by brackets."""
        if self.price and self.price.table:
            return [grids.percents_of(self.price.table, column=_("Taux, en %"))]
        return [sheets.blank_table("", columns=1)]

    def price_controls(self) -> dict[str, forms.Field]:
        """Return the base, its bounds, the rate, and the bounds of the price."""
        price = self.price
        rows = self.rows_controls()
        rows["rows_of"].required = False
        rows["rows_of"].help_text = _(
            "Si le taux change par tranches : remplissez le tableau, et laissez le taux vide."
        )
        return {
            "base": FormulaField(
                label=_("Base, en euros"),
                pricing=self.pricing,
                initial=price and price.base,
                help_text=_("Par exemple [Quotient familial], ou [Ressources annuelles] ÷ 12."),
            ),
            "percent": PercentField(label=_("Taux"), required=False, initial=price and price.percent),
            **bounds(price),
            "base_floor": _euros(_("Base prise au moins pour"), price and price.base_floor),
            "base_cap": _euros(_("Base prise au plus pour"), price and price.base_cap),
            "absent": EurosField(
                label=_("Prix quand la base manque"),
                required=False,
                maximum=LARGEST,
                initial=price and price.missing,
                help_text=_("Vide : la réponse est exigée."),
            ),
            **rows,
        }

    def clean(self) -> dict[str, Any]:
        """A rate, or a table of rates."""
        given = self.cleaned_data
        self.has_table = bool(given.get("pasted", "").strip()) or not self.sheet.is_empty
        if given.get("percent") is None and not self.has_table and "percent" not in self.errors and not self.asked_more:
            self.add_error("percent", _("Donnez le taux, ou remplissez le tableau des taux par tranches."))
        if given.get("percent") is not None and self.has_table:
            self.add_error("percent", _("Donnez un taux, ou un tableau de taux : pas les deux."))
        if self.has_table and not given.get("rows_of"):
            self.add_error("rows_of", _("Dites de quoi dépendent les lignes du tableau."))
        if self.has_table:
            return super().clean()
        given = VersionForm.clean(self)
        if not self.errors and not self.asked_more:
            self.made = self.make("")
        return given

    def make(self, key: str) -> tuple[Pricing, t.Price]:
        """
        Return the rate.

        :raises Refused: if the table makes no axis.
        """
        given = self.cleaned_data
        return self.pricing, t.Rate(
            base_label=self._base_label(given["base"]),
            base=given["base"],
            percent=given["percent"],
            base_floor=given["base_floor"],
            table=grids.rates_of(self.pasted[0], self.layout()) if self.has_table else None,
            base_cap=given["base_cap"],
            floor=given["floor"],
            cap=given["cap"],
            missing=given["absent"],
        )

    def _base_label(self, base: f.Formula) -> str:
        """Return how the base is called: as before where it is the same, else as its question, or its formula."""
        if self.price and self.price.base == base:
            return str(self.price.base_label)
        labels = {name.name: name.label for name in names_in_scope(self.pricing)}
        name = labels.get(base.name, "") if isinstance(base, f.Answer) else formatter.writer(self.pricing).formula(base)
        return (name or _("Base"))[:LONGEST_LABEL]


def _euros(label: str, known: int | None) -> forms.Field:
    return EurosField(label=label, required=False, maximum=10**9, initial=known)
