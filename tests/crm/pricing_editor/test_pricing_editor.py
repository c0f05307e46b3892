"""A pricing built part by part: what a page shows is what it saves, what is wrong is said, and a draft bills nobody."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from lxml import html

from obole.catalogue import operations as catalogue, queries
from obole.catalogue.models import PricingDraft, PricingVersion
from obole.crm.pricing_editor import summary
from obole.pricing.checking import check_pricing
from obole.pricing.model import formulas
from obole.pricing.model.parts import Pricing, Question, QuestionKind
from obole.pricing.text import codec
from tests.crm.desk import text_of
from tests.crm.settings_desk import Desk, errors_of, open_desk, url
from tests.pricing.dispositifs import CRECHE, HALL, MUSIC, SCHOOL, TERRACE, TOWN
from tests.world import NOON, WHO, later

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(time_machine: Any) -> Desk:
    time_machine.move_to(later(30), tick=False)
    return open_desk(priced=False)


def publish(desk: Desk, pricing: Pricing) -> PricingVersion:
    described = json.loads(json.dumps(codec.as_dict(pricing)))
    return catalogue.publish_pricing(scheme_id=desk.town.scheme.pk, described=described, actor=WHO, at=NOON)


def draft(desk: Desk) -> Pricing:
    """Return the pricing that is being worked on."""
    return codec.parse(PricingDraft.objects.get(scheme=desk.town.scheme).pricing)


def begin(desk: Desk, pricing: Pricing) -> None:
    catalogue.edit_pricing(scheme_id=desk.town.scheme.pk, pricing=pricing, revision=0, actor=WHO, at=NOON)


def post(desk: Desk, name: str, *args: object, **sent: str) -> HttpResponse:
    known = PricingDraft.objects.filter(scheme=desk.town.scheme).first()
    answer: HttpResponse = desk.client.post(
        url(name, desk.town.scheme.pk, *args), {"revision": str(known.revision if known else 0), **sent}
    )
    return answer


def kept(desk: Desk, name: str, *args: object, **changes: Any) -> None:
    """Change a part on its page: a draft leaves no trace but itself."""
    sent = desk.send(name, *args, **changes)
    assert sent.status_code == 302, errors_of(sent)


def pages_of(pricing: Pricing) -> list[tuple[str, tuple[object, ...]]]:
    """Return the page of every part, version and rule of a pricing."""
    pages: list[tuple[str, tuple[object, ...]]] = [("settings_pricing_terms", ())]
    for slug, section in summary.SLUGS.items():
        for item in getattr(pricing, section):
            if slug == "tarifs":
                pages += [("settings_pricing_version", (item.key, n)) for n in range(len(item.versions))]
                continue
            pages.append(("settings_pricing_part", (slug, item.key)))
            for on in ("price_steps", "amount_steps") if slug == "lignes" else ():
                pages += [("settings_pricing_step", (item.key, on, n)) for n in range(len(getattr(item, on)))]
    return pages


@pytest.mark.parametrize("name", TOWN)
def test_a_part_that_is_saved_as_it_is_shown_stays_as_it_is(desk: Desk, name: str) -> None:
    publish(desk, TOWN[name])
    for page, args in pages_of(TOWN[name]):
        sent = desk.send(page, desk.town.scheme.pk, *args)
        assert sent.status_code == 302, (page, args, errors_of(sent))
        assert meant(draft(desk)) == meant(TOWN[name]), (page, args)


def meant(pricing: Pricing) -> str:
    """Return a pricing as people read it: not the keys of places, nor who was said to answer what nobody asks."""
    described = json.dumps(codec.as_dict(pricing), ensure_ascii=False, sort_keys=True)
    keyless = json.loads(described)
    for tariff in keyless.get("tariffs", ()):
        for version in tariff["versions"]:
            _forget_places(version["price"])
    return json.dumps(keyless, ensure_ascii=False, sort_keys=True, indent=1)


def _forget_places(price: dict[str, Any]) -> None:
    for axis in [*price.get("axes", ()), *([price["table"]["axis"]] if "table" in price else [])]:
        places = [*axis["positions"], *axis.get("special", ())]
        ranks = {place["key"]: n for n, place in enumerate(places)}
        axis["missing"] = ranks.get(axis.get("missing", ""), "")
        for place in places:
            place["key"] = ""


def test_the_page_says_every_part_and_leads_to_what_is_wrong(desk: Desk) -> None:
    scheme = desk.town.scheme.pk
    publish(desk, SCHOOL)
    assert "En service" in text_of(desk.get("settings_pricing", scheme))
    post(desk, "settings_pricing_change", retirer="tarifs/pai")
    page = desk.get("settings_pricing", scheme)
    said = text_of(page)
    assert "Modifiée, non publiée" in said and "À corriger avant de publier" in said and "Ce qui change" in said
    links = html.fromstring(page.content.decode()).xpath('//*[contains(@class, "notice")]//li/a/@href')
    assert url("settings_pricing_part", scheme, "produits", "pai") in links
    refused = post(desk, "settings_pricing_publish")
    assert refused.status_code == 302 and PricingVersion.objects.count() == 1
    assert "corrigez d’abord" in text_of(desk.get("settings_pricing", scheme))
    post(desk, "settings_pricing_discard")
    assert not PricingDraft.objects.exists() and "En service" in text_of(desk.get("settings_pricing", scheme))


def test_parts_are_moved_copied_and_taken_away(desk: Desk) -> None:
    publish(desk, HALL)
    keys = [line.key for line in HALL.lines]
    post(desk, "settings_pricing_change", descendre=f"lignes/{keys[0]}")
    assert [line.key for line in draft(desk).lines][:2] == keys[1::-1]
    post(desk, "settings_pricing_change", dupliquer=f"lignes/{keys[0]}")
    assert len(draft(desk).lines) == len(keys) + 1
    assert post(desk, "settings_pricing_publish").status_code == 302
    assert PricingVersion.objects.count() == 2 and not PricingDraft.objects.exists()
    assert queries.current_pricing(desk.town.scheme) is not None


@pytest.mark.parametrize("said", ["", "lignes", "lignes/zz", "zz/zz", "lignes/repas/x", "settings/repas"])
def test_what_is_not_there_is_not_changed(desk: Desk, said: str) -> None:
    publish(desk, SCHOOL)
    assert post(desk, "settings_pricing_change", retirer=said).status_code == 302
    assert not PricingDraft.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        "lignes/zz/",
        "zz/repas/",
        "tarifs/zz/versions/0/",
        "tarifs/enfance/versions/9/",
        "lignes/repas/regles/price_steps/9/",
        "lignes/repas/regles/label/0/",
        "lignes/repas/regles/nouvelle/?type=zz",
        "tarifs/zz/evolution/",
        "produits/zz/",
    ],
)
def test_what_does_not_exist_is_not_found(desk: Desk, path: str) -> None:
    publish(desk, SCHOOL)
    assert desk.client.get(url("settings_pricing", desk.town.scheme.pk) + path).status_code == 404


def test_two_people_learn_of_each_other(desk: Desk) -> None:
    publish(desk, SCHOOL)
    scheme = desk.town.scheme.pk
    sent = desk.send("settings_pricing_part", scheme, "produits", "repas", label="Repas du midi")
    assert sent.status_code == 302
    stale = desk.client.post(
        url("settings_pricing_change", scheme), {"revision": "0", "retirer": "lignes/repas"}, follow=True
    )
    assert "a changé entre-temps" in text_of(stale) and draft(desk).lines == SCHOOL.lines


def test_a_draft_that_another_version_overtook_is_not_published(desk: Desk) -> None:
    publish(desk, SCHOOL)
    desk.send("settings_pricing_part", desk.town.scheme.pk, "produits", "repas", label="Repas du midi")
    publish(desk, HALL)
    assert "ne peuvent plus l’être" in text_of(desk.get("settings_pricing", desk.town.scheme.pk))
    post(desk, "settings_pricing_publish")
    assert "Une autre version a été publiée entre-temps" in text_of(desk.get("settings_pricing", desk.town.scheme.pk))
    assert PricingVersion.objects.count() == 2


@pytest.mark.parametrize(
    ("page", "args", "changes", "said"),
    [
        ("part", ("lignes", "repas"), {"quantity": "=", "quantity_formula": "[repas] +"}, "n’est pas finie"),
        ("part", ("lignes", "repas"), {"quantity": "=", "quantity_formula": ""}, "Écrivez la formule"),
        ("part", ("lignes", "repas"), {"quantity_formula": "[repas] × 2"}, "Cette formule ne servirait pas"),
        ("part", ("lignes", "repas"), {"quantity": "", "quantity_formula": "[repas] +"}, "n’est pas finie"),
        ("part", ("lignes", "repas"), {"free": "2"}, "Dites ce qui est gratuit"),
        ("part", ("lignes", "repas"), {"free_label": "deux"}, "Dites combien"),
        ("part", ("lignes", "repas"), {"when_0_name": "qf", "when_0_value": "beaucoup"}, "Écrivez un nombre"),
        ("part", ("lignes", "repas"), {"when_text": "[qf] >"}, "n’est pas finie"),
        (
            "part",
            ("lignes", "repas"),
            {"when_0_name": "qf", "when_0_value": "1", "when_text": "[qf] > 1"},
            "pas les deux",
        ),
        ("part", ("donnees", "qf"), {"kind": "choice", "choices": " \n "}, "donnez au moins un choix"),
        ("part", ("donnees", "qf"), {"label": "Resident"}, "Ce nom est déjà pris"),
        ("part", ("donnees", "qf"), {"label": "\u202e \u200b"}, "Donnez un nom"),
        ("part", ("produits", "repas"), {"label": "x" * 10_000}, "120"),
        ("part", ("produits", "repas"), {"maximum": "-1"}, "positif"),
        ("step", ("repas", "price_steps", 0), {"percent": "dix"}, "Ce n’est pas un nombre"),
        ("version", ("pai", 0), {"cents": "1,2,3"}, "Saisissez un montant"),
        ("version", ("pai", 0), {"regime": "taxed", "rate": ""}, "Donnez le taux"),
        ("version", ("pai", 0), {"regime": "exempt", "article": " "}, "Donnez l’article"),
        ("version", ("pai", 0), {"effect": "31/02/2026"}, "une date qui existe"),
        ("version", ("enfance", 0), {"v0-1-0": "cher"}, "Ligne 3, colonne 2 : ce n’est pas un nombre"),
        ("version", ("enfance", 0), {"h0-1": "500–700"}, "rien n’est prévu entre 400 et 500"),
        ("version", ("enfance", 0), {"h0-1": "301–700"}, "recouvre celle d’avant"),
        ("version", ("enfance", 0), {"v0-1-0": ""}, "cette case est vide"),
        ("version", ("enfance", 0), {"columns_of": ""}, "dites de quoi elles dépendent"),
        ("version", ("enfance", 0), {"pasted": "a;b\nc"}, "cette ligne a 1 cases"),
        ("version", ("enfance", 0), {"pasted": "n’importe quoi"}, "une grille a une ligne de titres"),
        ("terms", (), {"instalments": "0"}, "supérieur ou égal à 1"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    desk: Desk, page: str, args: tuple[object, ...], changes: dict[str, str], said: str
) -> None:
    publish(desk, SCHOOL)
    sent = desk.send(f"settings_pricing_{page}", desk.town.scheme.pk, *args, **changes)
    assert sent.status_code == 200 and said in text_of(sent), errors_of(sent)
    assert not PricingDraft.objects.exists()
    page_ = html.fromstring(sent.content.decode())
    for name, value in changes.items():
        if name not in {"label"} and value.strip():
            shown = page_.xpath(
                f'//*[@name="{name}"]/@value | //textarea[@name="{name}"]/text() |'
                f' //select[@name="{name}"]/option[@selected]/@value'
            )
            assert value.strip() in [item.strip() for item in shown], name


def test_a_row_and_a_column_are_added_without_losing_what_was_typed(desk: Desk) -> None:
    publish(desk, SCHOOL)
    page = desk.send(
        "settings_pricing_version", desk.town.scheme.pk, "enfance", 0, **{"v0-0-0": "cher", "plus-ligne": "1"}
    )
    shown = html.fromstring(page.content.decode())
    assert page.status_code == 200 and shown.xpath('//input[@name="v0-0-0"]/@value') == ["cher"]
    assert len(shown.xpath('//input[starts-with(@name, "h0-")]')) == 8 and not errors_of(page)
    page = desk.send("settings_pricing_version", desk.town.scheme.pk, "enfance", 0, **{"plus-colonne": "1"})
    assert len(html.fromstring(page.content.decode()).xpath('//input[starts-with(@name, "c0-")]')) == 4


def test_next_years_prices_are_those_of_this_year_with_a_percentage(desk: Desk) -> None:
    publish(desk, SCHOOL)
    scheme = desk.town.scheme.pk
    page = desk.client.get(url("settings_pricing_raise", scheme, "enfance"))
    sent = {
        "revision": "0",
        "deliberation": "2027-33",
        "voted_on": "2027-06-10",
        "effect": "2027-09-01",
        "percent": "2,5",
        "round_to": "5",
    }
    done = desk.client.post(url("settings_pricing_raise", scheme, "enfance"), sent)
    assert page.status_code == 200 and done["Location"] == url("settings_pricing_version", scheme, "enfance", 1)
    said = text_of(desk.get("settings_pricing_version", scheme, "enfance", 1))
    assert "701–1000 / repas 3,25 € 3,35 € +3,1 %" in said
    again = post(desk, "settings_pricing_raise", "enfance", **{**sent, "revision": "1"})
    assert "prend déjà effet ce jour-là" in text_of(again)


def test_a_voted_grid_is_pasted_and_its_columns_become_products(desk: Desk) -> None:
    scheme = desk.town.scheme.pk
    begin(desk, Pricing(questions=SCHOOL.questions, groups=SCHOOL.groups))
    sent = {
        "label": "Enfance",
        "rows_of": "qf",
        "columns_of": "@product",
        "missing": "EXTERIEUR",
        "pasted": "QF\tRepas\tSoir\n0–400\t1,00\t0,45\n> 400\t2,10\t–\nextérieur\t8,40\t1,90",
        "special_0_0_name": "resident",
        "special_0_0_is": "equals",
        "special_0_0_value": "Non",
        "deliberation": "2026-41",
        "voted_on": "2026-06-18",
        "effect": "2026-09-01",
        "regime": "exempt",
        "article": "261, 4, 4°",
        "typed": "gross",
        "sheet-rows": "0",
        "sheet-columns": "0",
    }
    answer = desk.client.post(url("settings_pricing_new", scheme, "tarifs") + "?type=grid", {"revision": "1", **sent})
    assert answer.status_code == 302, errors_of(answer)
    made = draft(desk)
    assert [product.label for product in made.products] == ["Repas", "Soir"] and not check_pricing.check(made)
    page = text_of(desk.get("settings_pricing", scheme))
    assert page.count("Aucune ligne ne le facture : en ajouter une") == 2
    line = desk.client.get(url("settings_pricing_new", scheme, "lignes") + f"?produit={made.products[0].key}")
    chosen = html.fromstring(line.content.decode()).xpath("//option[@selected]/@value")
    assert {"repas", "enfants"} <= set(chosen), "the answer of the same name, row by row"


def test_a_grid_gets_a_third_axis_and_loses_it(desk: Desk) -> None:
    publish(desk, HALL)
    scheme = desk.town.scheme.pk
    cells = HALL.tariffs[0].versions[0].price.cells  # type: ignore[union-attr]
    kept(desk, "settings_pricing_version", scheme, "location", 0, outer_of="cuisine", rester="1")
    grid: Any = draft(desk).tariffs[0].versions[0].price
    assert [ax.label for ax in grid.axes] == ["Cuisine", "Demandeur", "Durée"] and grid.cells == cells * 2
    kept(desk, "settings_pricing_version", scheme, "location", 0, **{"v1-0-0": "999"})
    grid = draft(desk).tariffs[0].versions[0].price
    assert (
        grid.cells[len(cells)] == 999_00 and grid.cells[: len(cells)] == cells and not check_pricing.check(draft(desk))
    )
    kept(desk, "settings_pricing_version", scheme, "location", 0, outer_of="")
    assert draft(desk).tariffs[0].versions[0].price.cells == cells  # type: ignore[union-attr]


def test_rules_of_a_line_are_added_moved_and_taken_away(desk: Desk) -> None:
    publish(desk, MUSIC)
    scheme = desk.town.scheme.pk
    new = {"label": "Remise", "on": "amount_steps", "sign": "minus", "cents": "10", "when_joint": "all"}
    answer = post(desk, "settings_pricing_step_new", "cursus", **new)
    assert answer.status_code == 404, "what kind of rule is not said"
    desk.client.post(url("settings_pricing_step_new", scheme, "cursus") + "?type=amount", {"revision": "0", **new})
    line = next(line for line in draft(desk).lines if line.key == "cursus")
    assert line.amount_steps[-1].cents == -1000 and len(line.amount_steps) == 2  # type: ignore[union-attr]
    post(desk, "settings_pricing_steps", "cursus", monter="amount_steps/1")
    line = next(line for line in draft(desk).lines if line.key == "cursus")
    assert line.amount_steps[0].label == "Remise"
    kept(desk, "settings_pricing_step", scheme, "cursus", "amount_steps", 0, on="price_steps")
    post(desk, "settings_pricing_steps", "cursus", retirer="price_steps/0")
    assert draft(desk).lines == MUSIC.lines


def test_a_formula_beside_once_is_the_quantity(desk: Desk) -> None:
    """« Une fois » is what the list shows before anybody chose: 10 hours would cost one."""
    publish(desk, TERRACE)
    scheme = desk.town.scheme.pk
    new = {"label": "Heures", "product": TERRACE.products[0].key, "when_joint": "all"}
    sent = post(desk, "settings_pricing_new", "lignes", **new, quantity="", quantity_formula="= 2 × 5")
    assert sent.status_code == 302, errors_of(sent)
    made = draft(desk).lines[-1]
    assert codec.as_dict(made.quantity)["op"] == "product"
    page = html.fromstring(desk.get("settings_pricing_part", scheme, "lignes", made.key).content.decode())
    assert page.xpath('//select[@name="quantity"]/option[@selected]/@value') == ["="]
    kept(desk, "settings_pricing_part", scheme, "lignes", made.key, quantity="")
    assert draft(desk).lines[-1].quantity == formulas.Constant(Decimal(1)), "« une fois » chosen in its place"


def test_what_a_datum_is_used_by_is_said_and_a_datum_used_by_nothing_is_told(desk: Desk) -> None:
    publish(desk, TERRACE)
    scheme, said = desk.town.scheme.pk, "Aucun prix n’en dépend"
    assert said not in text_of(desk.get("settings_pricing", scheme))
    page = desk.get("settings_pricing_part", scheme, "valeurs", "mois")
    used = html.fromstring(page.content.decode()).xpath('//section[@aria-labelledby="emploi"]//a/@href')
    assert url("settings_pricing_part", scheme, "lignes", TERRACE.lines[0].key) in used
    for href in used:
        assert desk.client.get(href).status_code == 200, href
    spare = Question(key="rien", label="Heures", kind=QuestionKind.NUMBER)
    begin(desk, replace(TERRACE, questions=(*TERRACE.questions, spare)))
    assert text_of(desk.get("settings_pricing", scheme)).count(said) == 1
    assert said in text_of(desk.get("settings_pricing_part", scheme, "donnees", "rien"))


def test_values_and_terms_are_typed(desk: Desk) -> None:
    publish(desk, TERRACE)
    scheme = desk.town.scheme.pk
    kept(desk, "settings_pricing_part", scheme, "valeurs", "mois", of="MOIS_COMMENCES([dates__from]; [dates__to])")
    kept(desk, "settings_pricing_terms", scheme, acompte="30", carry_below="15")
    made = draft(desk)
    assert (made.terms.acompte, made.terms.carry_below) == (30, 1500) and not check_pricing.check(made)
    assert "acompte de 30 %, reportée sous 15,00 €" in text_of(desk.get("settings_pricing", scheme))


def test_the_form_s_questions_are_taken_over(desk: Desk) -> None:
    scheme = desk.town.scheme.pk
    page = desk.client.get(url("settings_pricing_take", scheme))
    known = html.fromstring(page.content.decode()).xpath('//input[@name="keys"]/@value')
    assert page.status_code == 200 and known
    assert "Cochez au moins une question" in text_of(post(desk, "settings_pricing_take"))
    assert post(desk, "settings_pricing_take", keys=known[0]).status_code == 302
    assert [question.key for question in draft(desk).questions] == [known[0]]


def test_a_page_costs_the_same_whatever_it_holds(desk: Desk) -> None:
    counts = []
    for revision, pricing in enumerate((Pricing(), CRECHE)):
        catalogue.edit_pricing(scheme_id=desk.town.scheme.pk, pricing=pricing, revision=revision, actor=WHO, at=NOON)
        desk.get("settings_pricing", desk.town.scheme.pk)
        with CaptureQueriesContext(connection) as made:
            desk.get("settings_pricing", desk.town.scheme.pk)
        counts.append(len(made))
    assert counts[0] == counts[1] <= 13
