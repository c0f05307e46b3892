"""
Make a pricing of the products of each dispositif and of the fixed amounts of its types de facture.

Quantities of dossiers become answers, under forms that ask them; invoices that were issued, and drafts, stay as they
are. What it decides where a case is not simple is in docs/decisions/0020-one-way-to-price.md.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import migrations
from django.utils import timezone, translation

from obole.catalogue.fields import FieldKind, FilledBy, FormField
from obole.catalogue.forms import estimates
from obole.lib import money
from obole.pricing import simple
from obole.pricing.editing import keys_of, new_key, put
from obole.pricing.engine.compiled_pricing import compile_pricing
from obole.pricing.model.formulas import All, Answer, Compare, Comparison, Text
from obole.pricing.model.parts import AskedOf, BillingLine, Pricing, Question, QuestionKind
from obole.pricing.model.tariffs import Given
from obole.pricing.text import codec
import pghistory

WHO = "migration"
OPEN = ("submitted", "in_review", "incomplete", "accepted")
CHOICE = "Ce qui est facturé"


@dataclass
class Old:
    """A product, what dossiers ask of it, and the names of its quantity and of the price that was promised."""

    row: object
    items: list = field(default_factory=list)
    waited: int = 0
    """How many open dossiers there are, those that do not ask for it too."""
    key: str = ""
    promise: str = ""

    @property
    def open_items(self):
        return [item for item in self.items if item.dossier.state in OPEN]

    @property
    def is_sold(self):
        return self.row.enabled or any(item.quantity for item in self.open_items)

    @property
    def is_citizens(self):
        return self.row.enabled and self.row.entered_by == "citizen"

    @property
    def is_promised(self):
        return any(item.unit_price_cents != self.row.unit_price_cents for item in self.open_items)

    @property
    def sold(self):
        return simple.Sold(
            label=self.row.name, cents=self.row.unit_price_cents, unit=self.row.unit, nature=self.row.nature
        )

    @property
    def counted(self):
        """How many: as many as the product allows, and as open dossiers have, whatever it allowed then."""
        known = [item.quantity for item in self.open_items]
        missing = [Decimal(0)] if len(known) < self.waited else []
        decimals = [max(0, -number.normalize().as_tuple().exponent) for number in known]
        return simple.Counted(
            asked_of=AskedOf.CITIZEN if self.is_citizens else AskedOf.AGENT,
            minimum=_plain(min([self.row.minimum, *known, *missing])),
            maximum=_plain(max([self.row.maximum, *known])),
            decimals=max([self.row.decimals, *decimals]),
        )

    @property
    def question(self):
        """The question of a form about it, within the product's own bounds."""
        decimals = self.counted.decimals
        return FormField(
            key=self.key,
            label=self.row.name,
            kind=FieldKind.DECIMAL if decimals else FieldKind.NUMBER,
            required=self.is_citizens and self.row.minimum > 0,
            by=FilledBy.CITIZEN if self.is_citizens else FilledBy.AGENT,
            minimum=f"{_plain(self.row.minimum):f}",
            maximum=f"{_plain(self.row.maximum):f}",
            decimals=decimals,
        )

    @property
    def promise_field(self):
        return FormField(
            key=self.promise,
            label=f"Prix promis : {self.row.name}"[:120],
            kind=FieldKind.AMOUNT,
            required=False,
            by=FilledBy.AGENT,
        )

    def answer(self, item):
        """Return what a dossier answers of it, as it is kept."""
        whole = not self.counted.decimals
        return int(item.quantity) if whole else f"{_plain(item.quantity):f}"


def _plain(number):
    return Decimal(f"{number.normalize():f}")


def simplest_pricings(apps, schema_editor):
    """Give each dispositif that bills the pricing that says the same, and its dossiers the answers."""
    at, alias = timezone.now(), schema_editor.connection.alias

    def rows(app, model):
        return apps.get_model(app, model).objects.using(alias)

    with pghistory.context(actor=WHO, at=at.isoformat()), translation.override("fr"):
        for scheme in rows("catalogue", "Scheme").order_by("pk"):
            _Move(rows, scheme, at).run()
        _note_amounts(rows, at)


