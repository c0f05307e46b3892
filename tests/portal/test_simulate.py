"""« Simuler le prix »: without an account, what a dispositif would cost. Nothing is recorded, nothing else is shown."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html

from obole.catalogue import operations as catalogue
from obole.catalogue.models import Scheme
from obole.pricing.model import parts as p
from obole.pricing.model.parts import Pricing
from tests.billing.priced import publish
from tests.portal.conftest import row_counts
from tests.pricing.build import a, fixed, line, number, product
from tests.pricing.dispositifs import HALL, SCHOOL
from tests.world import NOON, WHO, Town

pytestmark = pytest.mark.django_db
HALL_SAID = {
    "r-demandeur": "résident",
    "r-duree": "week-end",
    "r-du": "2026-12-12",
    "r-cuisine": "yes",
    "r-couverts": "80",
}
FAMILY_SAID = {
    "r-qf": "842",
    "r-resident": "yes",
    "n-enfants": "3",
    "r-enfants-0-prenom": "Léa",
    "r-enfants-0-repas": "16",
    "r-enfants-0-soirs": "24",
    "r-enfants-0-hors_delai": "1",
    "r-enfants-1-repas": "16",
    "r-enfants-2-repas": "14",
}


def configure(town: Town, **values: Any) -> None:
    catalogue.configure_scheme(scheme_id=town.scheme.pk, values=values, actor=WHO, at=NOON)


@pytest.fixture
def offered(town: Town) -> Town:
    publish(town, HALL)
    configure(town, simulator=True)
    return town


@pytest.fixture
def anybody() -> Client:
    return Client()


def address(town: Town, end: str = "") -> str:
    return f"/demarches/{town.scheme.public_id}/simuler/{end}"


def words_of(answer: Any, *, code: int = 200) -> str:
    assert answer.status_code == code
    page = html.fromstring(answer.content.decode())
    return " ".join(" ".join(page.xpath("//text()")).replace("\u202f", " ").replace("\u00a0", " ").split())


def test_only_the_citizens_questions_are_asked(offered: Town, anybody: Client) -> None:
    page = html.fromstring(anybody.get(address(offered)).content.decode())
    names = {item.get("name") for item in page.xpath("//main//*[@name]")}
    assert names == {"r-demandeur", "r-duree", "r-du", "r-cuisine", "r-couverts", "csrfmiddlewaretoken"}
    (link,) = page.xpath("//main//a[contains(@class, 'btn-primary')]/@href")
    assert link == f"/demarches/{offered.scheme.public_id}/demande/"


def test_the_answers_come_to_an_amount_and_nothing_is_recorded(offered: Town, anybody: Client) -> None:
    before = row_counts()
    for end in ("", "montant/"):
        said = words_of(anybody.post(address(offered, end), HALL_SAID))
        assert (
            "Montant provisoire 526,00 €" in said
            and "Pourquoi ce montant ?" in said
            and "L’agent complétera « Deja »" in said
        )
        assert "Acompte de 30 % : 157,80 €" in said and "Caution « Dégâts » : 800,00 €, à part, non encaissée." in said
    assert row_counts() == before and not anybody.session.keys()


def test_a_blank_page_asks_and_marks_nothing(offered: Town, anybody: Client) -> None:
    answer = anybody.get(address(offered))
    assert "Répondez à « Demandeur », « Duree », « Du », « Cuisine » pour connaître le montant." in words_of(answer)
    assert "field-error" not in answer.content.decode() and "0,00 €" not in words_of(answer)


@pytest.mark.parametrize("wrong", ["vingt", "-3", "1,5", "1e9", "\x00", "🎉", "9" * 300, "\u202e9"])
def test_what_cannot_be_read_is_said_at_its_field(offered: Town, anybody: Client, wrong: str) -> None:
    answer = anybody.post(address(offered), {**HALL_SAID, "r-couverts": wrong})
    said = words_of(answer)
    assert "Montant pas encore connu" in said and "Total" not in said
    marked = html.fromstring(answer.content.decode()).xpath("//*[contains(@class, 'field-wrong')]//label")
    assert [" ".join(item.text_content().split()) for item in marked] == ["Couverts (facultatif)"]


def test_a_family_adds_and_takes_away_children(town: Town, anybody: Client) -> None:
    publish(town, SCHOOL)
    configure(town, simulator=True)
    assert "158,88 €" in words_of(anybody.post(address(town), FAMILY_SAID))
    said = words_of(anybody.post(address(town), {**FAMILY_SAID, "plus-enfants": "1"}))
    assert "158,88 €" in said and "Enfant 4" in said
    assert "122,48 €" in words_of(anybody.post(address(town), {**FAMILY_SAID, "minus-enfants": "2"}))


@pytest.mark.parametrize(
    "values", [{"simulator": False}, {"enabled": False}, {"simulator": True, "enabled": False}], ids=str
)
def test_it_is_not_there_when_it_is_off_or_closed(offered: Town, anybody: Client, values: dict[str, bool]) -> None:
    configure(offered, **values)
    for call in (anybody.get(address(offered)), anybody.post(address(offered), HALL_SAID)):
        assert call.status_code == 404
    assert anybody.post(address(offered, "montant/"), HALL_SAID).status_code == 404
    answer = anybody.get(f"/demarches/{offered.scheme.public_id}/")
    assert "simuler" not in answer.content.decode()


def test_it_is_not_there_without_a_pricing_nor_in_a_closed_prestation(town: Town, anybody: Client) -> None:
    configure(town, simulator=True)
    bare = Scheme.objects.create(service=town.scheme.service, name="Sans prix", simulator=True)
    catalogue.publish_form(scheme_id=bare.pk, fields=town.form.form_fields, actor=WHO, at=NOON)
    assert anybody.get(f"/demarches/{bare.public_id}/simuler/").status_code == 404
    assert "simuler" not in anybody.get(f"/demarches/{bare.public_id}/").content.decode()
    publish(town, HALL)
    assert anybody.get(address(town)).status_code == 200
    assert "simuler" in anybody.get(f"/demarches/{town.scheme.public_id}/").content.decode()
    catalogue.configure_service(service_id=town.scheme.service_id, values={"enabled": False}, actor=WHO, at=NOON)
    assert anybody.get(address(town)).status_code == 404
    assert anybody.get("/demarches/n-existe-pas/simuler/").status_code == 404


def test_it_is_off_until_somebody_turns_it_on(town: Town, anybody: Client) -> None:
    publish(town, HALL)
    assert anybody.get(address(town)).status_code == 404


def test_other_methods_and_other_sites_are_refused(offered: Town) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(address(offered), HALL_SAID).status_code == 403
    assert strict.put(address(offered)).status_code in {403, 405}
    assert strict.get(address(offered, "montant/")).status_code == 405


def test_rows_are_no_more_than_an_application_may_have(town: Town, anybody: Client) -> None:
    """An administrator may allow two hundred rows; a page that anybody may ask for does not make them."""
    groups = (replace(SCHOOL.groups[0], most=200),)
    publish(town, replace(SCHOOL, groups=groups))
    configure(town, simulator=True)
    for count in ("5000", "200", "21", "-1", "٣", "1" * 400):
        page = html.fromstring(anybody.post(address(town), {**FAMILY_SAID, "n-enfants": count}).content.decode())
        assert len(page.xpath("//fieldset[contains(@class, 'answer-row')]")) in {1, 20}
    many = {f"r-enfants-{n}-repas": "1" for n in range(1500)}
    assert anybody.post(address(town), {**FAMILY_SAID, **many}).status_code == 400


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "👩‍👧", "\u202eזיא", "%(names)s"])
def test_hostile_names_are_text(town: Town, anybody: Client, name: str) -> None:
    publish(town, SCHOOL)
    configure(town, simulator=True)
    answer = anybody.post(address(town), {**FAMILY_SAID, "r-enfants-0-prenom": name})
    assert answer.status_code == 200 and "<img src=x" not in answer.content.decode()


def test_labels_of_any_script_are_shown(town: Town, anybody: Client) -> None:
    publish(
        town,
        Pricing(
            questions=(p.Question(key="q", label="שאלה 🎪", kind=p.QuestionKind.NUMBER),),
            tariffs=(fixed("x", 100),),
            products=(product("x"),),
            lines=(line("x", label="مرحبا 🎉", quantity=a("q")),),
        ),
    )
    configure(town, simulator=True)
    said = words_of(anybody.post(address(town), {"r-q": "3"}))
    assert "مرحبا 🎉" in said and "Montant estimé 3,00 €" in said


def test_a_pricing_that_asks_nothing_of_citizens_says_what_is_sure(town: Town, anybody: Client) -> None:
    publish(
        town,
        Pricing(
            questions=(replace(number("q"), asked_of=p.AskedOf.AGENT),),
            tariffs=(fixed("x", 100),),
            products=(product("x"),),
            lines=(line("x", quantity=a("q")),),
        ),
    )
    configure(town, simulator=True)
    said = words_of(anybody.get(address(town)))
    assert "L’agent complétera « Q »." in said and "Montant pas encore connu" in said and "0,00 €" not in said


def test_twenty_children_cost_no_more_queries_than_one(town: Town, anybody: Client) -> None:
    publish(town, SCHOOL)
    configure(town, simulator=True)
    anybody.get(address(town))
    counts = []
    for rows in (1, 20):
        said = {**FAMILY_SAID, "n-enfants": str(rows), **{f"r-enfants-{n}-repas": "1" for n in range(rows)}}
        for end in ("", "montant/"):
            with CaptureQueriesContext(connection) as asked:
                anybody.post(address(town, end), said)
            counts.append(len(asked))
    assert counts[:2] == counts[2:] and counts[1] <= 4
