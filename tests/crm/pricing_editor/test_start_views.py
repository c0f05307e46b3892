"""A pricing begun in one form: a price for each of something, or an amount that is always the same."""

from typing import Any

import pytest

from obole.catalogue import operations as catalogue, queries
from obole.catalogue.models import FormDraft, PricingDraft
from obole.dossiers.models import Dossier
from tests.crm.desk import text_of, url
from tests.crm.settings_desk import Desk, errors_of, open_desk
from tests.world import NOON, WHO, bill_dossier, canteen, make_dossier, publish

pytestmark = pytest.mark.django_db
MEAL = {
    "revision": "0",
    "label": "Goûter",
    "unit": "goûter",
    "cents": "1,20",
    "asked_of": "citizen",
    "maximum": "20",
    "decimals": "0",
    "nature": "7067",
    "deliberation": "2026-41",
    "voted_on": "2026-06-18",
    "effect": "2026-09-01",
}


@pytest.fixture
def desk() -> Desk:
    return open_desk(priced=False)


def start(desk: Desk, kind: str = "quantite", **changes: str) -> Any:
    sent = {**MEAL, **changes}
    return desk.client.post(url("settings_pricing_start", desk.town.scheme.pk, kind), sent)


def publish_drafts(desk: Desk) -> None:
    pk, by = desk.town.scheme.pk, {"actor": WHO, "at": NOON}
    catalogue.publish_pricing_draft(scheme_id=pk, revision=PricingDraft.objects.get().revision, **by)  # type: ignore[arg-type]
    if FormDraft.objects.exists():
        desk.town.form = catalogue.publish_draft(scheme_id=pk, revision=FormDraft.objects.get().revision, **by)  # type: ignore[arg-type]


def billed(desk: Desk, dossier: Dossier, **more: str) -> list[tuple[Any, ...]]:
    invoice = bill_dossier(dossier, desk.town.type, **more)
    return list(invoice.lines.order_by("position").values_list("label", "quantity", "unit", "amount_cents", "nature"))


def test_a_price_by_quantity_is_ready_to_publish_and_asks_the_citizen(desk: Desk) -> None:
    page = desk.get("settings_pricing", desk.town.scheme.pk).content.decode()
    for kind in ("quantite", "montant"):
        assert url("settings_pricing_start", desk.town.scheme.pk, kind) in page
    answer = start(desk)
    assert answer["Location"].endswith("#lignes-gouter")
    following = text_of(desk.client.get(answer["Location"]))
    assert "Goûter" in following and "À corriger avant de publier" not in following
    assert "La question est ajoutée au brouillon du formulaire : publiez-le aussi." in following
    publish_drafts(desk)
    field = desk.town.form.form_fields[-1]
    assert (field.key, field.label, field.maximum, field.required) == ("gouter", "Goûter", "20", False)
    dossier = make_dossier(desk.town)
    Dossier.objects.filter(pk=dossier.pk).update(answers={**dossier.answers, "gouter": 3})
    assert billed(desk, Dossier.objects.get(pk=dossier.pk)) == [("Goûter", 3, "goûter", 360, "7067")]


def test_several_are_begun_one_after_the_other_and_the_agent_may_be_asked(desk: Desk) -> None:
    start(desk)
    start(desk, label="Surface", cents="3,20", asked_of="agent", decimals="2", revision="1")
    start(desk, "montant", label="Frais de dossier", cents="10", revision="2")
    assert [field.label for field in FormDraft.objects.get().form_fields][-2:] == ["Repas", "Goûter"]
    publish_drafts(desk)
    lines = billed(desk, make_dossier(desk.town), gouter="1", surface="18,5")
    assert [(label, cents) for label, _quantity, _unit, cents, _nature in lines] == [
        ("Goûter", 120),
        ("Surface", 5920),
        ("Frais de dossier", 1000),
    ]


def test_a_name_that_the_form_had_is_not_taken_again(desk: Desk) -> None:
    start(desk, label="Repas")
    assert [field.key for field in FormDraft.objects.get().form_fields][-2:] == ["repas", "repas_2"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"label": ""}, "Ce champ est obligatoire."),
        ({"cents": "0"}, "d’au moins"),
        ({"cents": "100000,01"}, "d’au plus"),
        ({"cents": "gratuit"}, "Saisissez un montant en euros"),
        ({"maximum": "0"}, "supérieur ou égal"),
        ({"decimals": "7"}, "choix valide"),
        ({"asked_of": "personne"}, "choix valide"),
        ({"deliberation": ""}, "Ce champ est obligatoire."),
        ({"effect": "hier"}, "date"),
        ({"unit": "x" * 31}, "30"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(desk: Desk, changes: dict[str, str], sentence: str) -> None:
    answer = start(desk, **changes)
    assert answer.status_code == 200 and sentence in errors_of(answer)
    assert not PricingDraft.objects.exists() and not FormDraft.objects.exists()


def test_two_people_who_begin_learn_of_each_other_and_the_form_is_left_alone(desk: Desk) -> None:
    start(desk, asked_of="agent")
    answer = start(desk, label="Autre")
    assert "rien n’a été enregistré" in text_of(desk.client.get(answer["Location"]))
    assert not FormDraft.objects.exists() and PricingDraft.objects.get().revision == 1


def test_where_a_pricing_is_published_nothing_is_begun(desk: Desk) -> None:
    publish(desk.town.scheme, canteen())
    page = desk.get("settings_pricing", desk.town.scheme.pk).content.decode()
    assert url("settings_pricing_start", desk.town.scheme.pk, "montant") not in page
    assert start(desk).status_code == 404
    assert desk.client.get(url("settings_pricing_start", desk.town.scheme.pk, "cadeau")).status_code == 404
    assert queries.pricing_draft(desk.town.scheme) is None
