"""The invoice says all that it must, whatever is in it, and is archivable and accessible."""

import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pikepdf
import pypdf
import pytest

from obole.billing.documents import letter
from obole.billing.documents.invoice import InvoiceDocument, Line, render_invoice
from obole.lib import pdf

LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="#1f4a8a"/></svg>'
MILLIMETRES = 25.4 / 72
URL = "https://factures.valbourg.example/f/Zk3v9bQwT1yX8uLr2PdMaA"
INVOICE = InvoiceDocument(
    letterhead=letter.Letterhead(
        letter.Authority(
            name="Ville de Valbourg",
            address_lines=("1 place de la République", "12345 Valbourg"),
            siret="212 345 678 00019",
            phone="01 23 45 67 89",
            email="enfance@valbourg.example",
            hours="Du lundi au vendredi, 8 h 30 – 12 h",
        ),
        regie_name="Régie Enfance et restauration",
        service_name="Service Enfance",
        logo=letter.Logo(LOGO, "svg"),
    ),
    recipient=letter.Recipient("Mme Éloïse Œuvrard", ("12 bis rue de l’Église", "12345 Valbourg")),
    number="ENF-2026-000123",
    issued_on=date(2026, 11, 25),
    due_on=date(2026, 12, 15),
    lines=(
        Line("Enfant 1 – repas", "tranche 3 (QF 701–1 000)", Decimal(16), "repas", 325, 5_200),
        Line("Enfant 2 – repas", "2ᵉ enfant −10 %", Decimal(16), "repas", 293, 4_688),
        Line("Enfant 3 – repas", "3ᵉ enfant −20 %", Decimal(14), "repas", 260, 3_640),
        Line("Enfant 1 – majoration réservation hors délai", "19/11/2026", Decimal(1), "", 200, 200),
        Line("Enfant 1 – accueil du soir", "", Decimal(24), "½ h", 90, 2_160),
    ),
    total_cents=15_888,
    already_paid_cents=0,
    to_pay_cents=15_888,
    issued_at=datetime(2026, 11, 25, 8, 12, tzinfo=UTC),
    heading="Restauration scolaire et périscolaire",
    period="novembre 2026",
    dossier_reference="D-2026-004217",
    vat_mention="TVA non applicable.",
    introduction="Voici le détail de novembre.",
    closing="Merci.",
    payment_instructions="Au guichet de la régie.\nPar courrier.\n\nCESU acceptés pour l’accueil.",
    legal_mentions="Vous pouvez saisir le tribunal administratif de Valbourg dans un délai de deux mois.",
    pay_url=URL,
)


def pages_of(document: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(document)).pages]


def words_of(invoice: InvoiceDocument) -> str:
    """Return the text with its lines joined, so that it does not matter where they end."""
    return re.sub(r"[ \n]+", " ", " ".join(pages_of(render_invoice(invoice))))


def tags_of(document: bytes) -> list[str]:
    with pikepdf.open(io.BytesIO(document)) as opened:
        return [str(item.S)[1:] for item in opened.objects if isinstance(item, pikepdf.Dictionary) and "/S" in item]


def test_it_says_all_that_an_invoice_must_say() -> None:
    words = words_of(INVOICE)

    for expected in (
        "Ville de Valbourg",
        "SIRET 212 345 678 00019",
        "01 23 45 67 89",
        "enfance@valbourg.example",
        "8 h 30 – 12 h",
        "Régie Enfance et restauration",
        "Service Enfance",
        "Mme Éloïse Œuvrard",
        "12 bis rue de l’Église",
        "Facture ENF-2026-000123",
        "25 novembre 2026",
        "novembre 2026",
        "D-2026-004217",
        "tranche 3 (QF 701–1 000)",
        "3,25\u00a0€",
        "46,88\u00a0€",
        "24 ×\u00a0½ h",
        "TVA non applicable.",
        "Net à payer 158,88\u00a0€",
        "Date limite de paiement 15 décembre 2026",
        "Au guichet de la régie.",
        (
            "Passé le 15/12/2026, cette facture ne pourra plus être réglée auprès de la régie. Elle sera transmise au "
            "comptable public, qui vous adressera un avis des sommes à payer."
        ),
        "tribunal administratif de Valbourg",
        "Vos données personnelles",
        "Page 1/1",
    ):
        assert expected in words


