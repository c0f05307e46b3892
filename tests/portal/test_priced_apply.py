"""
Applying where a pricing makes the amount: said while one types, kept when it is sent, and never a promise that is
wrong.
"""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html

from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.models import FormVersion
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier, Estimate
from obole.lib import texts
from obole.pricing.model.parts import Pricing
from tests.billing.priced import publish
from tests.portal.conftest import row_counts, text_of
from tests.portal.priced import CANTEEN_FORM, FAMILY_TYPED, HALL_FORM, HALL_TYPED
from tests.pricing.build import a, fixed, line, number, product
from tests.pricing.dispositifs import HALL, SCHOOL, TAXED_HALL
from tests.world import NOON, WHO, Town

pytestmark = pytest.mark.django_db


def publish_form(town: Town, fields: tuple[FormField, ...]) -> FormVersion:
    return catalogue.publish_form(scheme_id=town.scheme.pk, fields=fields, actor=WHO, at=NOON)


@pytest.fixture
def hall(town: Town) -> FormVersion:
    publish(town, HALL)
    return publish_form(town, HALL_FORM)


@pytest.fixture
def canteen(town: Town) -> FormVersion:
    publish(town, SCHOOL)
    return publish_form(town, CANTEEN_FORM)


def address(town: Town, end: str = "") -> str:
    return f"/demarches/{town.scheme.public_id}/demande/{end}"


def sent(form: FormVersion, typed: dict[str, str], **changes: str) -> dict[str, str]:
    return {"request_key": texts.token(), "form_id": str(form.pk), **typed, **changes}


def words_of(answer: Any, *, code: int = 200) -> str:
    assert answer.status_code == code
    page = html.fromstring(answer.content.decode() or "<p></p>")
    return " ".join(" ".join(page.xpath("//text()")).replace("\u202f", " ").replace("\u00a0", " ").split())


def amount(town: Town, browser: Client, form: FormVersion, typed: dict[str, str], **changes: str) -> str:
    return words_of(browser.post(address(town, "montant/"), sent(form, typed, **changes)))


def submit(town: Town, browser: Client, form: FormVersion, typed: dict[str, str], **changes: str) -> Dossier:
    answer = browser.post(address(town), sent(form, typed, **changes))
    assert answer.status_code == 303, words_of(answer)
    return Dossier.objects.latest("pk")


def test_no_product_is_asked_where_a_pricing_makes_the_amount(town: Town, browser: Client) -> None:
    publish(town)
    page = text_of(browser.get(f"/demarches/{town.scheme.public_id}/"))
    assert "3,25" not in page and "Le tarif dépend de votre situation" in page
    page = text_of(browser.get(address(town)))
    assert "3,25" not in page and "Quantités" not in page and "0,00" not in page
    assert "Montant pas encore connu" in page and "L’agent complétera « Qf », « Resident »," in page


def test_a_blank_form_asks_and_promises_nothing(town: Town, browser: Client, hall: FormVersion) -> None:
    page = words_of(browser.get(address(town)))
    assert (
        "Répondez à « Demandeur », « Durée », « Premier jour », « Avec la cuisine » pour connaître le montant." in page
    )
    assert "Montant pas encore connu" in page and "0,00 €" not in page and "Total" not in page


def test_the_amount_is_said_while_one_types(town: Town, browser: Client, hall: FormVersion) -> None:
    before = row_counts()
    said = amount(town, browser, hall, HALL_TYPED)
    for item in (
        "Montant provisoire 526,00 €",
        "320,00 €",
        "80 couvert",
        "1,20 €",
        "96,00 €",
        "Chauffage",
        "Pourquoi ce montant ?",
        "Acompte de 30 % : 157,80 € ; solde : 368,20 €.",
        "Caution « Dégâts » : 800,00 €, à part, non encaissée.",
        "L’agent complétera « Deja », « Casse »",
        "délibération n°",
    ):
        assert item in said, item
    assert row_counts() == before


