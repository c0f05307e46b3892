"""What an agent attests to a payer: of the invoices that they see, and never that there are others."""

import io
import re
from dataclasses import replace
from typing import Any

import pypdf
import pytest

from obole.audit_log.models import Access
from obole.billing.models import Invoice
from obole.bulk_actions.models import BulkAction, BulkVerb
from obole.bulk_actions.operations import VERBS
from obole.catalogue import operations as catalogue
from obole.directory.models import Agent
from obole.directory.rules import Profile
from obole.lib import texts
from obole.payments import operations as payments
from tests.crm.desk import browser, get, text_of, url
from tests.spaces import plain
from tests.world import (
    WHO,
    Town,
    canteen,
    handed,
    later,
    make_agent,
    make_invoice,
    make_regie,
    make_town,
    make_type,
    publish,
    run_tasks,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None, time_machine: Any) -> Town:
    time_machine.move_to(later(60), tick=False)
    return make_town()


def take(invoice: Invoice) -> None:
    payments.take_money(
        invoice_id=invoice.pk, money=handed(invoice.total_cents), request_key=texts.token(), actor=WHO, at=later(5)
    )


def of_another_service(town: Town) -> Invoice:
    """Bill the citizen for another prestation, at another régie."""
    service = catalogue.configure_service(service_id=None, values={"name": "Sports"}, actor=WHO, at=later())
    scheme = catalogue.configure_scheme(
        scheme_id=None, values={"service": service, "name": "Judo"}, actor=WHO, at=later()
    )
    town.form = catalogue.publish_form(scheme_id=scheme.pk, fields=town.form.form_fields, actor=WHO, at=later())
    publish(scheme, canteen())
    town.type = make_type(make_regie("SPO", "Régie Sports"), [scheme], name="Judo")
    return make_invoice(town, meals=10)


def of_the_canteen(town: Town) -> Agent:
    """Return an agent who sees the canteen's invoices, and nothing else."""
    agent = make_agent(Profile.REVIEWER, email="cantine@valbourg.example", all_services=False)
    town.scheme.service.accesses.create(agent=agent, handles=True)
    return agent


def words_of(answer: Any) -> str:
    assert answer["Content-Type"] == "application/pdf"
    reader = pypdf.PdfReader(io.BytesIO(answer.content))
    return re.sub(r"\s+", " ", plain(" ".join(page.extract_text() for page in reader.pages)))


def test_who_sees_all_attests_all(town: Town) -> None:
    take(make_invoice(town))
    take(of_another_service(town))
    client = browser(town.agent)

    assert url("citizen_documents", town.citizen.pk) in get(client, "citizen", town.citizen.pk).content.decode()
    page = text_of(get(client, "citizen_documents", town.citizen.pk))
    assert "84,50 €" in page and "Attestation de paiement 2026 (PDF)" in page
    assert "seules factures que vous voyez" not in page
    words = words_of(client.get(url("citizen_attestation", town.citizen.pk, 2026, "paiement")))
    assert "84,50 €" in words and "porte sur ces seules factures" not in words
    assert "Facture" in words_of(client.get(url("citizen_account_pdf", town.citizen.pk)))
    assert [(one.details["what"], one.subject_id) for one in Access.objects.filter(verb="export").order_by("id")] == [
        ("attestation", town.citizen.pk),
        ("account", town.citizen.pk),
    ]


def test_who_sees_a_part_attests_that_part_and_the_document_says_so(town: Town) -> None:
    take(make_invoice(town))
    client = browser(of_the_canteen(town))
    citizen = town.citizen.pk
    before = [
        text_of(get(client, "citizen_documents", citizen)),
        words_of(client.get(url("citizen_attestation", citizen, 2026, "paiement"))),
        words_of(client.get(url("citizen_account_pdf", citizen))),
    ]
    other = of_another_service(town)
    take(other)
    after = [
        text_of(get(client, "citizen_documents", citizen)),
        words_of(client.get(url("citizen_attestation", citizen, 2026, "paiement"))),
        words_of(client.get(url("citizen_account_pdf", citizen))),
    ]
    assert before == after, "that there is something else is not to be learnt"
    assert "seules factures que vous voyez" in after[0] and "52,00 €" in after[0]
    for words in after[1:]:
        assert "porte sur ces seules factures : Cantine et périscolaire." in words
        assert str(other.number) not in words


def test_nothing_to_attest_is_said(town: Town) -> None:
    make_invoice(town)
    client = browser(town.agent)
    assert "Rien n’a été payé." in text_of(get(client, "citizen_documents", town.citizen.pk))
    answer = client.get(url("citizen_attestation", town.citizen.pk, 2026, "fiscale"), follow=True)
    assert "rien de payé cette année-là" in text_of(answer).lower()
    assert client.get(url("citizen_attestation", town.citizen.pk, 2026, "autre")).status_code == 404
    assert client.get(url("citizen_attestation", town.citizen.pk, 1999, "fiscale")).status_code == 404


def test_wrong_days_are_told_at_their_field(town: Town) -> None:
    client, citizen = browser(town.agent), town.citizen.pk
    page = get(client, "citizen_documents", citizen, first="2026-11-01", last="2026-10-01")
    assert "Le dernier jour vient avant le premier" in text_of(page)
    answer = client.get(url("citizen_account_pdf", citizen), {"first": "2026-11-01", "last": "2026-10-01"})
    assert answer["Location"].startswith(url("citizen_documents", citizen))


def test_the_regie_asks_for_the_attestations_of_all_its_payers(town: Town) -> None:
    take(make_invoice(town))
    client, address = browser(town.regisseur), url("attestations", town.regie.pk)
    assert address in get(client, "regie", town.regie.pk).content.decode()
    form = {"year": "2026", "kind": "payment", "type": "", "request_key": texts.token()}

    first, again = client.post(address, form), client.post(address, form)

    assert first["Location"] == again["Location"] and BulkAction.objects.count() == 1
    run_tasks()
    page = text_of(client.get(first["Location"]))
    assert "Attestation de paiement 2026" in page and "Télécharger l’archive" in page
    answer = client.get(url("bulk_action_file", BulkAction.objects.get().pk))
    assert "attestations-2026-11-25" in answer["Content-Disposition"]
    assert "Prêtes" in text_of(get(client, "attestations", town.regie.pk))
    other = client.post(address, {**form, "kind": "childcare", "year": "2025"})
    assert "Personne n’a rien payé cette année-là" in text_of(other)
    assert BulkAction.objects.count() == 1


def test_too_many_payers_are_refused_at_the_type(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    take(make_invoice(town))
    monkeypatch.setitem(VERBS, BulkVerb.ATTEST, replace(VERBS[BulkVerb.ATTEST], most=0))
    form = {"year": "2026", "kind": "payment", "type": "", "request_key": texts.token()}
    answer = browser(town.regisseur).post(url("attestations", town.regie.pk), form)
    assert "Plus de 0 payeurs" in text_of(answer)


def test_an_administrator_without_a_mandate_asks_for_none(town: Town) -> None:
    client = browser(town.admin)
    assert client.get(url("attestations", town.regie.pk)).status_code == 404
    assert url("attestations", town.regie.pk) not in get(client, "regie", town.regie.pk).content.decode()