def test_a_usual_invoice_holds_on_one_page() -> None:
    assert len(pages_of(render_invoice(INVOICE))) == 1


def test_amounts_are_written_with_their_spaces() -> None:
    words = words_of(replace(INVOICE, total_cents=123_456, already_paid_cents=100_000, to_pay_cents=23_456))

    assert "1\u202f234,56\u00a0€" in words
    assert "Déjà réglé −1\u202f000,00\u00a0€" in words
    assert "Net à payer 234,56\u00a0€" in words


def test_it_is_archivable_accessible_and_names_itself() -> None:
    document = render_invoice(INVOICE)

    with pikepdf.open(io.BytesIO(document)) as opened:
        with opened.open_metadata() as claims:
            assert (claims["pdfaid:part"], claims["pdfaid:conformance"], claims["pdfuaid:part"]) == ("3", "A", "1")
        assert str(opened.Root.Lang) == "fr-FR"
        assert opened.Root.MarkInfo.Marked
        assert opened.Root.ViewerPreferences.DisplayDocTitle
        assert str(opened.docinfo.Title) == "Facture ENF-2026-000123"
    tags = tags_of(document)
    assert (tags.count("H1"), tags.count("Table"), tags.count("TH"), tags.count("TR")) == (1, 1, 4, 6)
    assert tags.count("H2") == 5


def test_its_images_have_a_text() -> None:
    with pikepdf.open(io.BytesIO(render_invoice(INVOICE))) as opened:
        texts = {str(item.Alt) for item in opened.objects if isinstance(item, pikepdf.Dictionary) and "/Alt" in item}

    assert {"Logo\u00a0: Ville de Valbourg", f"Code QR. Payer en ligne\u00a0: {URL}"} <= texts


def test_the_same_invoice_is_always_the_same_bytes() -> None:
    assert render_invoice(INVOICE) == render_invoice(replace(INVOICE))


def test_links_lead_to_the_payment() -> None:
    page = pypdf.PdfReader(io.BytesIO(render_invoice(INVOICE))).pages[0]

    assert {note.get_object()["/A"]["/URI"] for note in page["/Annots"]} == {URL}


@pytest.mark.parametrize("to_pay_cents", [0, -500])
def test_an_invoice_with_nothing_to_pay_asks_for_nothing(to_pay_cents: int) -> None:
    document = render_invoice(replace(INVOICE, already_paid_cents=15_888, to_pay_cents=to_pay_cents))

    words = "".join(pages_of(document))
    assert "Vous n’avez rien à payer." in words
    for absent in ("Date limite", "Payer en ligne", "Comment payer", "comptable public"):
        assert absent not in words
    assert "/Annots" not in pypdf.PdfReader(io.BytesIO(document)).pages[0]


def test_optional_parts_may_all_be_missing() -> None:
    bare = InvoiceDocument(
        letterhead=letter.Letterhead(letter.Authority("")),
        recipient=letter.Recipient(""),
        number="",
        issued_on=date(2026, 11, 1),
        due_on=date(2026, 12, 1),
        lines=(),
        total_cents=100,
        already_paid_cents=0,
        to_pay_cents=100,
        issued_at=INVOICE.issued_at,
    )

    words = words_of(bare)
    assert "1er décembre 2026" in words
    for absent in ("Période", "Dossier", "SIRET", "En ligne", "Réclamations", "Une question"):
        assert absent not in words


@pytest.mark.parametrize(
    "name", ["introduction", "closing", "payment_instructions", "legal_mentions", "heading", "period", "vat_mention"]
)
def test_what_agents_write_is_shown_as_it_is(name: str) -> None:
    text = r'#read("/etc/passwd") $x$ *b* #{ \ <a> @b'

    assert text in words_of(replace(INVOICE, **{name: text}))


