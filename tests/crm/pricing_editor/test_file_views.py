"""
« Tarification » and « Simulateur »: a file is tried before it is published, and a pricing before a family sees it.
"""

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from lxml import html
from pytest_django.fixtures import DjangoAssertNumQueries

from obole.audit_log.models import Record
from obole.catalogue import operations as catalogue
from obole.catalogue.models import PricingVersion
from obole.pricing.model.parts import Pricing
from obole.pricing.text import codec
from tests.crm.desk import text_of
from tests.crm.settings_desk import Desk, errors_of, open_desk, url
from tests.pricing.dispositifs import HALL, SCHOOL, TOWN
from tests.world import NOON, WHO, later

pytestmark = pytest.mark.django_db
SENT = json.loads(json.dumps(codec.as_dict(SCHOOL)))


@pytest.fixture
def desk(time_machine: Any) -> Desk:
    time_machine.move_to(later(30), tick=False)
    return open_desk(priced=False)


def publish(desk: Desk, pricing: Pricing = SCHOOL) -> PricingVersion:
    described = json.loads(json.dumps(codec.as_dict(pricing)))
    return catalogue.publish_pricing(scheme_id=desk.town.scheme.pk, described=described, actor=WHO, at=NOON)


def post(desk: Desk, **sent: Any) -> HttpResponse:
    answer: HttpResponse = desk.client.post(
        url("settings_pricing_import", desk.town.scheme.pk), {"replaces": "0", **sent}
    )
    return answer


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("prix.json", content, content_type="application/json")


def content_of(answer: HttpResponse) -> str:
    """Return what the page's text area holds."""
    return str(html.fromstring(answer.content.decode()).xpath('//textarea[@name="content"]')[0].text or "").lstrip("\n")


def next_year() -> dict[str, Any]:
    data = deepcopy(SENT)
    new = deepcopy(data["tariffs"][1]["versions"][0])
    data["tariffs"][1]["versions"].append(
        {**new, "effect": "2027-09-01", "deliberation": "2027-33", "price": {"kind": "fixed", "cents": 126}}
    )
    return data


def test_a_file_is_tried_then_published_then_downloaded_as_it_was(desk: Desk) -> None:
    text = json.dumps(SENT, ensure_ascii=False)
    before = Record.objects.count()
    tried = post(desk, file=upload(text.encode("utf-8-sig")))
    page = text_of(tried)
    assert "Ce qui change" in page and "Tarif « Enfance » Ajouté" in page and "701–1000 / repas — 3,25 €" in page
    assert (Record.objects.count(), PricingVersion.objects.count()) == (before, 0), "looking writes nothing"
    assert json.loads(content_of(tried)) == SENT
    done = post(desk, content=content_of(tried), publier="1")
    assert done.status_code == 302
    page = text_of(desk.get("settings_pricing", desk.town.scheme.pk))
    assert "la version 1 de la tarification est publiée" in page and "En service" in page
    version = PricingVersion.objects.get()
    assert version.created_by == desk.town.admin.actor and desk.town.admin.name in page
    file = desk.client.get(url("settings_pricing_file", version.pk))
    assert file["Content-Disposition"] == 'attachment; filename="tarification-inscription-cantine-2026-2027-v1.json"'
    assert codec.parse(json.loads(file.content)) == SCHOOL
    assert "Quotient familial" in file.content.decode() and list(json.loads(file.content))[0] == "questions"


@pytest.mark.parametrize("name", TOWN)
def test_what_is_downloaded_changes_nothing_when_it_is_sent_back(desk: Desk, name: str) -> None:
    version = publish(desk, TOWN[name])
    file = desk.client.get(url("settings_pricing_file", version.pk)).content
    tried = post(desk, file=upload(file))
    assert "Rien : c’est la tarification en service." in text_of(tried) and "Publier cette version" not in text_of(
        tried
    )


def test_a_new_vote_shows_old_new_and_change(desk: Desk) -> None:
    publish(desk)
    page = text_of(post(desk, content=json.dumps(next_year())))
    assert (
        "Tarif « Pai » Modifié" in page and "Applicable depuis le 01/09/2027, délibération n° 2027-33 : ajouté" in page
    )
    assert "1,20 € 1,26 € +5 %" in page and "Tarif « Enfance »" not in page