def test_a_screen_reader_hears_the_amount_and_not_the_table(town: Town, browser: Client, hall: FormVersion) -> None:
    answer = browser.post(address(town, "montant/"), sent(hall, HALL_TYPED))
    (heard,) = html.fromstring(answer.content.decode()).xpath("//*[@id='montant-dit'][@hx-swap-oob]")
    assert "526,00" in heard.text_content() and "Chauffage" not in heard.text_content()
    page = html.fromstring(browser.get(address(town)).content.decode())
    assert page.xpath("//*[@id='montant-dit'][@aria-live='polite']") and not page.xpath("//*[@hx-swap-oob]")


def test_the_button_calculates_without_javascript(town: Town, browser: Client, hall: FormVersion) -> None:
    values = sent(hall, HALL_TYPED, calculer="1", answer_objet="")
    answer = browser.post(address(town), values)
    assert "526,00 €" in words_of(answer) and "form-errors" not in answer.content.decode()
    assert not Dossier.objects.exists()


def test_what_lacks_is_asked_for_and_no_error_is_marked(town: Town, browser: Client, hall: FormVersion) -> None:
    answer = browser.post(address(town), sent(hall, HALL_TYPED, calculer="1", answer_du=""))
    said = words_of(answer)
    assert (
        "Répondez à « Premier jour » pour connaître le montant." in said
        and "field-error" not in answer.content.decode()
    )
    assert "526,00" not in said and "476,00" not in said and "Total" not in said and "Cuisine" in said


@pytest.mark.parametrize("wrong", ["vingt", "-3", "1,5", "٣", "1e9", "99999999999999999999", "\x00", "🎉"])
def test_what_cannot_be_read_makes_no_amount(town: Town, browser: Client, hall: FormVersion, wrong: str) -> None:
    said = amount(town, browser, hall, HALL_TYPED, answer_couverts=wrong)
    assert "Corrigez « Couverts » pour connaître le montant." in said and "Total" not in said


def test_huge_quantities_are_a_sentence(town: Town, browser: Client, hall: FormVersion) -> None:
    for huge in ("999999999", "9999999"):
        said = amount(town, browser, hall, HALL_TYPED, answer_couverts=huge)
        assert "Montant pas encore connu" in said and "Total" not in said
    submit(town, browser, hall, HALL_TYPED, answer_couverts="9999999")
    assert Estimate.objects.get().total_cents is None


def test_the_family_of_the_handbook(town: Town, browser: Client, canteen: FormVersion) -> None:
    assert "Montant provisoire 158,88 €" in amount(town, browser, canteen, FAMILY_TYPED)
    dossier = submit(town, browser, canteen, FAMILY_TYPED)
    kept = Estimate.objects.get(dossier=dossier)
    assert (kept.total_cents, kept.complete, kept.result["total_cents"]) == (158_88, False, 158_88)
    page = words_of(browser.get(f"/mes-demarches/{dossier.public_id}/"))
    assert "Estimation au 25/11/2026" in page and "158,88 €" in page and page.count("Pourquoi ce montant ?") == 5
    assert "2ᵉ enfant : 3,25 €, −10 % = 2,925 €, arrondi à 2,93 €." in page


def test_a_row_more_keeps_the_amount(town: Town, browser: Client, canteen: FormVersion) -> None:
    said = words_of(browser.post(address(town), sent(canteen, FAMILY_TYPED, ajouter="enfants")))
    assert "158,88 €" in said and "Enfant 4" in said
    said = words_of(browser.post(address(town), sent(canteen, FAMILY_TYPED, retirer="enfants:2")))
    assert "122,48 €" in said


def test_vat_and_the_total_stand_under_the_lines(town: Town, browser: Client) -> None:
    publish(town, TAXED_HALL)
    said = words_of(browser.get(address(town)))
    assert "Total HT" in said and "TVA 20 % sur 450,00 € 90,00 €" in said and "Total TTC 540,00 €" in said
    assert "Montant estimé 540,00 €" in said


