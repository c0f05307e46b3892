"""
Numbers without a gap, documents that never change, amounts that are the same everywhere: F60 to F62 (F59 is in
test_crowds).
"""

import ast
import csv
import io
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import count
from pathlib import Path

import pypdf
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

import obole
from obole.billing import operations as billing, pdf_documents
from obole.billing.models import Invoice, InvoiceLine
from obole.billing.operations import issuing, pricing
from obole.crm.invoices.invoice_table import InvoiceTable
from obole.crm.shared import exports
from obole.lib import dates, money
from obole.payments.models import Attempt
from obole.pricing.engine import line_rules
from obole.pricing.model.parts import AskedOf
from obole.pricing.simple import Counted, Sold, with_quantity
from obole.regies.models import Entry
from tests.faults.steps import RED
from tests.payments.steps import pay
from tests.portal.conftest import Clock, signed_in, text_of
from tests.world import NOON, WHO, Town, bill_dossier, canteen, later, make_dossier, make_invoice, publish

pytestmark = pytest.mark.django_db


class Lost(Exception):
    """The transaction does not reach its commit."""


def f60(town: Town) -> None:
    for _time in range(2):
        with pytest.raises(Lost), transaction.atomic():
            make_invoice(town)
            raise Lost
    assert [make_invoice(town).number for _time in range(2)] == ["ENF-2026-000001", "ENF-2026-000002"]
    assert Entry.objects.filter(cause_kind="invoice").count() == 2


def test_f60_a_rollback_gives_its_number_to_the_next(town: Town) -> None:
    f60(town)