def test_agents_paragraphs_and_line_breaks_are_kept() -> None:
    page = pages_of(render_invoice(INVOICE))[0]

    assert "Au guichet de la régie.\nPar courrier.\n" in page


@pytest.mark.parametrize(
    "text", ["😀 👩‍👩‍👧", "مرحبا بالعالم", "漢字", "a\u200bb\u202ec\x00d", "Z̸̧̙a͙̋l", "\ud800", "W" * 900, "mot " * 2_000]
)
def test_any_text_anywhere_gives_an_invoice(text: str) -> None:
    line = Line(text, text, Decimal("18.5"), text[:20], -12_345_678_900, -12_345_678_900)
    authority = letter.Authority(text, (text, text), text, text, text, text)
    document = render_invoice(
        replace(
            INVOICE,
            letterhead=letter.Letterhead(authority, text, text),
            recipient=letter.Recipient(text, (text,) * 7),
            lines=(line, line),
            number=text[:300],
            introduction=text,
            legal_mentions=text,
        )
    )

    assert document.startswith(b"%PDF-1.7")


@pytest.mark.parametrize("count", [1, 8, 60, 500])
def test_long_invoices_repeat_the_head_of_the_table(count: int) -> None:
    lines = tuple(Line(f"Prestation {n}", "détail", Decimal(n), "repas", 100, 100 * n) for n in range(1, count + 1))
    pages = pages_of(render_invoice(replace(INVOICE, lines=lines)))

    assert len(pages) == {1: 1, 8: 1, 60: 3, 500: 12}[count]
    for number, page in enumerate(pages, 1):
        assert f"Page {number}/{len(pages)}" in page
        assert "Facture ENF-2026-000123" in page
        assert ("Prix unitaire" in page) == ("Prestation " in page)
    assert sum(page.count("détail") for page in pages) == count + 1


def test_a_bad_logo_is_refused_in_clear() -> None:
    broken = replace(INVOICE.letterhead, logo=letter.Logo(b"broken", "png"))

    with pytest.raises(pdf.DocumentNotRendered, match="the logo is not a readable png picture"):
        render_invoice(replace(INVOICE, letterhead=broken))


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#ffe600"])
def test_any_colour_leaves_the_texts_in_ink(colour: str) -> None:
    assert render_invoice(replace(INVOICE, letterhead=replace(INVOICE.letterhead, colour=colour)))


def test_the_address_stands_in_the_window_of_the_envelope() -> None:
    places: dict[str, tuple[float, float]] = {}

    def note(text: str, page: list[float], matrix: list[float], *_: object) -> None:
        x = page[0] * matrix[4] + page[2] * matrix[5] + page[4]
        y = page[1] * matrix[4] + page[3] * matrix[5] + page[5]
        places.setdefault(text.strip(), (x * MILLIMETRES, 297 - y * MILLIMETRES))

    address = tuple(f"Ligne {number}" for number in range(1, 6))
    document = render_invoice(replace(INVOICE, recipient=letter.Recipient("Destinataire", address)))
    pypdf.PdfReader(io.BytesIO(document)).pages[0].extract_text(visitor_text=note)

    for name in ("Destinataire", *address):
        x, y = places[name]
        assert 100 <= x <= 110
        assert 48 <= y <= 79
    title = places["Facture ENF-2026-000123"]
    assert title[1] > 92


def test_the_town_begins_a_sentence_with_its_article() -> None:
    head = INVOICE.letterhead
    named = replace(head, authority=replace(head.authority, subject="La Ville de Valbourg"))
    assert "La Ville de Valbourg traite vos données" in words_of(replace(INVOICE, letterhead=named))
    # What was issued before the article was known says the name alone.
    assert "personnelles Ville de Valbourg traite vos données" in words_of(INVOICE)