def test_a_complement_is_priced_again_and_the_first_estimate_stays(
    town: Town, browser: Client, hall: FormVersion
) -> None:
    dossier = submit(town, browser, hall, HALL_TYPED)
    dossiers.take(dossier_id=dossier.pk, agent_id=town.agent.pk, actor=WHO, at=NOON)
    dossiers.ask_complement(dossier_id=dossier.pk, reason="Combien ?", actor=WHO, at=NOON)
    edit = f"/mes-demarches/{dossier.public_id}/completer/"
    assert "526,00 €" in words_of(browser.get(edit))
    typed = {**HALL_TYPED, "answer_couverts": "10"}
    assert "442,00 €" in words_of(browser.post(f"{edit}montant/", typed))
    assert browser.post(edit, typed).status_code == 303
    assert list(Estimate.objects.order_by("pk").values_list("total_cents", flat=True)) == [526_00, 442_00]
    page = words_of(browser.get(f"/mes-demarches/{dossier.public_id}/"))
    assert "442,00 €" in page and "526,00 €" not in page


def test_an_estimate_never_changes(town: Town, browser: Client, hall: FormVersion) -> None:
    submit(town, browser, hall, HALL_TYPED)
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        Estimate.objects.update(total_cents=1)
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        Estimate.objects.all().delete()


def test_what_was_told_stays_when_prices_change(town: Town, browser: Client, hall: FormVersion) -> None:
    dossier = submit(town, browser, hall, HALL_TYPED)
    browser.get(f"/mes-demarches/{dossier.public_id}/")
    page = words_of(browser.get(f"/mes-demarches/{dossier.public_id}/"))
    publish(town, TAXED_HALL)
    assert words_of(browser.get(f"/mes-demarches/{dossier.public_id}/")) == page and "526,00 €" in page


def test_the_same_form_sent_twice_is_estimated_once(town: Town, browser: Client, hall: FormVersion) -> None:
    values = sent(hall, HALL_TYPED)
    assert [browser.post(address(town), values).status_code for _n in range(2)] == [303, 303]
    assert Estimate.objects.count() == 1


def test_an_application_that_cannot_be_priced_is_filed_all_the_same(town: Town, browser: Client) -> None:
    publish(town)
    form = publish_form(town, (FormField(key="enfant", label="Prénom"),))
    dossier = submit(town, browser, form, {"answer_enfant": "Zoé"})
    kept = Estimate.objects.get()
    assert kept.total_cents is None or kept.told["pending"]
    page = words_of(browser.get(f"/mes-demarches/{dossier.public_id}/"))
    assert "Estimation au 25/11/2026" in page and "L’agent complétera" in page


def test_nobody_computes_on_another_citizens_application(
    town: Town, browser: Client, stranger: Client, hall: FormVersion
) -> None:
    dossier = submit(town, browser, hall, HALL_TYPED)
    assert stranger.post(f"/mes-demarches/{dossier.public_id}/completer/montant/", HALL_TYPED).status_code == 404
    assert stranger.get(f"/mes-demarches/{dossier.public_id}/").status_code == 404


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "👨‍👩‍👧 Zoé", "\u202eEnfant\u202c", "שרה", "Z\u0308oe" * 20, "%(names)s {0}"]
)
def test_hostile_names_are_text(town: Town, browser: Client, canteen: FormVersion, name: str) -> None:
    answer = browser.post(address(town, "montant/"), sent(canteen, FAMILY_TYPED, **{"answer_enfants-0-prenom": name}))
    said = words_of(answer)
    assert "158,88 €" in said and "<script>alert" not in answer.content.decode() and "\u202e" not in said
    dossier = submit(town, browser, canteen, FAMILY_TYPED, **{"answer_enfants-0-prenom": name})
    assert "158,88 €" in words_of(browser.get(f"/mes-demarches/{dossier.public_id}/"))