def test_every_problem_is_told_with_its_path_and_nothing_typed_is_lost(desk: Desk) -> None:
    wrong = deepcopy(SENT)
    wrong["lines"][0]["product"], wrong["tariffs"][0]["versions"][0]["price"]["cells"] = "cantine", [1]
    text = json.dumps(wrong, indent=1)
    for extra in ({}, {"publier": "1"}):
        answer = post(desk, content=text, **extra)
        assert answer.status_code == 200 and json.loads(content_of(answer)) == wrong
        paths = html.fromstring(answer.content.decode()).xpath("//code/text()")
        assert "lines[0]" in paths and any(path.startswith("tariffs[0].versions[0].price") for path in paths)
    assert not PricingVersion.objects.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Choisissez un fichier, ou collez son contenu."),
        (b'{"questions": [}', "ligne 1, colonne 16"),
        (b'{"lines": [], "lines": []}', "« lines » est écrit deux fois"),
        (b'{"negative": NaN}', "« NaN » n’est pas un nombre"),
        (b"[" * 100_000, "beaucoup trop imbriqué"),
        (b'{"a": ' + b"9" * 5000 + b"}", "nombre démesuré"),
        (b'{"\\ud800": 1}', "ne peut pas être gardé"),
        ("é".encode("latin-1"), "n’est pas du texte en UTF-8"),
        (b" " * 1_000_001, "trop lourd"),
    ],
)
def test_what_is_no_json_is_said_where_it_goes_wrong(desk: Desk, content: bytes, sentence: str) -> None:
    answer = post(desk, file=upload(content), content="") if content else post(desk)
    assert answer.status_code == 200 and sentence in errors_of(answer)
    assert not PricingVersion.objects.exists()


def test_a_bad_file_leaves_the_text_that_was_there(desk: Desk) -> None:
    assert content_of(post(desk, file=upload(b"\xff\xfe\x00"), content='{"mine": 1}')) == '{"mine": 1}'


def test_hostile_labels_are_shown_as_text(desk: Desk) -> None:
    data = deepcopy(SENT)
    data["tariffs"][1]["label"] = '<script>alert("é")</script>'
    answer = post(desk, content=json.dumps(data))
    assert "<script>alert(" not in answer.content.decode() and '<script>alert("é")</script>' in text_of(answer)


def test_what_another_published_meanwhile_is_shown_before_anything_is_published(desk: Desk) -> None:
    publish(desk, HALL)
    answer = post(desk, content=json.dumps(SENT), publier="1", replaces="0")
    assert "Une autre version a été publiée entre-temps" in errors_of(answer)
    assert PricingVersion.objects.count() == 1
    again = html.fromstring(answer.content.decode()).xpath('//input[@name="replaces"]/@value')
    assert again == ["1"]
    assert post(desk, content=json.dumps(SENT), publier="1", replaces="1").status_code == 302
    assert PricingVersion.objects.count() == 2


def test_the_dispositif_says_that_it_has_a_pricing(desk: Desk) -> None:
    publish(desk)
    assert "Version 1 du 25/11/2026 : elle fait le prix" in text_of(desk.get("settings_scheme", desk.town.scheme.pk))
    assert "sans tarification" not in text_of(desk.get("settings"))


