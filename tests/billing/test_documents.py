"""The PDFs of invoices: made once, alone or many together, and served as they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from obole.audit_log.models import Record
from obole.billing import operations as billing, pdf_documents
from obole.billing.documents.invoice import InvoiceDocument
from obole.billing.models import Invoice, InvoicePdf
from obole.lib.pdf import DocumentNotRendered
from tests.world import WHO, Town, later, make_invoice, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return make_town()


def test_the_document_is_made_once_and_outlives_its_type(town: Town) -> None:
    invoice = make_invoice(town)
    billing.configure_type(
        type_id=town.type.pk,
        values={"heading": "Autre", "colour": "#ff0000", "name": "Renommé"},
        actor=WHO,
        at=later(1),
    )
    first = pdf_documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=later(2))
    content = pdf_documents.read_pdf(first)
    billing.configure_type(type_id=town.type.pk, values={"heading": "Encore"}, actor=WHO, at=later(3))
    again = pdf_documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=later(4))

    assert (again.pk, again.digest, again.rendered_at) == (first.pk, first.digest, later(2))
    assert pdf_documents.read_pdf(again) == content
    assert content.startswith(b"%PDF-1.7")
    assert invoice.wording["texts"]["heading"] == ""
    assert InvoicePdf.objects.count() == 1


def test_documents_made_together_are_those_made_alone_and_one_that_fails_stops_no_other(town: Town) -> None:
    alone, broken, other = (make_invoice(town) for _invoice in range(3))
    known = pdf_documents.ensure_invoice_pdf(invoice_id=alone.pk, at=later(1))
    with pytest.raises(ExceptionGroup, match="1 left undone"), _a_document_that_fails(broken):
        pdf_documents.ensure_invoice_pdfs(invoice_ids=[alone.pk, broken.pk, other.pk], at=later(2))
    assert sorted(InvoicePdf.objects.values_list("invoice", flat=True)) == [alone.pk, other.pk]

    pdf_documents.ensure_invoice_pdfs(invoice_ids=[alone.pk, broken.pk, other.pk], at=later(3))
    made = InvoicePdf.objects.order_by("invoice_id")
    assert [one.rendered_at for one in made] == [known.rendered_at, later(3), later(2)]
    assert Record.objects.filter(verb="invoice.document").count() == 3


def test_a_lot_of_documents_costs_a_document_and_a_line_of_the_trail_for_each_more(town: Town) -> None:
    asked = []
    for count in (1, 4):
        lot = [make_invoice(town).pk for _invoice in range(count)]
        with CaptureQueriesContext(connection) as queries:
            pdf_documents.ensure_invoice_pdfs(invoice_ids=lot, at=later(1))
        asked.append(len(queries))
    assert asked[1] - asked[0] == 3


@contextmanager
def _a_document_that_fails(invoice: Invoice) -> Iterator[None]:
    render = pdf_documents.render_invoice

    def failing(document: InvoiceDocument) -> bytes:
        if document.number == invoice.number:
            raise DocumentNotRendered("un logo")
        return render(document)

    with patch.object(pdf_documents, "render_invoice", failing):
        yield