def test_five_thousand_rows_are_brought_back_to_what_a_form_holds(
    town: Town, browser: Client, canteen: FormVersion
) -> None:
    many = {**FAMILY_TYPED, "answer_enfants-rows": "5000"}
    assert "Total" not in amount(town, browser, canteen, many)
    many |= {f"answer_enfants-{n}-repas": "1" for n in range(900)}
    assert (
        browser.post(address(town, "montant/"), sent(canteen, {**many, "answer_enfants-rows": "900"})).status_code
        == 200
    )
    many |= {f"answer_enfants-{n}-soirs": "1" for n in range(900)}
    assert browser.post(address(town, "montant/"), sent(canteen, many)).status_code == 400


def test_two_hundred_lines_are_shown(town: Town, browser: Client) -> None:
    keys = [f"l{n}" for n in range(200)]
    publish(
        town,
        Pricing(
            questions=(number("q", decimals=3),),
            tariffs=(fixed("x", 333),),
            products=(product("x", decimals=3),),
            lines=tuple(line(key, label=f"🎪 {key}", product="x", quantity=a("q")) for key in keys),
        ),
    )
    form = publish_form(town, (FormField(key="q", label="Q", kind=FieldKind.DECIMAL, decimals=3),))
    assert "Montant estimé 666,00 €" in amount(town, browser, form, {"answer_q": "1"})


def test_twenty_children_cost_no_more_queries_than_one(town: Town, browser: Client, canteen: FormVersion) -> None:
    one = {"answer_resident": "yes", "answer_enfants-rows": "1", "answer_enfants-0-repas": "1"}
    twenty = {**one, "answer_enfants-rows": "20", **{f"answer_enfants-{n}-repas": "2" for n in range(20)}}
    amount(town, browser, canteen, one)
    counts = []
    for typed in (one, twenty):
        with CaptureQueriesContext(connection) as asked:
            amount(town, browser, canteen, typed)
        counts.append(len(asked))
        dossier = submit(town, browser, canteen, typed)
        with CaptureQueriesContext(connection) as asked:
            browser.get(f"/mes-demarches/{dossier.public_id}/")
        counts.append(len(asked))
    assert counts[:2] == counts[2:] and counts[0] <= 12


def test_todays_tariffs_are_those_of_paris(town: Town, browser: Client, hall: FormVersion, clock: Any) -> None:
    clock.at = NOON.replace(hour=23, minute=30)
    dossier = submit(town, browser, hall, HALL_TYPED)
    assert Estimate.objects.get().result["on"] == "2026-11-26"
    clock.pass_(hours=1)
    assert "Estimation au 26/11/2026" in words_of(browser.get(f"/mes-demarches/{dossier.public_id}/"))


def test_a_closed_dispositif_computes_nothing(town: Town, browser: Client, hall: FormVersion) -> None:
    values = {"enabled": False}
    catalogue.configure_scheme(scheme_id=town.scheme.pk, values=values, actor=WHO, at=NOON)
    assert browser.post(address(town, "montant/"), sent(hall, HALL_TYPED)).status_code == 410


def test_the_button_marks_no_group_that_has_too_few_rows(town: Town, browser: Client) -> None:
    publish(town, SCHOOL)
    form = publish_form(
        town, tuple(replace(item, least_rows=1) if item.key == "enfants" else item for item in CANTEEN_FORM)
    )
    answer = browser.post(
        address(town), sent(form, {"answer_resident": "yes", "answer_enfants-rows": "0"}, calculer="1")
    )
    said = words_of(answer)
    assert "field-error" not in answer.content.decode() and "Répondez à « Enfants » pour connaître le montant." in said
    assert "ajoutez-en au moins 1" in words_of(
        browser.post(address(town), sent(form, {"answer_resident": "yes", "answer_enfants-rows": "0"}))
    )
