"""Types de factures: amount, document, reminders, specimen, copy."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from PIL import Image
from pypdf import PdfReader

from obole.audit_log.models import Record
from obole.billing.documents import letter
from obole.billing.models import InvoiceType
from obole.crm.settings import invoice_types as forms_types
from obole.lib import files, pdf
from tests.crm.settings_desk import Desk, filled, open_desk, text_of, url
from tests.world import make_type

# Documents are rendered, and logos stored, outside transactions.
pytestmark = pytest.mark.django_db

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><rect width="10" height="10" fill="#1f4a8a"/></svg>'


def picture(kind: str, mode: str = "RGB", size: tuple[int, int] = (40, 20)) -> bytes:
    content = io.BytesIO()
    Image.new(mode, size).save(content, kind)
    return content.getvalue()


def upload(content: bytes, name: str = "logo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def test_a_type_is_created(desk: Desk) -> None:
    page = desk.saved(
        "settings_type_new",
        name="Médiathèque hors commune",
        regie=desk.town.regie.pk,
        nature="7062",
        payment_term="45",
        schemes=[desk.town.scheme.pk],
        heading="Médiathèque",
        legal_mentions="Réclamation :\r\nmairie",
        vat_mention="Hors champ de la TVA",
    )
    made = InvoiceType.objects.get(name="Médiathèque hors commune")
    assert (made.nature, made.payment_term, made.regie) == ("7062", 45, desk.town.regie)
    assert [step.days for step in made.steps] == [7, 21, 35]
    assert list(made.schemes.order_by("id")) == [desk.town.scheme]
    assert "Médiathèque hors commune" in text_of(page)
    listed = text_of(desk.get("settings_types"))
    assert "45 jours" in listed and "à 7, 21, 35 jours" in listed


def test_a_type_without_a_regie_is_kept_and_shown_as_unusable(desk: Desk) -> None:
    desk.saved("settings_type_new", name="À préciser")
    assert InvoiceType.objects.get(name="À préciser").regie is None
    assert "Sans régie" in text_of(desk.get("settings_types"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Ce champ est obligatoire."),
        ({"name": "Cantine et périscolaire"}, "C’est déjà pris"),
        ({"payment_term": "366"}, "inférieure ou égale à 365"),
        ({"payment_term": ""}, "Ce champ est obligatoire."),
        ({"regie": "99999"}, "choix"),
        ({"schemes": ["99999"]}, "choix valide"),
        ({"colour": "rouge"}, "Une couleur s’écrit avec #"),
        ({"introduction": "x" * 3001}, "3000 caractères"),
    ],
)
def test_bad_values_are_refused(desk: Desk, changes: dict[str, Any], sentence: str) -> None:
    assert sentence in desk.refused("settings_type_new", **{"name": "Nouveau type", **changes})
    assert InvoiceType.objects.count() == 1


def test_what_was_typed_stays_on_the_page(desk: Desk) -> None:
    answer = desk.send(
        "settings_type_new", name="Salle", payment_term="douze", schemes=[desk.town.scheme.pk], closing="Merci."
    )
    again = filled(answer)
    assert (again["name"], again["payment_term"]) == (["Salle"], ["douze"])
    assert (again["schemes"], again["closing"]) == ([str(desk.town.scheme.pk)], ["Merci."])


@pytest.mark.parametrize(
    ("content", "kind"),
    [(picture("PNG"), "png"), (picture("JPEG"), "jpeg"), (SVG, "svg"), (b'<?xml version="1.0"?>\n' + SVG, "svg")],
)
def test_a_logo_is_stored_whatever_its_name(desk: Desk, content: bytes, kind: str) -> None:
    desk.saved("settings_type", desk.town.type.pk, logo=upload(content, "logo.gif"))
    changed = InvoiceType.objects.get()
    assert changed.logo_format == kind
    assert files.get(changed.logo_digest) == content


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"GIF89a", "Ce fichier n’est pas une image PNG, JPEG ou SVG."),
        (b"%PDF-1.7", "Ce fichier n’est pas une image PNG, JPEG ou SVG."),
        (b"", "Le fichier soumis est vide."),
        (b"\x89PNG\r\n\x1a\n broken", "Ce logo ne peut pas être imprimé"),
        (b"\xff\xd8\xff broken", "Ce logo ne peut pas être imprimé"),
        (picture("JPEG", "CMYK"), "Ce logo ne peut pas être imprimé"),
        (picture("PNG", "1", (5000, 5000)), "Ce logo ne peut pas être imprimé"),
        (b"<svg", "Ce logo ne peut pas être imprimé"),
        (
            b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
            "Ce logo ne peut pas être imprimé",
        ),
        (SVG + b" " * letter.LOGO_BYTES, "Ce logo est trop lourd : 512 Ko au plus."),
    ],
)
def test_a_bad_logo_is_refused_and_the_good_one_stays(desk: Desk, content: bytes, sentence: str) -> None:
    desk.saved("settings_type", desk.town.type.pk, logo=upload(SVG))
    good = InvoiceType.objects.get().logo_digest
    assert sentence in desk.refused("settings_type", desk.town.type.pk, logo=upload(content))
    assert InvoiceType.objects.get().logo_digest == good


def test_a_logo_is_taken_away(desk: Desk) -> None:
    assert "Retirer le logo actuel" not in text_of(desk.get("settings_type", desk.town.type.pk))
    desk.saved("settings_type", desk.town.type.pk, logo=upload(SVG))
    desk.saved("settings_type", desk.town.type.pk, heading="Le logo reste")
    assert InvoiceType.objects.get().logo_format == "svg"
    desk.saved("settings_type", desk.town.type.pk, remove_logo="on")
    assert (InvoiceType.objects.get().logo_digest, InvoiceType.objects.get().logo_format) == ("", "")


def test_a_good_logo_is_not_sent_twice(desk: Desk) -> None:
    address = url("settings_type", desk.town.type.pk)
    answer = desk.send("settings_type", desk.town.type.pk, logo=upload(SVG), payment_term="sept")
    assert "inutile de le choisir de nouveau" in text_of(answer)
    assert not InvoiceType.objects.get().logo_digest
    again = {**filled(answer, logo=None), "payment_term": "7"}
    assert desk.client.post(address, again).status_code == 302
    assert files.get(InvoiceType.objects.get().logo_digest) == SVG


def test_a_forged_kept_logo_is_not_believed(desk: Desk) -> None:
    desk.saved("settings_type", desk.town.type.pk, kept_logo="eyJsb2dvX2RpZ2VzdCI6Ii4uLyJ9:x:y", heading="Cantine")
    assert not InvoiceType.objects.get().logo_digest


def test_a_document_that_cannot_be_made_is_not_saved(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(document: object) -> bytes:
        raise pdf.DocumentNotRendered("typst: failed to parse SVG")

    monkeypatch.setattr(forms_types, "render_invoice", fail)
    sentence = "Le document ne peut pas être fabriqué ainsi"
    assert f"Logo : {sentence}" in desk.refused("settings_type", desk.town.type.pk, logo=upload(SVG), heading="Autre")
    assert f"Couleur du document : {sentence}" in desk.refused("settings_type", desk.town.type.pk, heading="Autre")
    assert InvoiceType.objects.get().heading == ""


def read(answer: HttpResponse) -> str:
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages).split())


def test_the_specimen_says_that_it_is_one(desk: Desk) -> None:
    desk.saved(
        "settings_type",
        desk.town.type.pk,
        heading="Restauration scolaire",
        introduction="Voici votre facture.",
        logo=upload(SVG),
    )
    before = Record.objects.count()
    text = read(desk.client.get(url("settings_type_specimen", desk.town.type.pk)))
    for part in (
        "SPÉCIMEN – Restauration scolaire",
        "Facture SPÉCIMEN",
        "Repas",
        "Voici votre facture.",
        "Ville de Valbourg",
        "Camille Exemple",
    ):
        assert part in text, part
    assert Record.objects.count() == before


def test_a_type_without_regie_or_dispositif_has_a_specimen_too(desk: Desk) -> None:
    bare = make_type(None, [], name="À préciser")
    text = read(desk.client.get(url("settings_type_specimen", bare.pk)))
    assert "SPÉCIMEN sans valeur" in text
    assert "Régie à choisir" in text
    assert "Produit d’exemple" in text


def test_a_copy_is_not_in_use_yet(desk: Desk) -> None:
    desk.saved("settings_type", desk.town.type.pk, logo=upload(SVG), vat_mention="Hors champ de la TVA")
    names = []
    for _time in range(2):
        answer = desk.client.post(url("settings_type_copy", desk.town.type.pk))
        copy = InvoiceType.objects.order_by("-id")[0]
        assert answer["Location"] == url("settings_type", copy.pk)
        assert (copy.enabled, copy.regie, copy.vat_mention) == (False, desk.town.regie, "Hors champ de la TVA")
        assert (copy.logo_format, copy.reminder_steps) == ("svg", desk.town.type.reminder_steps)
        assert list(copy.schemes.order_by("id")) == [desk.town.scheme]
        names.append(copy.name)
    assert names == ["Cantine et périscolaire (copie)", "Cantine et périscolaire (copie 2)"]


def test_a_long_name_is_cut_to_be_copied(desk: Desk) -> None:
    long = make_type(desk.town.regie, [], name="x" * 120)
    desk.client.post(url("settings_type_copy", long.pk))
    assert InvoiceType.objects.order_by("-id")[0].name == "x" * 112 + " (copie)"