class _Move:
    """Moves one dispositif."""

    def __init__(self, rows, scheme, at):
        self.rows, self.scheme, self.at = rows, scheme, at
        versions = self.rows("catalogue", "PricingVersion").filter(scheme=scheme)
        self.before = versions.order_by("-number").first()
        self.dossiers = self.rows("dossiers", "Dossier").filter(scheme=scheme)
        self.forms = list(self.rows("catalogue", "FormVersion").filter(scheme=scheme).order_by("number"))
        self.drafted = self.rows("catalogue", "FormDraft").filter(scheme=scheme).first()
        self.products = self._products()

    def run(self):
        pricing = codec.parse(self.before.pricing) if self.before else Pricing()
        self._name(pricing)
        sold = [] if self.before else [one for one in self.products if one.is_sold]
        for one in sold:
            pricing = _with_product(pricing, one)
        amounts = self._amounts()
        version = None
        if sold or amounts:
            pricing = _with_amounts(pricing, amounts, self._taken(pricing))
            version = self._publish(pricing)
            self._follow(amounts, version.number)
        told = [one for one in self.products if one.is_sold or one.items]
        self._ask([one for one in sold if one.row.enabled], told)
        if version is not None and not self.before:
            self._estimate(version, pricing)

    def _products(self):
        rows = self.rows("catalogue", "Product").filter(scheme=self.scheme).order_by("position", "pk")
        waited = self.dossiers.filter(state__in=OPEN).count()
        items = self.rows("dossiers", "Item").filter(product__scheme=self.scheme).select_related("dossier")
        found = {row.pk: Old(row, waited=waited) for row in rows}
        for item in items.order_by("pk"):
            found[item.product_id].items.append(item)
        return list(found.values())

    def _taken(self, pricing):
        known = [*self.forms, *([self.drafted] if self.drafted else [])]
        keys = {one["key"] for form in known for one in form.fields}
        return keys | keys_of(pricing) | {key for one in self.products for key in (one.key, one.promise) if key}

    def _name(self, pricing):
        for one in self.products:
            one.key = new_key(one.row.name, self._taken(pricing))
            if one.is_promised and not self.before:
                one.promise = new_key(f"prix {one.row.name}", self._taken(pricing))

    def _amounts(self):
        """Return the different fixed amounts that bill the dispositif, in the order of their types."""
        rows = self.rows("billing", "InvoiceType").filter(
            schemes=self.scheme, enabled=True, amount_mode="fixed"
        )
        said = [(row.fixed_label or row.name, row.fixed_cents) for row in rows.order_by("name", "pk")]
        return list(dict.fromkeys(said))

    def _publish(self, pricing):
        number = self.before.number + 1 if self.before else 1
        row = {"scheme_id": self.scheme.pk, "number": number, "pricing": codec.as_dict(pricing)}
        made = self.rows("catalogue", "PricingVersion").create(created_at=self.at, created_by=WHO, **row)
        self._record("scheme.publish_pricing", self.scheme, version=number)
        return made

    def _follow(self, amounts, number):
        """Let a pricing that is being worked on be published after the one that was just made."""
        draft = self.rows("catalogue", "PricingDraft").filter(scheme=self.scheme).first()
        if draft is not None:
            begun = codec.parse(draft.pricing)
            draft.pricing = codec.as_dict(_with_amounts(begun, amounts, self._taken(begun)))
            draft.base, draft.revision = number, draft.revision + 1
            draft.save()

    def _ask(self, asked, told):
        """Ask for the quantities from now on, and where dossiers answered already."""
        moved = {}
        for form in self.forms:
            if self._answered(form):
                extra = [old.question for old in told]
                extra += [old.promise_field for old in told if old.promise]
                moved[form.pk] = self._version([*form.fields, *(one.as_dict() for one in extra)])
        for form in self.forms:
            if form.pk in moved:
                self._move(form, moved[form.pk], told)
        extra = [old.question.as_dict() for old in asked]
        if self.drafted and extra:
            self.drafted.fields = [*self.drafted.fields, *extra]
            self.drafted.base, self.drafted.revision = len(self.forms), self.drafted.revision + 1
        if self.forms and (moved or extra):
            last = [*self.forms[-1].fields, *extra]
            newest = moved.get(self.forms[-1].pk)
            newest = newest if newest and newest.fields == last else self._version(last)
            if self.drafted:
                self.drafted.base = newest.number
        if self.drafted:
            self.drafted.save()

    def _answered(self, form):
        quantities = any(item.dossier.form_id == form.pk for one in self.products for item in one.items)
        sketches = self.rows("dossiers", "ApplicationDraft").filter(form_id=form.pk)
        return quantities or (self.products and sketches.exists())

    def _version(self, fields):
        rows = self.rows("catalogue", "FormVersion")
        number = rows.filter(scheme_id=self.scheme.pk).order_by("-number").first().number + 1
        made = rows.create(scheme_id=self.scheme.pk, number=number, fields=fields, created_at=self.at)
        self._record("scheme.publish_form", self.scheme, version=number)
        return made

    def _move(self, form, to, told):
        for dossier in self.dossiers.filter(form_id=form.pk, pk__in={i.dossier_id for o in told for i in o.items}):
            for one in told:
                for item in one.items:
                    if item.dossier_id == dossier.pk:
                        dossier.answers[one.key] = one.answer(item)
                        if one.promise and item.unit_price_cents != one.row.unit_price_cents:
                            dossier.answers[one.promise] = f"{Decimal(item.unit_price_cents).scaleb(-2)}"
            dossier.form_id = to.pk
            dossier.save(update_fields=["answers", "form"])
        names = {f"quantity_{one.row.pk}": f"answer_{one.key}" for one in told}
        for sketch in self.rows("dossiers", "ApplicationDraft").filter(form_id=form.pk):
            sketch.typed = {names.get(name, name): value for name, value in sketch.typed.items()}
            sketch.form_id = to.pk
            sketch.save(update_fields=["typed", "form"])

    def _estimate(self, version, pricing):
        """Keep what each citizen was told, where the pricing says it again to the cent."""
        compiled = compile_pricing(pricing)
        told = {}
        for item in (item for one in self.products for item in one.items):
            cents = money.times(item.quantity, item.unit_price_cents)
            told[item.dossier_id] = told.get(item.dossier_id, 0) + cents
        for dossier in self.dossiers.filter(pk__in=told, submitted_at__isnull=False).select_related("form"):
            fields = tuple(FormField(**one) for one in dossier.form.fields)
            day = dossier.submitted_at.astimezone(ZoneInfo("Europe/Paris")).date()
            found = estimates.estimate_form(compiled, fields, dossier.answers, on=day)
            if found.total_cents == told[dossier.pk]:
                self.rows("dossiers", "Estimate").create(
                    dossier_id=dossier.pk,
                    pricing_id=version.pk,
                    result=codec.as_dict(found.result),
                    told=found.told,
                    total_cents=found.total_cents,
                    complete=found.is_complete,
                    at=dossier.submitted_at,
                )

    def _record(self, verb, subject, **details):
        _record(self.rows, verb, subject, self.at, details)


