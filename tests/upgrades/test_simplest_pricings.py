"""
A town that billed products by their quantity and types de facture at a fixed amount, migrated to the only way to price.

It is filled on the schema of before, through the models of that time and the operations that did not change; then it is
migrated, and everything is billed to the same cent.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoDbBlocker

from obole.audit_log.models import Record
from obole.billing import operations as billing
from obole.billing.models import Invoice, InvoiceType
from obole.books import verification
from obole.catalogue import operations as catalogue, queries
from obole.catalogue.forms import pricing_match
from obole.catalogue.models import FormDraft, FormVersion, PricingDraft, Scheme
from obole.directory import operations as directory
from obole.dossiers import queries as dossiers
from obole.dossiers.models import ApplicationDraft, Dossier
from obole.payments import operations as payments
from obole.payments.models import Receipt
from obole.pricing.checking import check_pricing
from obole.pricing.model.problems import Refused
from obole.pricing.text import codec
from obole.regies.models import FoundingAct
from tests.books import check_books
from tests.pricing.dispositifs import HALL
from tests.upgrades.steps import Scratch, migrate, on_the_server
from tests.world import NOON, WHO, answered_by, bill_dossier, correct, handed, make_citizen

BEFORE = {
    "bank_statements": None,
    "campaigns": None,
    "consumption": None,
    "api_keys": None,
    "bulk_actions": None,
    "audit_log": "0001_initial",
    "cash_desk": None,
    "billing": "0002_initial",
    "books": None,
    "catalogue": "0001_initial",
    "dossiers": "0001_initial",
    "mailing": "0002_sortable_mails",
    "payments": "0001_initial",
    "personal_data": None,
    "recovery": None,
    "regies": "0001_initial",
    "reminders": "0001_initial",
    "remittances": None,
}
"""The last schema with products, quantities and fixed amounts."""
LENT = {
    "regies_regie": {
        "transfer_delay": "smallint DEFAULT 60",
        "transfer_by_two": "boolean DEFAULT false",
        "campaigns_by_two": "boolean DEFAULT false",
        "former_settings": "jsonb DEFAULT '{}'",
    },
    "billing_invoice": {
        "payable_until": "date",
        "is_in_progress": "boolean",
        "is_refunded": "boolean",
        "standing": "smallint",
        "due_cents": "bigint",
        "payer_key": "text",
        "dossier_number": "integer",
    },
    "billing_invoicetype": {
        "campaign_day": "smallint DEFAULT 0",
        "reminder_steps": "jsonb DEFAULT '[]'",
        "reminder_open_days_only": "boolean DEFAULT false",
        "reminder_outside_school_holidays": "boolean DEFAULT false",
        "reminder_minimum_cents": "bigint DEFAULT 0",
        "reminder_first_hour": "smallint DEFAULT 8",
        "reminder_last_hour": "smallint DEFAULT 20",
        "reminder_joins_invoice": "boolean DEFAULT false",
        "reminder_together": "boolean DEFAULT false",
        "mail_words": "jsonb DEFAULT '{}'",
        "is_childcare": "boolean DEFAULT false",
    },
    "catalogue_scheme": {"billed_on": "varchar(8) DEFAULT 'counted'", "absence_reasons": "text DEFAULT ''"},
    "mailing_message": {"channel": "varchar(4) DEFAULT 'mail'"},
    "dossiers_dossier": {"search_keys": "text[] DEFAULT '{}'", "requests": "jsonb DEFAULT '{}'"},
    "payments_anomaly": {"assignee_id": "bigint"},
    "payments_receipt": {"bank": "varchar(80) DEFAULT ''", "valued_on": "date"},
    "payments_allocation": {"from_remitted_cents": "bigint DEFAULT 0"},
}
"""Columns of later that the operations of today write: there while it is filled, gone when it is migrated."""
LENT_TABLES = {
    "mailing_undeliverableaddress": "id bigint, address text, ended_at timestamptz",
    "mailing_othersubject": "id bigint, message_id bigint, about_kind text, about_id bigint",
}
"""Tables of later that the operations of today read, and find empty."""
NAME = f"obole_priced_{os.getpid()}"
FORM = [{"key": "repas", "label": "Repas préférés", "kind": "text", "required": False, "help": "", "choices": []}]


@dataclass
class Filled:
    """What was there before, by names of the tests."""

    rows: dict[str, Any]
    issued: list[tuple[Any, ...]]

    def dossier(self, name: str) -> Dossier:
        return Dossier.objects.select_related("scheme", "form").get(pk=self.rows[name])

    def kind(self, name: str) -> InvoiceType:
        return InvoiceType.objects.get(pk=self.rows[name])

    def scheme(self, name: str) -> Scheme:
        return Scheme.objects.get(pk=self.rows[name])


class Old:
    """Writes with the models of before."""

    def __init__(self, apps: Any) -> None:
        self.get = apps.get_model
        self.rows: dict[str, Any] = {}
        self.regie = self.get("regies", "Regie").objects.create(
            code="ENF", name="Régie Enfance", gateway="sandbox", gateway_settings={"mode": "W"}
        )
        self.citizen = make_citizen("usager@example.org")
        self.service = self.get("catalogue", "Service").objects.create(name="Prestation")
        self.number = 0

    def scheme(self, name: str, *, fields: list[dict[str, Any]] | None = None) -> Any:
        made = self.get("catalogue", "Scheme").objects.create(service=self.service, name=name, public_id=name)
        self.get("catalogue", "FormVersion").objects.create(
            scheme=made, number=1, fields=FORM if fields is None else fields, created_at=NOON
        )
        self.rows[name] = made.pk
        return made

    def product(self, scheme: Any, name: str, cents: int, **more: Any) -> Any:
        return self.get("catalogue", "Product").objects.create(scheme=scheme, name=name, unit_price_cents=cents, **more)

    def kind(self, name: str, *schemes: Any, cents: int = 0, label: str = "", **more: Any) -> None:
        mode = {"amount_mode": "fixed", "fixed_cents": cents, "fixed_label": label} if cents else {}
        made = self.get("billing", "InvoiceType").objects.create(name=name, regie_id=self.regie.pk, **mode, **more)
        made.schemes.set(schemes)
        self.rows[name] = made.pk

    def dossier(self, name: str, scheme: Any, *items: tuple[Any, str, int], state: str = "in_review") -> Any:
        self.number += 1
        made = self.get("dossiers", "Dossier").objects.create(
            public_id=name,
            request_key=name,
            number=self.number,
            scheme=scheme,
            form=self.get("catalogue", "FormVersion").objects.filter(scheme=scheme).order_by("-number").first(),
            citizen_id=self.citizen.pk,
            state=state,
            answers={"repas": "au calme"},
            created_at=NOON,
            submitted_at=NOON,
            decided_at=NOON if state in {"closed", "accepted"} else None,
        )
        for product, quantity, cents in items:
            self.get("dossiers", "Item").objects.create(
                dossier=made, product=product, quantity=Decimal(quantity), unit_price_cents=cents
            )
        self.rows[name] = made.pk
        return made

    def draft(self, name: str, kind: str, dossier: Any, *lines: tuple[str, str, int]) -> int:
        """Make a draft as the operation of that time did."""
        made = self.get("billing", "Invoice").objects.create(
            public_id=name,
            request_key=name,
            type_id=self.rows[kind],
            regie_id=self.regie.pk,
            dossier=dossier,
            payer_id=self.citizen.pk,
            label=kind,
            total_cents=sum(round(Decimal(quantity) * cents) for _label, quantity, cents in lines),
            created_at=NOON,
        )
        for position, (label, quantity, cents) in enumerate(lines, 1):
            made.lines.model.objects.create(
                invoice=made,
                position=position,
                label=label,
                quantity=Decimal(quantity),
                unit_price_cents=cents,
                amount_cents=round(Decimal(quantity) * cents),
            )
        self.rows[name] = made.pk
        return int(made.pk)


def fill(old: Old) -> None:
    fill_canteen(old)
    fill_others(old)
    fill_invoices(old)


def fill_canteen(old: Old) -> None:
    canteen = old.scheme("cantine")
    meal = old.product(canteen, "Repas", 325, unit="repas", maximum=31, nature="7067", position=1)
    late = old.product(canteen, "Majoration", 200, entered_by="agent", position=2)
    surface = old.product(canteen, "Surface", 320, unit="m²", decimals=2, minimum="0.5", maximum=200, position=3)
    gone = old.product(canteen, "Goûter", 80, enabled=False, position=4)
    old.kind("Cantine", canteen, nature="70")
    old.dossier("promis", canteen, (meal, "16", 310), (late, "2", 200), (surface, "18.50", 320), (gone, "3", 80))
    old.dossier("simple", canteen, (meal, "40", 325), (late, "0", 200), (surface, "1", 320), state="accepted")
    old.dossier("clos", canteen, (meal, "5", 300), state="closed")
    old.get("dossiers", "ApplicationDraft").objects.create(
        public_id="esquisse",
        citizen_id=old.citizen.pk,
        scheme=canteen,
        form=canteen.forms.get(),
        typed={f"quantity_{meal.pk}": ["7"], "answer_repas": ["dehors"]},
        kept_at=NOON,
    )
    old.get("catalogue", "FormDraft").objects.create(
        scheme=canteen, revision=3, base=1, fields=FORM, changed_by=WHO, changed_at=NOON
    )


def fill_others(old: Old) -> None:
    library = old.scheme("médiathèque")
    old.kind("Abonnement", library, cents=2200, label="Abonnement d’un an", nature="7062")
    old.dossier("lecteur", library)
    clubs = old.scheme("clubs")
    entry = old.product(clubs, "Entrée", 150, entered_by="agent")
    old.kind("Au compte", clubs)
    old.kind("Forfait A", clubs, cents=1000, label="Forfait")
    old.kind("Forfait B", clubs, cents=1500, label="Forfait")
    old.kind("Forfait éteint", clubs, cents=9900, enabled=False)
    old.dossier("club", clubs, (entry, "4", 150))
    hall = old.scheme("salle")
    old.get("catalogue", "PricingVersion").objects.create(
        scheme=hall, number=1, pricing=codec.as_dict(HALL), created_at=NOON, created_by=WHO
    )
    old.get("catalogue", "PricingDraft").objects.create(
        scheme=hall, base=1, revision=2, pricing=codec.as_dict(HALL), changed_by=WHO, changed_at=NOON
    )
    old.kind("Location", hall)
    old.kind("Clé perdue", hall, cents=3000)
    old.dossier("fête", hall)
    old.scheme("gratuit")


def fill_invoices(old: Old) -> None:
    closed = old.get("dossiers", "Dossier").objects.get(pk=old.rows["clos"])
    lines = (("Repas", "16", 310), ("Surface", "18.5", 320))
    issued = [old.draft(name, "Cantine", closed, *lines) for name in ("due", "payée", "annulée")]
    old.draft("brouillon", "Cantine", closed, *lines)
    for pk in issued:
        billing.issue_invoice(invoice_id=pk, actor=WHO, at=NOON)
    cash = handed(10880, Receipt.Means.CHEQUE)
    payments.take_money(invoice_id=issued[1], money=cash, request_key="chèque", actor=WHO, at=NOON)
    billing.cancel_invoice(invoice_id=issued[2], code="payer", comment="", actor=WHO, at=NOON)


def lend(act: str) -> None:
    """Add the columns of ``LENT`` and its tables, or drop them."""
    with connections["default"].cursor() as cursor:
        for table, columns in LENT_TABLES.items():
            cursor.execute(f"CREATE TABLE {table} ({columns})" if act == "ADD" else f"DROP TABLE {table}")
        for table, columns in LENT.items():
            for name, kind in columns.items():
                cursor.execute(f"ALTER TABLE {table} {act} COLUMN {name} {kind if act == 'ADD' else ''}")


def invoices_now() -> list[tuple[Any, ...]]:
    """Return what invoices, lines, documents and entries hold, as the database writes it, but who acted."""
    with connections["default"].cursor() as cursor:
        kept = []
        for table in ("billing_invoice", "billing_invoiceline", "billing_creditnote", "regies_entry", "regies_line"):
            later = ["issued_by", *LENT["billing_invoice"]]
            cursor.execute(f"SELECT '{table}', (to_jsonb(t) - ARRAY{later})::text FROM {table} t ORDER BY 2")
            kept += cursor.fetchall()
    return kept


@pytest.fixture(scope="module")
def filled(django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Scratch, Filled]]:
    """Make a database of before, fill it, and migrate it."""
    with django_db_blocker.unblock():
        on_the_server(f"DROP DATABASE IF EXISTS {NAME}", f"CREATE DATABASE {NAME}")
        scratch = Scratch(NAME)
        with scratch.opened() as connection:
            migrate(connection, BEFORE)
            graph = MigrationExecutor(connection).loader
            known = [(app, BEFORE.get(app, name)) for app, name in graph.graph.leaf_nodes()]
            nodes = [(app, name) for app, name in known if name is not None]
            apps = graph.project_state(nodes).apps
            # The operations of today read it, and nothing of what this migrates.
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE regies_regie ADD gateway_shown text NOT NULL DEFAULT ''")
            with connection.schema_editor() as editor:
                editor.create_model(FoundingAct)
        with scratch.as_default():
            directory.configure_authority(values={"name": "Ville"}, actor=WHO, at=NOON)
            lend("ADD")
            old = Old(apps)
            fill(old)
            lend("DROP")
            before = invoices_now()
        with scratch.opened() as connection:
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE regies_regie DROP gateway_shown")
                cursor.execute("DROP TABLE regies_foundingact")
            migrate(connection)
        yield scratch, Filled(old.rows, before)
        on_the_server(f"DROP DATABASE {NAME} WITH (FORCE)")


@pytest.fixture
def town(filled: tuple[Scratch, Filled], django_db_blocker: DjangoDbBlocker) -> Iterator[Filled]:
    """Work on a copy of it."""
    copy = f"{NAME}_copy"
    with django_db_blocker.unblock():
        on_the_server(f"DROP DATABASE IF EXISTS {copy}", f"CREATE DATABASE {copy} TEMPLATE {NAME}")
        with Scratch(copy).as_default():
            yield filled[1]
        on_the_server(f"DROP DATABASE {copy} WITH (FORCE)")


def lines_of(invoice: Invoice) -> list[tuple[Any, ...]]:
    rows = invoice.lines.order_by("position").values_list("label", "quantity", "unit", "unit_price_cents", "nature")
    return [(label, f"{quantity.normalize():f}", *rest) for label, quantity, *rest in rows]


def test_what_was_issued_stays_byte_for_byte_and_the_books_are_right(town: Filled) -> None:
    assert invoices_now() == town.issued
    assert verification.verify() == 5
    check_books()


def test_a_dossier_under_review_is_billed_to_the_same_cent(town: Filled) -> None:
    invoice = bill_dossier(town.dossier("promis"), town.kind("Cantine"))
    assert lines_of(invoice) == [
        ("Repas", "16", "repas", 310, "7067"),
        ("Majoration", "2", "unité", 200, "70"),
        ("Surface", "18.5", "m²", 320, "70"),
        ("Goûter", "3", "unité", 80, "70"),
    ]
    assert invoice.total_cents == 16 * 310 + 2 * 200 + 5920 + 3 * 80
    more = bill_dossier(town.dossier("simple"), town.kind("Cantine"))
    assert (more.total_cents, len(lines_of(more))) == (40 * 325 + 320, 2), "more than is allowed now"
    check_books()


def test_quantities_are_answers_and_what_was_told_is_told_again(town: Filled) -> None:
    dossier = town.dossier("promis")
    answers = {answer.field.label: answer.text for answer in dossiers.answers(dossier)}
    assert answers == {
        "Repas préférés": "au calme",
        "Repas": "16",
        "Majoration": "2",
        "Surface": "18,5",
        "Goûter": "3",
        "Prix promis : Repas": "3,10\u00a0€",
    }
    kept = dossiers.estimate(dossier)
    assert kept is not None and kept.estimated.total_cents == 16 * 310 + 2 * 200 + 5920 + 3 * 80
    assert [answer.text for answer in dossiers.answers(town.dossier("clos")) if answer.text] == [
        "au calme",
        "5",
        "3,00\u00a0€",
    ]


def test_a_citizen_is_asked_as_before(town: Filled) -> None:
    form = queries.current_form(town.scheme("cantine"))
    assert form is not None and form.form_fields[0].key == "repas"
    said = [
        (field.label, field.by, field.required, field.minimum, field.maximum, field.decimals)
        for field in form.form_fields[1:]
    ]
    assert said == [
        ("Repas", "citizen", False, "0", "31", 0),
        ("Majoration", "agent", False, "0", "100", 0),
        ("Surface", "citizen", True, "0.5", "200", 2),
    ]
    sketch = ApplicationDraft.objects.get()
    assert (sketch.typed, sketch.form.scheme) == ({"answer_repas_2": ["7"], "answer_repas": ["dehors"]}, form.scheme)
    assert "repas_2" in [field.key for field in sketch.form.form_fields]
    draft = FormDraft.objects.get(scheme=form.scheme)
    assert (draft.base, [field.label for field in draft.form_fields][1:]) == (form.number, [item[0] for item in said])
    assert not pricing_match.warnings(pricing_of(town, "cantine"), form.form_fields)


def pricing_of(town: Filled, name: str) -> Any:
    version = queries.current_pricing(town.scheme(name))
    assert version is not None
    return queries.compiled_pricing_of(version).pricing


@pytest.mark.parametrize("name", ["cantine", "médiathèque", "clubs", "salle"])
def test_every_pricing_that_is_made_could_be_published(town: Filled, name: str) -> None:
    assert check_pricing.check(pricing_of(town, name)) == []


def test_a_fixed_amount_is_billed_without_a_question(town: Filled) -> None:
    assert pricing_of(town, "médiathèque").questions == ()
    invoice = bill_dossier(town.dossier("lecteur"), town.kind("Abonnement"))
    assert (invoice.total_cents, lines_of(invoice)) == (2200, [("Abonnement d’un an", "1", "", 2200, "7062")])


def test_where_several_amounts_billed_a_dispositif_the_agent_says_which(town: Filled) -> None:
    choice = pricing_of(town, "clubs").questions[-1]
    assert (choice.label, choice.asked_of, choice.required) == ("Ce qui est facturé", "agent", False)
    assert choice.choices == ("Forfait, 10,00\u00a0€", "Forfait, 15,00\u00a0€")
    dossier, kind = town.dossier("club"), town.kind("Forfait B")
    totals = [bill_dossier(dossier, kind, **{choice.key: said}).total_cents for said in ("", *choice.choices)]
    assert totals == [600, 1000, 1500]
    with pytest.raises(Refused):
        bill_dossier(dossier, kind, **{choice.key: "Forfait"})


def test_a_pricing_and_a_fixed_amount_go_on_side_by_side(town: Filled) -> None:
    pricing, hall = pricing_of(town, "salle"), town.scheme("salle")
    assert len(pricing.lines) == len(HALL.lines) + 1
    choice = pricing.questions[-1]
    invoice = bill_dossier(town.dossier("fête"), town.kind("Clé perdue"), **{choice.key: "Clé perdue"})
    assert lines_of(invoice) == [("Clé perdue", "1", "", 3000, "")]
    draft = PricingDraft.objects.get(scheme=hall)
    assert draft.base == 2 and codec.parse(draft.pricing) == pricing
    catalogue.publish_pricing_draft(scheme_id=hall.pk, revision=draft.revision, actor=WHO, at=NOON)


def test_a_dispositif_that_billed_nothing_has_no_pricing(town: Filled) -> None:
    assert queries.current_pricing(town.scheme("gratuit")) is None
    assert FormVersion.objects.filter(scheme=town.scheme("gratuit")).count() == 1


def test_every_fixed_amount_is_kept_in_the_trail(town: Filled) -> None:
    said = Record.objects.filter(subject_kind="billing.invoicetype", actor__name="migration").order_by("id")
    before = [item.details["before"] for item in said]
    assert [cents for cents in (2200, 1000, 1500, 9900, 3000) if not any(str(cents) in item for item in before)] == []


def test_a_draft_of_before_is_issued_or_priced_anew_and_an_old_invoice_is_done_again(town: Filled) -> None:
    draft = Invoice.objects.get(pk=town.rows["brouillon"])
    assert billing.issue_invoice(invoice_id=draft.pk, actor=WHO, at=NOON).total_cents == 10880
    cancelled = Invoice.objects.get(pk=town.rows["annulée"])
    redone = billing.redo_invoice(invoice_id=cancelled.pk, actor=WHO, at=NOON)
    assert redone.total_cents == 10880
    answers = answered_by(town.dossier("clos")).answers
    assert correct(redone, at=NOON + timedelta(days=1), **{**answers, "surface": "1"}).total_cents == 5 * 300 + 320
    billing.issue_invoice(invoice_id=redone.pk, actor=WHO, at=NOON)
    verification.verify()


def test_every_issued_invoice_says_until_when_it_is_paid_at_the_regie(town: Filled) -> None:
    days = list(Invoice.objects.exclude(state="draft").order_by("id").values_list("due_date", "payable_until"))
    assert days and all((until - due).days == 60 for due, until in days)
    assert not Invoice.objects.filter(state="draft", payable_until__isnull=False).exists()