def test_neg_f60_a_number_that_no_rollback_gives_back_leaves_a_gap(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a sequence of the database does."""
    numbers = count(1)

    def from_a_sequence(*, count: int, **_values: object) -> range:
        first = [next(numbers) for _number in range(count)][0]
        return range(first, first + count)

    monkeypatch.setattr(issuing.numbering, "take_numbers", from_a_sequence)
    with pytest.raises(RED):
        f60(town)


COLUMNS = ["number", "total_cents", "label", "period", "wording", "payer_id", "issued_at", "year"]
OTHERS = {"total_cents": 1, "payer_id": 999, "wording": {}, "issued_at": later(1), "year": 2020}


def f61_change(town: Town, column: str) -> None:
    invoice = make_invoice(town)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(**{column: OTHERS.get(column, "autre")})
    assert getattr(Invoice.objects.get(), column) == getattr(invoice, column)


def f61_delete(town: Town) -> None:
    invoice = make_invoice(town)
    billing.cancel_invoice(invoice_id=invoice.pk, code="other", comment="erreur", actor=WHO, at=later(1))
    for rows in (InvoiceLine.objects.all(), Invoice.objects.all()):
        with pytest.raises(DatabaseError, match="Cannot|stay"), transaction.atomic():
            rows._raw_delete("default")
    assert (Invoice.objects.count(), InvoiceLine.objects.count()) == (1, 1)


@pytest.mark.parametrize("column", COLUMNS)
def test_f61_an_issued_invoice_never_changes(town: Town, column: str) -> None:
    f61_change(town, column)


def test_f61_an_issued_invoice_is_never_deleted_even_cancelled(town: Town) -> None:
    f61_delete(town)


def test_f61_a_draft_has_no_number(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pricing, "issue_invoice", lambda *, invoice_id, **_values: Invoice.objects.get(pk=invoice_id))
    draft = make_invoice(town)
    assert (draft.state, draft.number, draft.sequence) == ("draft", None, None)
    with pytest.raises(DatabaseError), transaction.atomic():
        Invoice.objects.update(number="ENF-2026-000001", sequence=1, year=2026)


@pytest.mark.parametrize("what", ["change", "delete"])
def test_neg_f61_without_the_triggers_sql_rewrites_an_invoice(town: Town, what: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            with pytest.raises((*RED, pytest.fail.Exception)):
                f61_delete(town) if what == "delete" else f61_change(town, "label")
        finally:
            cursor.execute("SET session_replication_role = origin")


def shown(cents: int) -> str:
    return money.plain(cents).replace("\u202f", " ").replace("\xa0", " ")


def f62(town: Town, quantity: Decimal, price: int) -> None:
    """One total, on six surfaces: the lines, the page, the PDF, the export, the ledger, the bank."""
    hours = Counted(asked_of=AskedOf.AGENT, maximum=Decimal(999), decimals=2)
    publish(town.scheme, with_quantity(canteen(), Sold(label=f"Heure {price}", cents=price), hours, key="heures"))
    invoice = bill_dossier(make_dossier(town, meals=1), town.type, period="", heures=str(quantity))
    expected = 325 + int((quantity * price).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    assert invoice.total_cents == sum(invoice.lines.values_list("amount_cents", flat=True)) == expected
    assert Entry.objects.get(cause_kind="invoice", cause_key=str(invoice.pk)).lines.filter(debit=expected).exists()
    attempt = pay(invoice)
    assert (attempt.amount_cents, attempt.sent["amount"]) == (expected, str(expected))
    page = text_of(signed_in(town.citizen).get(f"/mes-factures/{invoice.public_id}/"))
    assert f"{shown(expected)} €" in page
    document = pdf_documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=NOON)
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf_documents.read_pdf(document))).pages)
    assert shown(expected) in " ".join(text.replace("\u202f", " ").replace("\xa0", " ").split())
    table = InvoiceTable(Invoice.objects.none(), today=dates.day_of(NOON))
    columns = [column for column in exports.columns_of(table) if column.title in ("Numéro", "Montant €")]
    _titles, row = csv.reader(io.StringIO("".join(exports._lines(columns, [invoice]))), delimiter=";")
    assert row == [invoice.number, f"{expected // 100},{expected % 100:02d}"]
    Attempt.objects.filter(pk=attempt.pk).update(released_at=later(1))


@hypothesis_settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hundredths=st.integers(1, 9999), price=st.integers(1, 99_999))
def test_f62_a_total_is_the_same_on_every_surface(town: Town, clock: Clock, hundredths: int, price: int) -> None:
    f62(town, Decimal(hundredths) / 100, price)


def test_f62_the_half_cent_goes_up_on_every_surface(town: Town, clock: Clock) -> None:
    f62(town, Decimal("0.50"), 201)


def test_neg_f62_a_banker_s_rounding_is_seen(town: Town, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_rules, "_to_cents", lambda thousandths: round(Fraction(thousandths, 1000)))
    with pytest.raises(RED):
        f62(town, Decimal("0.50"), 201)


MONEY_ROOMS = ("billing", "catalogue", "dossiers", "payments", "regies")


def floats_of(source: str) -> list[str]:
    """Return the calls of ``float``, and the divisions that make one, of a module."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "float":
            found.append(ast.unparse(node))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and "cents" in ast.unparse(node):
            found.append(ast.unparse(node))
    return found


def test_f62_no_amount_is_ever_a_float() -> None:
    root = Path(obole.__file__).parent
    # The pricing engine divides exact fractions; tests/architecture refuses a float there in any form.
    rooms = [path for room in MONEY_ROOMS for path in (root / room).rglob("*.py") if "rules" not in path.parent.parts]
    for path in [root / "lib" / "money.py", *rooms]:
        assert floats_of(path.read_text(encoding="utf-8")) == [], path
    ours = [model for model in apps.get_models() if model.__module__.startswith("obole.")]
    fields = [field for model in ours for field in model._meta.get_fields()]
    assert not [field for field in fields if isinstance(field, models.FloatField)]
    amounts = [field for field in fields if field.name.endswith("cents")]
    written = [getattr(field, "output_field", field) for field in amounts]
    assert written and all(isinstance(field, models.IntegerField) for field in written)


def test_neg_f62_a_float_in_the_tree_is_seen() -> None:
    with pytest.raises(AssertionError):
        assert floats_of("total = float(cents)\nhalf = total_cents / 2") == []
