"""« Mes démarches »: the list, one application, completing it, giving it up, its files."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Attachment, Dossier
from tests.portal.conftest import PDF, Clock, bill, row_counts, text_of
from tests.world import WHO, Town, canteen, later, make_dossier, make_invoice, publish

pytestmark = pytest.mark.django_db


def send_back(dossier: Dossier) -> Dossier:
    return dossiers.ask_complement(
        dossier_id=dossier.pk, reason="Merci de préciser\nl’école.", actor=WHO, at=later(minutes=1)
    )


def complete(browser: Client, dossier: Dossier, **changes: object) -> object:
    values = {"answer_enfant": "Zoé", "answer_ecole": "Les Tilleuls", "answer_remarque": "Voilà"} | changes
    return browser.post(f"/mes-demarches/{dossier.public_id}/completer/", values)


def test_an_empty_list_says_what_will_come(browser: Client) -> None:
    page = text_of(browser.get("/mes-demarches/"))
    assert "Aucune demande pour l’instant" in page and "/demarches/" in page


def test_the_list_says_what_to_do_next(town: Town, browser: Client) -> None:
    send_back(make_dossier(town))
    bill(town, 5000)
    page = text_of(browser.get("/mes-demarches/"))
    assert page.index("À compléter") < page.index("En cours d’examen")
    assert "complétez votre demande" in page
    assert "1 facture à payer." in page


@pytest.mark.parametrize(
    ("verb", "sentence"), [("accept", "Votre demande est acceptée."), ("reject", "n’a pas pu être acceptée")]
)
def test_the_answer_of_the_service_is_read(town: Town, browser: Client, verb: str, sentence: str) -> None:
    dossier = make_dossier(town)
    getattr(dossiers, verb)(dossier_id=dossier.pk, reason="Place disponible.", actor=WHO, at=later(1))
    page = text_of(browser.get(f"/mes-demarches/{dossier.public_id}/"))
    assert sentence in page and "Ce que répond le service" in page and "Place disponible." in page
    assert "Compléter ma demande" not in page and "Retirer ma demande" not in page


def test_an_application_shows_its_answers_its_amount_and_its_story(town: Town, browser: Client) -> None:
    invoice = make_invoice(town)
    assert invoice.dossier is not None
    page = text_of(browser.get(f"/mes-demarches/{invoice.dossier.public_id}/"))
    for text in ("Zoé", "Jules-Ferry", "Sans réponse", "16", "52,00 €", "Un agent examine votre demande"):
        assert text in page
    assert f"/mes-factures/{invoice.public_id}/" in page
    assert "agent@" not in page and WHO.name not in page


def test_completing_sends_the_application_back_to_review(town: Town, browser: Client) -> None:
    dossier = send_back(make_dossier(town))
    page = text_of(browser.get(f"/mes-demarches/{dossier.public_id}/completer/"))
    assert "Merci de préciser" in page and 'value="Zoé"' in page and 'value="16"' in page
    response = complete(browser, dossier, answer_repas="10")
    assert response.status_code == 303  # type: ignore[attr-defined]
    dossier.refresh_from_db()
    assert (dossier.state, dossier.answers["ecole"]) == ("in_review", "Les Tilleuls")
    assert dossier.answers["repas"] == 10
    page = text_of(browser.get(f"/mes-demarches/{dossier.public_id}/"))
    assert "Votre demande est complétée" in page and "Vous avez complété votre demande" in page


def test_completing_keeps_the_form_as_it_was_at_the_prices_of_the_day(town: Town, browser: Client) -> None:
    dossier = send_back(make_dossier(town))
    publish(town.scheme, canteen(meal_cents=350), at=later(2))
    catalogue.publish_form(
        scheme_id=town.scheme.pk, fields=[FormField(key="neuf", label="Question neuve")], actor=WHO, at=later(2)
    )
    page = text_of(browser.get(f"/mes-demarches/{dossier.public_id}/completer/"))
    assert "56,00 €" in page and "Question neuve" not in page
    address = f"/mes-demarches/{dossier.public_id}/completer/montant/"
    assert "7,00 €" in text_of(browser.post(address, {"answer_repas": "2"}))


def test_a_wrong_complement_changes_nothing(town: Town, browser: Client) -> None:
    dossier = send_back(make_dossier(town))
    before = row_counts()
    response = complete(browser, dossier, answer_enfant="", answer_repas="-1")
    page = text_of(response)
    assert "2 points sont à corriger" in page and "Voilà" in page
    assert row_counts() == before
    dossier.refresh_from_db()
    assert dossier.state == "incomplete"


def test_only_what_was_asked_for_can_be_completed(town: Town, browser: Client) -> None:
    dossier = make_dossier(town)
    before = row_counts()
    for response in (browser.get(f"/mes-demarches/{dossier.public_id}/completer/"), complete(browser, dossier)):
        assert (response.status_code, response["Location"]) == (  # type: ignore[attr-defined,index]
            303,
            f"/mes-demarches/{dossier.public_id}/",
        )
    assert row_counts() == before


def test_a_file_given_once_is_not_asked_for_again(town: Town, browser: Client) -> None:
    town.form = catalogue.publish_form(
        scheme_id=town.scheme.pk,
        fields=[FormField(key="piece", label="Attestation", kind=FieldKind.FILE)],
        actor=WHO,
        at=later(1),
    )
    address = f"/demarches/{town.scheme.public_id}/demande/"
    quantity = {"answer_repas": "1"}
    browser.post(address, quantity | {"answer_piece": SimpleUploadedFile("é à.pdf", PDF)})
    dossier = dossiers.take(dossier_id=Dossier.objects.get().pk, agent_id=town.agent.pk, actor=WHO, at=later(1))
    send_back(dossier)
    page = text_of(browser.get(f"/mes-demarches/{dossier.public_id}/completer/"))
    assert "Déjà jointe : é à.pdf" in page
    assert browser.post(f"/mes-demarches/{dossier.public_id}/completer/", quantity).status_code == 303
    assert Attachment.objects.count() == 1


def test_a_file_is_handed_back_privately(town: Town, browser: Client, stranger: Client) -> None:
    test_a_file_given_once_is_not_asked_for_again(town, browser)
    attachment = Attachment.objects.select_related("dossier").get()
    address = f"/mes-demarches/{attachment.dossier.public_id}/pieces/{attachment.public_id}/"
    response = browser.get(address)
    assert response.content == PDF
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert set(response["Cache-Control"].split(", ")) == {"private", "no-store"}
    assert stranger.get(address).status_code == 404


def test_withdrawing_asks_first(town: Town, browser: Client, clock: Clock) -> None:
    dossier = make_dossier(town)
    address = f"/mes-demarches/{dossier.public_id}/retirer/"
    before = row_counts()
    assert "Vous ne pourrez pas revenir en arrière" in text_of(browser.get(address))
    assert row_counts() == before
    assert browser.post(address).status_code == 303
    dossier.refresh_from_db()
    assert dossier.state == "withdrawn"
    assert "Vous avez retiré cette demande." in text_of(browser.get(f"/mes-demarches/{dossier.public_id}/"))


def test_a_decided_application_cannot_be_withdrawn(town: Town, browser: Client) -> None:
    dossier = make_dossier(town)
    dossiers.accept(dossier_id=dossier.pk, reason="", actor=WHO, at=later(1))
    address = f"/mes-demarches/{dossier.public_id}/retirer/"
    assert "ne peut plus être retirée" in text_of(browser.get(address))
    before = row_counts()
    assert "ne peut plus être retirée" in text_of(browser.post(address, follow=True))
    assert row_counts() == before


def test_the_list_costs_the_same_however_long(town: Town, browser: Client, django_assert_num_queries: object) -> None:
    make_dossier(town)
    # The first page of a session asks once whether an agent is there.
    browser.get("/pages/cookies/")
    with django_assert_num_queries(7):  # type: ignore[operator]
        browser.get("/mes-demarches/")
    for _number in range(6):
        bill(town, 5000)
    with django_assert_num_queries(7):  # type: ignore[operator]
        browser.get("/mes-demarches/")
