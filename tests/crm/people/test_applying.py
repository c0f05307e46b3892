"""A dossier opened at the counter, for somebody without account: the portal's form, filed by an agent."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from obole.audit_log.models import Record
from obole.billing.models import Invoice
from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.models import FormVersion, Scheme
from obole.directory import operations as directory
from obole.directory.models import Citizen
from obole.directory.rules import NotAllowed, Profile
from obole.dossiers import operations as dossiers
from obole.dossiers.models import ApplicationDraft, Attachment, Dossier, Estimate
from obole.lib import texts
from obole.mailing.models import Message
from tests.crm.desk import PDF, browser, get, text_of, url
from tests.world import MEALS, WHO, Town, later, make_agent, make_dossier, make_fixed, make_town

pytestmark = pytest.mark.django_db

PERSON = {"kind": "person", "first_name": "Rose", "last_name": "Quint", "email": "", "address": "1 rue Haute"}


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(later(30), tick=False)
    return make_town()


@pytest.fixture
def form(town: Town) -> FormVersion:
    fields = [
        FormField(key="enfant", label="Prénom de l’enfant"),
        FormField(key="piece", label="Attestation", kind=FieldKind.FILE),
        MEALS,
    ]
    return catalogue.publish_form(scheme_id=town.scheme.pk, fields=fields, actor=WHO, at=later(1))


@pytest.fixture
def rose(town: Town) -> Citizen:
    return directory.register_citizen(values=PERSON, user_id=None, actor=WHO, at=later(2))


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.agent)


def filled(form: FormVersion, **changes: Any) -> dict[str, Any]:
    values = {
        "request_key": texts.token(),
        "form_id": str(form.pk),
        "answer_enfant": "Zoé",
        "answer_piece": SimpleUploadedFile("attestation.pdf", PDF),
        "answer_repas": "16",
    }
    return {name: value for name, value in (values | changes).items() if value is not None}


def test_a_dossier_is_filed_for_somebody_numbered_and_said_to_be_of_the_counter(
    town: Town, form: FormVersion, rose: Citizen, client: Client
) -> None:
    assert "Ouvrir un dossier" in text_of(get(client, "citizen", rose.pk))
    assert town.scheme.name in text_of(get(client, "citizen_schemes", rose.pk))
    page = text_of(get(client, "citizen_apply", rose.pk, town.scheme.pk))
    assert "Prénom de l’enfant" in page and "sera à imprimer" in page
    assert "Votre demande" not in page and "vous sera adressée" not in page

    answer = client.post(url("citizen_apply", rose.pk, town.scheme.pk), filled(form), follow=True)

    dossier = Dossier.objects.get()
    assert (dossier.citizen, dossier.state, dossier.submitted_at) == (rose, "submitted", later(30))
    assert dossier.answers == {"enfant": "Zoé", "repas": 16}
    assert Attachment.objects.get().name == "attestation.pdf" and Estimate.objects.get().total_cents == 5200
    assert f"le dossier {dossier.reference} est déposé pour Rose Quint" in text_of(answer)
    record = Record.objects.get(verb="dossier.file")
    assert record.actor == town.agent.actor
    story = text_of(get(client, "dossier", dossier.pk, panneau="historique"))
    assert f"Dossier déposé au guichet 25/11/2026 12 h 30 – {town.agent.name}" in story
    assert not Message.objects.exists()


def test_it_is_then_accepted_and_billed_by_the_ordinary_screens_and_the_invoice_is_to_be_printed(
    town: Town, form: FormVersion, rose: Citizen, client: Client
) -> None:
    client.post(url("citizen_apply", rose.pk, town.scheme.pk), filled(form))
    dossier = Dossier.objects.get()
    client.post(url("dossier_take", dossier.pk))
    client.post(url("dossier_accept", dossier.pk), {"reason": ""})
    version = town.scheme.pricings.latest("id")
    sent = {
        "type": town.type.pk,
        "period": "novembre 2026",
        "request_key": texts.token(),
        "version": version.pk,
        "on": "2026-11-25",
        "r-repas": "16",
        "r-majoration": "0",
        "q-repas": "16",
        "shown": "5200",
    }
    answer = client.post(url("generate_invoice", dossier.pk), sent, follow=True)
    invoice = Invoice.objects.exclude(number=None).get()
    assert (invoice.payer, invoice.total_cents) == (rose, 5200)
    assert "elle attend dans « Courriers à poster »" in text_of(answer)
    assert url("invoice_pdf", invoice.pk) in answer.content.decode()
    shown = text_of(get(client, "invoice", invoice.pk))
    assert "tout lui est écrit sur papier" in shown and "la facture attend dans « Courriers à poster »" in shown
    assert not Message.objects.exists()


def test_who_has_an_address_is_told_and_what_they_began_themselves_stays(
    town: Town, form: FormVersion, client: Client
) -> None:
    dossiers.save_draft(
        citizen_id=town.citizen.pk, form_id=form.pk, typed={"answer_enfant": ["Léo"]}, files={}, at=later(3)
    )
    client.post(url("citizen_apply", town.citizen.pk, town.scheme.pk), filled(form))
    assert Message.objects.get().kind == "dossier_received"
    assert ApplicationDraft.objects.count() == 1


def test_a_double_click_files_once(town: Town, form: FormVersion, rose: Citizen, client: Client) -> None:
    sent = filled(form)
    for _twice in range(2):
        again = sent | {"answer_piece": SimpleUploadedFile("attestation.pdf", PDF)}
        assert client.post(url("citizen_apply", rose.pk, town.scheme.pk), again).status_code == 302
    assert Dossier.objects.count() == 1


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost_files_included(
    town: Town, form: FormVersion, rose: Citizen, client: Client
) -> None:
    place = url("citizen_apply", rose.pk, town.scheme.pk)
    answer = client.post(place, filled(form, answer_repas="beaucoup"))
    page = answer.content.decode()
    assert 'value="Zoé"' in page and 'value="beaucoup"' in page and "Fichier reçu" in text_of(answer)
    assert "en chiffres" in text_of(answer) and not Dossier.objects.exists()
    kept = page.split('name="answer_piece_kept" value="')[1].split('"')[0]
    client.post(place, filled(form, answer_piece=None, answer_piece_kept=kept))
    assert Attachment.objects.get().dossier == Dossier.objects.get()


def test_the_amount_is_told_without_filing(town: Town, form: FormVersion, rose: Citizen, client: Client) -> None:
    place = url("citizen_apply", rose.pk, town.scheme.pk)
    assert "52,00" in text_of(client.post(place, filled(form, answer_enfant="", calculer="1")))
    assert "52,00" in client.post(url("citizen_apply_amount", rose.pk, town.scheme.pk), filled(form)).content.decode()
    assert not Dossier.objects.exists()


def test_only_what_the_agent_handles_is_offered_and_the_operation_says_so_too(
    town: Town, form: FormVersion, rose: Citizen
) -> None:
    service = catalogue.configure_service(service_id=None, values={"name": "Musique"}, actor=WHO, at=later(3))
    town.scheme.service = service
    other, _form = make_fixed(town, 4200, label="Violon")
    Scheme.objects.filter(pk=other.pk).update(service=service)
    apart = make_agent(Profile.REVIEWER, email="apart@valbourg.example", all_services=False)
    service.accesses.create(agent=apart, handles=True)
    page = text_of(get(browser(apart), "citizen_schemes", rose.pk))
    assert other.name in page and "cantine" not in page
    scheme = form.scheme
    assert browser(apart).post(url("citizen_apply", rose.pk, scheme.pk), filled(form)).status_code == 404
    reader = make_agent(Profile.READER, email="lecture@valbourg.example")
    assert "Ouvrir un dossier" not in text_of(get(browser(reader), "citizen", rose.pk))
    for actor in (apart.actor, reader.actor, town.citizen.actor):
        with pytest.raises(NotAllowed):
            dossiers.submit_for(
                citizen_id=rose.pk,
                form_id=form.pk,
                request_key=texts.token(),
                filled=dossiers.Application(answers={"enfant": "Zoé"}),
                actor=actor,
                at=later(4),
            )
    assert not Dossier.objects.exists()


def test_nothing_is_filed_of_what_is_closed_nor_for_who_has_died(
    town: Town, form: FormVersion, rose: Citizen, client: Client
) -> None:
    Scheme.objects.filter(pk=town.scheme.pk).update(enabled=False)
    assert "Aucun dispositif ouvert" in text_of(get(client, "citizen_schemes", rose.pk))
    assert client.get(url("citizen_apply", rose.pk, town.scheme.pk)).status_code == 404
    Scheme.objects.filter(pk=town.scheme.pk).update(enabled=True)
    directory.record_death(citizen_id=rose.pk, deceased_on=later().date(), correspondent="", actor=WHO, at=later(4))
    assert "Ouvrir un dossier" not in text_of(get(client, "citizen", rose.pk))
    assert client.post(url("citizen_apply", rose.pk, town.scheme.pk), filled(form)).status_code == 404
    with pytest.raises(dossiers.ApplicantDeceased):
        dossiers.submit_for(
            citizen_id=rose.pk,
            form_id=form.pk,
            request_key="k",
            filled=dossiers.Application(answers={"enfant": "Zoé"}),
            actor=town.agent.actor,
            at=later(5),
        )
    assert not Dossier.objects.exists()


def test_a_dispositif_that_closes_meanwhile_is_said_to_be_closed(
    town: Town, form: FormVersion, rose: Citizen, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(**_given: object) -> None:
        raise dossiers.SchemeClosed

    monkeypatch.setattr(dossiers, "submit_for", closed)
    answer = client.post(url("citizen_apply", rose.pk, town.scheme.pk), filled(form), follow=True)
    assert "ne prend plus de demande" in text_of(answer) and make_dossier(town).number


def test_what_was_missing_is_brought_to_the_counter(
    town: Town, form: FormVersion, rose: Citizen, client: Client
) -> None:
    client.post(url("citizen_apply", rose.pk, town.scheme.pk), filled(form))
    dossier = Dossier.objects.get()
    place = url("dossier_complete", dossier.pk)
    client.post(url("dossier_take", dossier.pk))
    assert "a changé entre-temps" in text_of(client.get(place, follow=True))
    client.post(url("dossier_complement", dossier.pk), {"reason": "Il manque le quotient"})
    assert place in get(client, "dossier", dossier.pk).content.decode()
    page = text_of(get(client, "dossier_complete", dossier.pk))
    assert "Il manque le quotient" in page and "Déjà jointe : attestation.pdf" in page
    assert "obligatoire" in text_of(client.post(place, filled(form, answer_enfant=""))).lower()
    assert (
        "26,00"
        in client.post(url("dossier_complete_amount", dossier.pk), filled(form, answer_repas="8")).content.decode()
    )

    client.post(place, filled(form, answer_piece=None, answer_repas="8"))

    dossier.refresh_from_db()
    assert (dossier.state, dossier.answers["repas"], dossier.reason) == ("in_review", 8, "")
    assert Record.objects.get(verb="dossier.complete_for").actor == town.agent.actor
    assert "Complété au guichet" in text_of(get(client, "dossier", dossier.pk, panneau="historique"))
    reader = make_agent(Profile.READER, email="lecture@valbourg.example")
    for actor in (reader.actor, rose.actor):
        with pytest.raises(NotAllowed):
            dossiers.complete_for(
                dossier_id=dossier.pk, filled=dossiers.Application(answers={"enfant": "Zoé"}), actor=actor, at=later(40)
            )


def test_sensitive_answers_are_completed_by_who_may_read_them(town: Town, client: Client) -> None:
    fields = [FormField(key="sante", label="Santé", sensitive=True)]
    form = catalogue.publish_form(scheme_id=town.scheme.pk, fields=fields, actor=WHO, at=later(1))
    client.post(url("citizen_apply", town.citizen.pk, town.scheme.pk), {"form_id": form.pk, "answer_sante": "Asthme"})
    dossier = Dossier.objects.get()
    dossiers.take(dossier_id=dossier.pk, agent_id=town.agent.pk, actor=WHO, at=later(2))
    dossiers.ask_complement(dossier_id=dossier.pk, reason="Précisez", actor=WHO, at=later(3))
    assert "Asthme" in get(client, "dossier_complete", dossier.pk).content.decode()
    blind = browser(make_agent(Profile.ADMINISTRATOR, email="aveugle@valbourg.example"))
    assert blind.get(url("dossier_complete", dossier.pk)).status_code == 404
    assert "Compléter au guichet" not in text_of(get(blind, "dossier", dossier.pk))
