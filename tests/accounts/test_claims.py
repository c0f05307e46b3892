"""A file opened at the counter is found again by its code, never by an equal address."""

import io
import re

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from pypdf import PdfReader

from obole.audit_log.models import Record
from obole.billing import pdf_documents
from obole.directory import operations as directory
from obole.directory.models import Citizen, User
from tests.accounts.browsers import sign_in
from tests.world import NOON, WHO, Town, make_citizen, make_dossier, make_invoice, make_town

pytestmark = pytest.mark.django_db
CLAIM = "/mon-compte/rattacher/"
MAILBOX = "lacouple@example.org"


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def counter(town: Town) -> Citizen:
    """Somebody who came to the counter, and gave the address that a couple shares."""
    values = {"first_name": "Jean", "last_name": "Martin", "email": MAILBOX}
    return directory.register_citizen(values=values, actor=WHO, at=NOON)


def account_of(email: str) -> User:
    user = make_citizen(email, last_name="Martin").user
    assert user is not None
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_file_without_account_has_a_code_and_the_others_have_none(town: Town, counter: Citizen) -> None:
    assert counter.claim_code is not None
    assert re.fullmatch("[A-Z2-9]{5}-[A-Z2-9]{5}", counter.claim_code)
    assert town.citizen.claim_code is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Citizen.objects.filter(pk=town.citizen.pk).update(claim_code="ABCDE-FGHJK")


def test_an_equal_address_gives_nothing(town: Town, counter: Citizen) -> None:
    invoice = make_invoice(town, citizen=counter)
    browser = signed_in(account_of(MAILBOX))
    assert browser.get(f"/mes-factures/{invoice.public_id}/").status_code == 404
    counter.refresh_from_db()
    assert counter.user is None


def test_the_code_gives_the_file_to_the_account(town: Town, counter: Citizen) -> None:
    invoice = make_invoice(town, citizen=counter)
    user = account_of("jean@example.org")
    browser = signed_in(user)
    typed = str(counter.claim_code).lower().replace("-", " ")
    assert browser.post(CLAIM, {"code": f" {typed} "})["Location"] == "/mes-factures/"
    counter.refresh_from_db()
    assert (counter.user, counter.claim_code, counter.email) == (user, None, MAILBOX)
    assert browser.get(f"/mes-factures/{invoice.public_id}/").status_code == 200
    assert Citizen.objects.filter(user=user).count() == 1
    assert Record.objects.get(verb="citizen.claim").subject_id == counter.pk


def test_a_code_serves_once(town: Town, counter: Citizen) -> None:
    code = str(counter.claim_code)
    signed_in(account_of("jean@example.org")).post(CLAIM, {"code": code})
    page = signed_in(account_of("voleur@example.org")).post(CLAIM, {"code": code})
    assert "Aucun dossier n’attend ce code" in page.content.decode()
    counter.refresh_from_db()
    assert counter.user is not None
    assert counter.user.email == "jean@example.org"


@pytest.mark.parametrize("typed", ["ABCDE-FGHJK", "", "%", "x" * 20, "é", "\u200b"])
def test_a_wrong_code_is_said_at_its_field(town: Town, counter: Citizen, typed: str) -> None:
    page = signed_in(account_of("jean@example.org")).post(CLAIM, {"code": typed}).content.decode()
    assert 'id="id_code_error"' in page
    counter.refresh_from_db()
    assert counter.user is None


def test_an_account_with_a_file_of_its_own_loses_nothing(town: Town, counter: Citizen) -> None:
    make_dossier(town)
    assert town.citizen.user is not None
    page = signed_in(town.citizen.user).post(CLAIM, {"code": str(counter.claim_code)}).content.decode()
    assert "la collectivité peut réunir les deux dossiers" in page
    assert Citizen.objects.get(user=town.citizen.user) == town.citizen
    counter.refresh_from_db()
    assert (counter.user, counter.claim_code is None) == (None, False)


def test_an_agent_reads_the_code_and_replaces_it(town: Town, counter: Citizen) -> None:
    desk = Client()
    sign_in(desk, town.agent.user)
    before = str(counter.claim_code)
    assert before in desk.get(f"/crm/usagers/{counter.pk}/").content.decode()
    desk.post(f"/crm/usagers/{counter.pk}/code/")
    counter.refresh_from_db()
    assert counter.claim_code not in (None, before)
    assert desk.post(f"/crm/usagers/{town.citizen.pk}/code/").status_code == 404
    page = signed_in(account_of("jean@example.org")).post(CLAIM, {"code": before}).content.decode()
    assert "Aucun dossier n’attend ce code" in page


@pytest.mark.django_db(transaction=True)
def test_the_code_is_printed_on_the_invoices_of_who_has_no_account(town: Town, counter: Citizen) -> None:
    for citizen, expected in ((counter, True), (town.citizen, False)):
        invoice = make_invoice(town, citizen=citizen)
        document = pdf_documents.read_pdf(pdf_documents.ensure_invoice_pdf(invoice_id=invoice.pk, at=NOON))
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages)
        assert (str(counter.claim_code) in text) is expected
        assert ("Rattacher mon dossier" in text) is expected
