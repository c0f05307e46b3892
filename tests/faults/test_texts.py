"""Texts that people really write, from any script: intact in the form, the lists, the PDF, the mail and the CSV, or refused: F65."""

import csv
import io

import pypdf
import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from obole.billing import operations as billing
from obole.billing import papers
from obole.billing.models import Invoice
from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.models import Product
from obole.catalogue.operations import settings
from obole.dossiers import operations as dossiers
from obole.lib import words
from obole.mailing.models import Message
from tests.crm.desk import browser, text_of
from tests.portal.conftest import Clock, signed_in
from tests.world import NOON, WHO, Town, make_citizen, make_product, make_type

pytestmark = pytest.mark.django_db(transaction=True)

TEXTS = {
    "accents": "Œuvre d’Éloïse à l’été",
    "right to left": "مدرسة الموسيقى",
    "hebrew": "בית ספר",
    "emoji": "Goûter 🎂🎈",
    "combining": "Zoe\u0301",
    "cjk": "午餐",
    "html": "<b>Repas</b> & « co » <script>",
    "formula": "=2+3",
    "percent": "100 %(name)s {{ x }} {% y %}",
    "typst": "#let x = 1; $y$ *gras* _it_ \\ `code` @ref",
}


def applied(town: Town, text: str) -> Invoice:
    """Configure a dispositif that is called so, asks so and bills so; apply as somebody called so; issue the invoice."""
    scheme = catalogue.configure_scheme(
        scheme_id=None, values={"service": town.scheme.service, "name": text}, actor=WHO, at=NOON
    )
    field = FormField(key="q", label=text, kind=FieldKind.TEXT)
    form = catalogue.publish_form(scheme_id=scheme.pk, fields=[field], actor=WHO, at=NOON)
    product = make_product(scheme, name=text, unit_price_cents=1250)
    kind = make_type(town.regie, [scheme], name=text)
    citizen = make_citizen("autre@example.org", last_name=text[:80])
    filled = dossiers.Filled(answers={"q": text}, quantities={product.pk: 2})  # type: ignore[dict-item]
    dossier = dossiers.submit(
        citizen_id=citizen.pk, form_id=form.pk, request_key=words.token(), filled=filled, actor=WHO, at=NOON
    )
    dossiers.take(dossier_id=dossier.pk, agent_id=town.agent.pk, actor=WHO, at=NOON)
    return billing.generate_invoice(
        dossier_id=dossier.pk, type_id=kind.pk, quantities={}, period="", request_key=words.token(), actor=WHO, at=NOON
    )


@pytest.mark.parametrize("name", TEXTS)
def test_f65_a_text_is_intact_on_every_surface(town: Town, clock: Clock, name: str) -> None:
    invoice = applied(town, TEXTS[name])
    said = " ".join(words.clean_line(TEXTS[name]).replace("\u00a0", " ").split())
    citizen, agent = signed_in(invoice.payer), browser(town.admin)
    for page in ("/mes-factures/", f"/mes-factures/{invoice.public_id}/", "/mes-demarches/", "/demarches/"):
        assert said in text_of(citizen.get(page)), page
    for page in (
        "/crm/factures/",
        "/crm/dossiers/",
        f"/crm/dossiers/{invoice.dossier_id}/",
        f"/crm/factures/{invoice.pk}/",
    ):
        assert said in text_of(agent.get(page)), page
    rows = csv.reader(io.StringIO(exported(agent).removeprefix("\ufeff")), delimiter=";")
    assert any(said in cell for row in rows for cell in row)
    message = Message.objects.filter(kind="invoice_deposited", about_id=invoice.pk).get()
    assert said in " ".join(message.text.replace("\u00a0", " ").split()) or said in message.subject
    content = papers.content_of(papers.ensure_document(invoice_id=invoice.pk, at=NOON))
    printed = " ".join(one.extract_text() for one in pypdf.PdfReader(io.BytesIO(content)).pages)
    assert "25,00" in printed and (name not in PRINTED or said in " ".join(printed.replace("\u00a0", " ").split()))


PRINTED = {"accents", "combining", "html", "formula", "percent", "typst"}
"""What the font of the documents draws, so that it can be read back; of the others, a sign takes the place of each letter."""


def test_f65_a_name_of_ten_thousand_letters_is_refused_everywhere(town: Town) -> None:
    long = "é" * 10_000
    with pytest.raises(ValidationError):
        make_product(town.scheme, name=long, unit_price_cents=1)
    with pytest.raises(ValidationError):
        make_type(town.regie, [town.scheme], name=long)
    with pytest.raises(ValidationError):
        field = FormField(key="q", label=long, kind=FieldKind.TEXT)
        catalogue.publish_form(scheme_id=town.scheme.pk, fields=[field], actor=WHO, at=NOON)


def test_f64_a_dispositif_has_so_many_products_and_no_more(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MOST_PRODUCTS", Product.objects.filter(scheme=town.scheme).count() + 1)
    last = make_product(town.scheme, name="Dernier", unit_price_cents=1)
    with pytest.raises(ValidationError, match="c’est le plus"):
        make_product(town.scheme, name="De trop", unit_price_cents=1)
    changed = catalogue.configure_product(product_id=last.pk, values={"name": "Le dernier"}, actor=WHO, at=NOON)
    assert changed.name == "Le dernier"


def test_f64_a_form_of_two_hundred_fields_is_filled(town: Town, clock: Clock) -> None:
    fields = [FormField(key=f"q{n}", label=f"Question {n}", kind=FieldKind.TEXT) for n in range(200)]
    catalogue.publish_form(scheme_id=town.scheme.pk, fields=fields, actor=WHO, at=NOON)
    citizen = signed_in(town.citizen)
    address = f"/demarches/{town.scheme.public_id}/demande/"
    assert text_of(citizen.get(address)).count("Question ") >= 200
    with pytest.raises(ValidationError, match="300"):
        more = [FormField(key=f"q{n}", label=f"Question {n}", kind=FieldKind.TEXT) for n in range(301)]
        catalogue.publish_form(scheme_id=town.scheme.pk, fields=more, actor=WHO, at=NOON)


def exported(agent: Client) -> str:
    answer = agent.get("/crm/factures/export.csv")
    return b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