FAMILY = {
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


def simulate(desk: Desk, **sent: str) -> HttpResponse:
    answer: HttpResponse = desk.client.post(
        url("settings_simulator", desk.town.scheme.pk), {"on": "2026-11-30", "version": "1", **sent}
    )
    assert answer.status_code == 200
    return answer


def test_a_family_is_simulated_and_every_line_says_why(desk: Desk) -> None:
    publish(desk)
    before = Record.objects.count()
    page = text_of(simulate(desk, **FAMILY))
    assert "Léa — Repas tranche 701–1000 Pourquoi" in page and "Enfant 2 — Repas" in page
    assert "158,88 €" in page and "46,88" in page and "2ᵉ enfant −10 %" in page
    assert "Pourquoi ce montant ?" in page and "délibération n° 2026-41 du 12/06/2026" in page
    assert "Quotient familial : 842, tranche 701–1000." in page
    assert Record.objects.count() == before


def test_rows_are_added_and_taken_away_without_losing_anything(desk: Desk) -> None:
    publish(desk)
    more = simulate(desk, **{**FAMILY, "plus-enfants": "1", "r-qf": "huit"})
    fields = dict(html.fromstring(more.content.decode()).forms[-1].form_values())
    assert fields["n-enfants"] == "4" and fields["r-enfants-0-prenom"] == "Léa" and fields["r-qf"] == "huit"
    assert "form-errors" not in more.content.decode(), "nobody asked for the sum"
    fewer = dict(
        html.fromstring(simulate(desk, **FAMILY, **{"minus-enfants": "0"}).content.decode()).forms[-1].form_values()
    )
    assert fewer["n-enfants"] == "2" and "r-enfants-2-repas" not in fewer
    assert (fewer.get("r-enfants-0-prenom"), fewer["r-enfants-0-repas"], fewer["r-enfants-1-repas"]) == (
        None,
        "16",
        "14",
    )


@pytest.mark.parametrize("count", ["", "0", "-3", "99999999", "²", "3.5", "<b>"])
def test_a_count_of_rows_that_is_none_breaks_nothing(desk: Desk, count: str) -> None:
    publish(desk)
    answer = simulate(desk, **{**FAMILY, "n-enfants": count, "minus-enfants": "999", "plus-autre": "1"})
    assert "Léa — Repas" in text_of(answer)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"r-qf": "huit cents"}, "Qf : Ce n’est pas un nombre"),
        ({"r-qf": "12.345.6"}, "Qf : Ce n’est pas un nombre"),
        ({"r-enfants-1-repas": "1,5"}, "Repas : Un nombre entier est attendu"),
        ({"r-enfants-2-repas": "-4"}, "Repas : Ce nombre est trop petit"),
        ({"r-resident": "peut-être"}, "Resident : Oui ou non est attendu"),
        ({"on": "hier"}, "Date : "),
        ({"version": "7"}, "Version : "),
        ({"r-enfants-0-absences": "900"}, "le total est négatif"),
        ({"on": "2020-01-01"}, "Repas"),
        ({"r-enfants-0-prenom": "L\u202eéa"}, "Prénom : Ce texte contient un caractère invisible"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(desk: Desk, changes: dict[str, str], sentence: str) -> None:
    publish(desk)
    assert sentence in errors_of(simulate(desk, **{**FAMILY, **changes}))


def test_an_empty_row_is_nobody_and_errors_find_their_row(desk: Desk) -> None:
    publish(desk)
    answer = simulate(
        desk,
        **{
            **FAMILY,
            **{f"r-enfants-0-{item}": "" for item in ("prenom", "repas", "soirs", "hors_delai")},
            "r-enfants-2-repas": "x",
        },
    )
    links = html.fromstring(answer.content.decode()).xpath('//*[contains(@class, "form-errors")]//a/@href')
    assert links == ["#id_r-enfants-2-repas"]
    assert "Enfant 1 — Repas" in text_of(answer), "the first child is the first that is told of"


def test_two_versions_are_compared_on_the_same_answers(desk: Desk) -> None:
    publish(desk)
    dearer = json.loads(json.dumps(SENT).replace("325", "340"))
    catalogue.publish_pricing(scheme_id=desk.town.scheme.pk, described=dearer, actor=WHO, at=NOON)
    page = text_of(simulate(desk, **FAMILY, other="2"))
    assert "Version 1 et version 2" in page and "Léa — Repas 52,00 € 54,40 € 2,40 €" in page
    assert "Total 158,88 € 165,04 € 6,16 €" in page


def test_versions_that_ask_for_other_things_are_compared_too(desk: Desk) -> None:
    publish(desk)
    publish(desk, HALL)
    page = simulate(
        desk, **FAMILY, other="2", **{"r-demandeur": "résident", "r-duree": "week-end", "r-du": "2026-12-05"}
    )
    assert "Location — 320,00 € 320,00 €" in text_of(page)


def begin(desk: Desk, pricing: Pricing, revision: int = 0) -> None:
    catalogue.edit_pricing(scheme_id=desk.town.scheme.pk, pricing=pricing, revision=revision, actor=WHO, at=NOON)


def test_a_draft_is_simulated_before_it_is_published(desk: Desk) -> None:
    """The first one too: nobody has to publish a price to see it."""
    begin(desk, replace(SCHOOL, tariffs=SCHOOL.tariffs[1:]))
    assert "ne peut pas encore être simulé" in text_of(desk.get("settings_simulator", desk.town.scheme.pk))
    begin(desk, SCHOOL, revision=1)
    assert (
        url("settings_simulator", desk.town.scheme.pk)
        in desk.get("settings_pricing", desk.town.scheme.pk).content.decode()
    )
    shown = html.fromstring(desk.get("settings_simulator", desk.town.scheme.pk).content.decode())
    assert shown.xpath('//select[@name="version"]/option/text()') == ["Brouillon"]
    assert "158,88 €" in text_of(simulate(desk, **{**FAMILY, "version": "0"}))
    assert not PricingVersion.objects.exists()


def test_a_draft_is_compared_with_the_version_in_force(desk: Desk) -> None:
    publish(desk)
    begin(desk, replace(SCHOOL, lines=SCHOOL.lines[:1]))
    shown = html.fromstring(desk.get("settings_simulator", desk.town.scheme.pk).content.decode())
    assert shown.xpath('//select[@name="version"]/option/text()') == ["Brouillon", "Version 1"]
    assert shown.xpath('//select[@name="version"]/option[@selected]/text()') == ["Brouillon"]
    page = text_of(simulate(desk, **{**FAMILY, "version": "0", "other": "1"}))
    assert "Brouillon et version 1" in page and "Total 135,28 € 158,88 € 23,60 €" in page
    assert "158,88 €" in text_of(simulate(desk, **FAMILY)), "the version in force stays as it was"


def test_a_dispositif_without_a_pricing_has_no_simulator(desk: Desk) -> None:
    assert desk.client.get(url("settings_simulator", desk.town.scheme.pk)).status_code == 404


def test_the_screens_cost_few_queries(desk: Desk, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    for pricing in (SCHOOL, HALL) * 5:
        publish(desk, pricing)
    desk.get("settings_simulator", desk.town.scheme.pk)
    with django_assert_max_num_queries(10):
        desk.get("settings_pricing_import", desk.town.scheme.pk)
    with django_assert_max_num_queries(12):
        simulate(desk, **FAMILY, other="2")
