"""The receipt says what was received, when, how, and what remains."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime

import pikepdf
import pypdf
import pytest

from obole.billing.documents import letter
from obole.lib import pdf
from obole.payments.documents.receipt import ReceiptDocument, render_receipt

RECEIPT = ReceiptDocument(
    letterhead=letter.Letterhead(
        letter.Authority("Ville de Valbourg", phone="01 23 45 67 89"), "Régie Enfance", "Service Enfance"
    ),
    recipient=letter.Recipient("Mme Éloïse Œuvrard", ("12 bis rue de l’Église", "12345 Valbourg")),
    number="2026-004217",
    invoice_number="ENF-2026-000123",
    amount_cents=123_456,
    paid_at=datetime(2026, 11, 30, 23, 5, tzinfo=UTC),
    means_label="carte bancaire (PayFiP)",
    invoice_label="Restauration scolaire, novembre 2026",
    bank_authorisation="A1B2C3",
    reference="ENF2026000123X",
)


def words_of(receipt: ReceiptDocument) -> str:
    reader = pypdf.PdfReader(io.BytesIO(render_receipt(receipt)))
    return re.sub(r"[ \n]+", " ", " ".join(page.extract_text() for page in reader.pages))


def test_it_says_what_was_received() -> None:
    words = words_of(RECEIPT)

    for expected in (
        "Reçu de paiement n°\u00a02026-004217",
        "Ville de Valbourg",
        "Régie Enfance",
        "Mme Éloïse Œuvrard",
        "ENF-2026-000123",
        "Restauration scolaire, novembre 2026",
        "1\u202f234,56\u00a0€",
        "carte bancaire (PayFiP)",
        "A1B2C3",
        "ENF2026000123X",
        "Facture soldée",
        "Service Enfance, 01 23 45 67 89",
        "Page 1/1",
    ):
        assert expected in words


def test_the_day_and_the_time_are_those_of_paris() -> None:
    words = words_of(RECEIPT)

    assert "le 1er décembre 2026 à 0\u00a0h\u00a005" in words
    assert "30 novembre" not in words


def test_it_says_what_remains() -> None:
    words = words_of(replace(RECEIPT, remaining_cents=4_000))

    assert "Il reste 40,00\u00a0€ à payer" in words
    assert "soldée" not in words


def test_optional_parts_may_be_missing() -> None:
    words = words_of(replace(RECEIPT, invoice_label="", bank_authorisation="", reference=""))

    for absent in ("Objet", "autorisation", "Référence"):
        assert absent not in words


def test_it_is_archivable_accessible_and_names_itself() -> None:
    with pikepdf.open(io.BytesIO(render_receipt(RECEIPT))) as opened:
        with opened.open_metadata() as claims:
            assert (claims["pdfaid:part"], claims["pdfaid:conformance"], claims["pdfuaid:part"]) == ("3", "A", "1")
        assert str(opened.Root.Lang) == "fr-FR"
        assert "/StructTreeRoot" in opened.Root
        assert str(opened.docinfo.Title) == "Reçu de paiement n°\u00a02026-004217"


def test_the_same_receipt_is_always_the_same_bytes() -> None:
    assert render_receipt(RECEIPT) == render_receipt(replace(RECEIPT))


@pytest.mark.parametrize("text", ['#read("/etc/passwd") $x$ *b* #{ \\', "😀 مرحبا 漢\x00", "W" * 900, ""])
def test_any_text_gives_a_receipt(text: str) -> None:
    receipt = replace(RECEIPT, recipient=letter.Recipient(text, (text,)), invoice_label=text, means_label=text)

    assert pdf.legible(text)[:30] in words_of(receipt)


def test_a_bad_logo_is_refused_in_clear() -> None:
    broken = replace(RECEIPT.letterhead, logo=letter.Logo(b"broken", "jpeg"))

    with pytest.raises(pdf.DocumentNotRendered, match="the logo is not a readable jpeg picture"):
        render_receipt(replace(RECEIPT, letterhead=broken))


@pytest.mark.parametrize("name", ["M. Inconnu", ""])
def test_money_without_an_invoice_has_a_quittance_that_promises_nothing(name: str) -> None:
    words = words_of(
        replace(RECEIPT, is_quittance=True, invoice_number="", invoice_label="", recipient=letter.Recipient(name))
    )

    assert "Sans facture connue" in words and "la comptera dès qu’elle le sera" in words
    assert "soldée" not in words and "entièrement réglée" not in words and "pour la facture" not in words
    assert (f"a reçu de {name} la somme" if name else "a reçu la somme de 1") in words.replace("\u00a0", " ")
