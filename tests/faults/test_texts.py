"""
Texts that people really write, from any script: intact in the form, the lists, the PDF, the mail and the CSV, or
refused: F65.
"""

import csv
import io

import pypdf
import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from obole.billing import pdf_documents
from obole.billing.models import Invoice
from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.dossiers import operations as dossiers
from obole.lib import texts
from obole.mailing.models import Message
from obole.pricing.model.parts import AskedOf, Pricing
from obole.pricing.model.problems import Refused
from obole.pricing.simple import Counted, Sold, with_amount, with_quantity
from tests.crm.desk import browser, text_of
from tests.portal.conftest import Clock, signed_in
from tests.world import NOON, WHO, Town, bill_dossier, make_citizen, make_type, publish

pytestmark = pytest.mark.django_db

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
    """
    Configure a dispositif that is called so, asks so and bills so; apply as somebody called so; issue the invoice.
    """
    scheme = catalogue.configure_scheme(
        scheme_id=None, values={"service": town.scheme.service, "name": text}, actor=WHO, at=NOON
    )
    field = FormField(key="q", label=text, kind=FieldKind.TEXT)
    form = catalogue.publish_form(scheme_id=scheme.pk, fields=[field], actor=WHO, at=NOON)
    sold = Sold(label=" ".join(texts.clean_line(text).split()), cents=1250)
    publish(scheme, with_quantity(Pricing(), sold, Counted(asked_of=AskedOf.AGENT), key="combien"))
    kind = make_type(town.regie, [scheme], name=text)
    citizen = make_citizen("autre@example.org", last_name=text[:80])
    filled = dossiers.Application(answers={"q": text})
    dossier = dossiers.submit(
        citizen_id=citizen.pk, form_id=form.pk, request_key=texts.token(), filled=filled, actor=WHO, at=NOON
    )
    dossiers.take(dossier_id=dossier.pk, agent_id=town.agent.pk, actor=WHO, at=NOON)
    return bill_dossier(dossier, kind, period="", combien=2)


@pytest.mark.parametrize("name", TEXTS)
def test_f65_a_text_is_intact_on_every_surface(town: Town, clock: Clock, name: str) -> None:
    invoice = applied(town, TEXTS[name])
    said = " ".join(texts.clean_line(TEXTS[name]).replace("\u00a0", " ").split())
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
    content = pdf_documents.read_pdf(pdf_documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=NOON))
    printed = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    assert "25,00" in printed and (name not in PRINTED or said in " ".join(printed.replace("\u00a0", " ").split()))


PRINTED = {"accents", "combining", "html", "formula", "percent", "typst"}
"""
What the font of the documents draws, so that it can be read back; of the others, a sign takes the place of each letter.
"""


def test_f65_a_name_of_ten_thousand_letters_is_refused_everywhere(town: Town) -> None:
    long = "é" * 10_000
    with pytest.raises(Refused):
        publish(town.scheme, with_amount(Pricing(), Sold(label=long, cents=1)))
    with pytest.raises(ValidationError):
        make_type(town.regie, [town.scheme], name=long)
    with pytest.raises(ValidationError):
        field = FormField(key="q", label=long, kind=FieldKind.TEXT)
        catalogue.publish_form(scheme_id=town.scheme.pk, fields=[field], actor=WHO, at=NOON)


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