def _with_product(pricing, old):
    """Add a product; where dossiers were promised another price, a line at that price takes the place of the other."""
    if not old.promise:
        return simple.with_quantity(pricing, old.sold, old.counted, key=old.key)
    given = Question(
        key=old.promise,
        label=old.promise_field.label,
        kind=QuestionKind.NUMBER,
        asked_of=AskedOf.AGENT,
        required=False,
        decimals=2,
    )
    promised = Compare(of=Answer(old.promise), is_=Comparison.FILLED)
    none = Compare(of=Answer(old.promise), is_=Comparison.EMPTY)
    pricing = simple.with_quantity(pricing, old.sold, old.counted, key=old.key, when=none)
    pricing = put(pricing, "questions", given)
    line = BillingLine(
        key=old.promise, label=old.row.name, product=old.promise, quantity=Answer(old.key), when=promised
    )
    return simple.with_line(pricing, old.sold, line, Given(of=Answer(old.promise)), old.counted.decimals)


def _with_amounts(pricing, amounts, taken):
    """Add fixed amounts: the only thing to bill, or else one of those that the agent chooses."""
    if len(amounts) == 1 and not pricing.lines:
        label, cents = amounts[0]
        return simple.with_amount(pricing, simple.Sold(label=label, cents=cents), key=new_key(label, taken))
    if not amounts:
        return pricing
    choice = new_key(CHOICE, taken)
    taken = {*taken, choice}
    nothing = Compare(of=Answer(choice), is_=Comparison.EMPTY)
    named = {_choice_of(amount, amounts): amount for amount in amounts}
    question = Question(
        key=choice,
        label=CHOICE,
        kind=QuestionKind.CHOICE,
        asked_of=AskedOf.AGENT,
        required=not pricing.lines,
        choices=tuple(named),
    )
    lines = tuple(replace(one, when=_and(one.when, nothing)) for one in pricing.lines)
    cautions = tuple(replace(one, when=_and(one.when, nothing)) for one in pricing.cautions)
    pricing = put(replace(pricing, lines=lines, cautions=cautions), "questions", question)
    for said, (label, cents) in named.items():
        key = new_key(label, taken | keys_of(pricing))
        chosen = Compare(of=Answer(choice), is_=Comparison.EQUALS, to=(Text(said),))
        pricing = simple.with_amount(pricing, simple.Sold(label=label, cents=cents), key=key, when=chosen)
    return pricing


def _choice_of(amount, amounts):
    """Return how a choice names an amount: by its label, and by its cents too where the label is not enough."""
    label, cents = amount
    return label if [one for one, _cents in amounts].count(label) == 1 else f"{label[:100]}, {money.euros(cents)}"


def _and(when, other):
    return other if when is None else All((when, other))


def _note_amounts(rows, at):
    """Keep in the trail what each type de facture said, whatever became of it."""
    for row in rows("billing", "InvoiceType").filter(amount_mode="fixed").order_by("pk"):
        before = {"amount_mode": "fixed", "fixed_cents": row.fixed_cents, "fixed_label": row.fixed_label}
        details = {"fields": ", ".join(before), "before": str(before)}
        _record(rows, "configure", row, at, details)


def _record(rows, verb, subject, at, details):
    rows("audit_log", "Record").create(
        at=at,
        actor=WHO,
        verb=verb,
        subject_kind=subject._meta.label_lower,
        subject_id=subject.pk,
        details=details,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0002_initial"),
        ("catalogue", "0001_initial"),
        ("dossiers", "0001_initial"),
        ("audit_log", "0001_initial"),
    ]
    operations = [migrations.RunPython(simplest_pricings, migrations.RunPython.noop)]
