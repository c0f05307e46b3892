"""An attestation and an account say what was paid, to whom, for whom; and are archivable."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pikepdf
import pypdf
import pytest

from obole.billing.documents import letter
from obole.lib import pdf
from obole.payments.documents.account import AccountDocument, AccountLine, render_account
from obole.payments.documents.attestation import (
    ActivityRow,
    AttestationDocument,
    PaymentRow,
    RegiePayments,
    render_attestation,
)
from tests.spaces import plain

HEAD = letter.Letterhead(letter.Authority("Ville de Valbourg", phone="01 23 45 67 89", subject="La ville de Valbourg"))
TO = letter.Recipient("Mme Éloïse Œuvrard", ("12 bis rue de l’Église", "12345 Valbourg"))
AT = datetime(2027, 1, 12, 9, 0, tzinfo=UTC)
CARD = PaymentRow(date(2026, 10, 3), "ENF-2026-000123", "Vie scolaire – septembre 2026", "carte, n° R-7", 5200)
KEPT = PaymentRow(date(2026, 12, 3), "Gardé par la régie", "", "chèque, n° Q-8, par M. Œuvrard", 1000)
ATTESTATION = AttestationDocument(
    letterhead=HEAD,
    recipient=TO,
    year=2026,
    at=AT,
    regies=[RegiePayments("Régie Enfance", [CARD, KEPT]), RegiePayments("Régie Sports", [CARD])],
    activities=[
        ActivityRow("Léa", date(2021, 3, 2), "Repas", 3000),
        ActivityRow("Tom", None, "Accueil du soir", 2200),
        ActivityRow("", None, "Location de salle", 5200),
    ],
)
ACCOUNT = AccountDocument(
    letterhead=HEAD,
    recipient=TO,
    first=date(2026, 1, 1),
    last=date(2026, 12, 31),
    at=AT,
    opening_cents=1000,
    closing_cents=-500,
    due_cents=5200,
    kept_cents=5700,
    lines=[
        AccountLine(date(2026, 2, 3), "Facture ENF-2026-000123", "Vie scolaire", 5200, 6200),
        AccountLine(date(2026, 2, 9), "Paiement n° R-7", "", -6700, -500),
    ],
)


def words_of(content: bytes) -> str:
    reader = pypdf.PdfReader(io.BytesIO(content))
    return re.sub(r"\s+", " ", plain(" ".join(page.extract_text() for page in reader.pages)))


def test_an_attestation_says_who_received_what_from_whom_and_for_whom() -> None:
    words = words_of(render_attestation(ATTESTATION))

    for expected in (
        "Attestation de paiement 2026",
        "Payé en 2026 114,00 €",
        "La ville de Valbourg, par ses régies (Régie Enfance, Régie Sports), atteste avoir reçu de Mme Éloïse Œuvrard",
        "du 1er janvier au 31 décembre 2026",
        "Léa né(e) le 02/03/2021",
        "Total de Régie Enfance 62,00 €",
        "03/12/2026 Gardé par la régie",
        "par M. Œuvrard",
        "Attestation établie le 12 janvier 2027 pour servir et valoir ce que de droit.",
    ):
        assert expected in words
    assert "crédit d’impôt" not in words


def test_an_attestation_for_the_tax_credit_says_its_rule() -> None:
    fiscal = replace(
        ATTESTATION, is_childcare=True, too_old=["Tom"], scope="Elle porte sur ces seules factures : Crèche."
    )

    words = words_of(render_attestation(fiscal))

    for expected in (
        "Attestation fiscale 2026",
        "nés à compter du 1er janvier 2020",
        "effectivement payées dans l’année",
        "aides portées sur les factures déjà déduites",
        "Les paiements pour Tom, de six ans ou plus au 1er janvier 2026",
        "article 200 quater B du code général des impôts",
        "CESU préfinancé",
        "Elle porte sur ces seules factures : Crèche.",
    ):
        assert expected in words


def test_a_year_that_is_not_over_is_attested_up_to_today() -> None:
    words = words_of(render_attestation(replace(ATTESTATION, at=datetime(2026, 11, 30, 23, 30, tzinfo=UTC))))
    assert "jusqu’au 1er décembre 2026" in words


def test_an_account_runs() -> None:
    words = words_of(render_account(ACCOUNT))

    for expected in (
        "Relevé de compte Du 1er janvier 2026 au 31 décembre 2026",
        "À payer, au 12 janvier 2027 52,00 €",
        "La régie garde 57,00 €",
        "Solde au début du 1er janvier 2026 10,00",
        "03/02/2026 Facture ENF-2026-000123 Vie scolaire 52,00 62,00",
        "09/02/2026 Paiement n° R-7 67,00 −5,00",
        "Solde au 31 décembre 2026 −5,00",
    ):
        assert expected in words


@pytest.mark.parametrize("text", ['#read("/etc/passwd") $x$ *b* #{ \\', "😀 مرحبا 漢\x00", "W" * 900, ""])
def test_any_text_gives_a_document(text: str) -> None:
    row = replace(CARD, title=text, label=text, how=text)
    activity = ActivityRow(text, None, text, 1)
    regie = RegiePayments(text, [row])
    said = {"recipient": letter.Recipient(text, (text,)), "scope": text}
    attestation = replace(ATTESTATION, regies=[regie, regie], activities=[activity], too_old=[text, text], **said)
    account = replace(ACCOUNT, lines=[AccountLine(date(2026, 2, 3), text, text, 1, 1)], **said)
    for made in (render_attestation(attestation), render_account(account)):
        assert plain(pdf.legible(text))[:30] in words_of(made)


@pytest.mark.parametrize("make", [lambda: render_attestation(ATTESTATION), lambda: render_account(ACCOUNT)])
def test_they_are_archivable_accessible_and_the_same_again(make: Callable[[], bytes]) -> None:
    made = make()
    assert made == make()
    with pikepdf.open(io.BytesIO(made)) as opened, opened.open_metadata() as meta:
        assert (meta.get("pdfaid:part"), meta.get("pdfaid:conformance")) == ("3", "A")
        assert meta.get("pdfuaid:part") == "1"
        assert opened.Root.Lang == "fr-FR"
