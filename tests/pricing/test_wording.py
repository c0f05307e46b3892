"""« Pourquoi ce montant ? » answers from the result alone, today or in ten years."""

import json
from typing import Any

import pytest

from obole.pricing import wording
from obole.pricing.model import tariffs as t
from obole.pricing.model.problems import Refused
from obole.pricing.model.results import Result
from obole.pricing.text import codec
from tests.pricing import dispositifs as town
from tests.pricing.build import price

NBSP, THIN = "\u00a0", "\u202f"


def plain(text: str) -> str:
    return text.replace(NBSP, " ").replace(THIN, " ")


def canteen() -> Result:
    return price(town.SCHOOL, qf="842", resident=True, enfants=[{"repas": 16}, {"prenom": "Zoé", "repas": 16}])


def creche() -> Result:
    return price(
        town.CRECHE,
        ressources=132_000,
        enfants=2,
        aeeh=True,
        jours=4,
        heures=9,
        semaines=45,
        supplement="1,25",
        maladie=18,
    )


def test_the_second_child_is_told_each_step() -> None:
    line = canteen().lines[1]
    assert wording.label(line) == "Zoé — Repas"
    assert plain(wording.short(line)) == "tranche 701–1000 ; 2ᵉ enfant −10 %"
    assert [plain(item) for item in wording.long(line)] == [
        "Tarif « Enfance » : délibération n° 2026-41 du 12/06/2026, applicable depuis le 01/09/2026.",
        "Quotient familial : 842, tranche 701–1000.",
        "Prix voté : 3,25 €.",
        "2ᵉ enfant : 3,25 €, −10 % = 2,925 €, arrondi à 2,93 €.",
        "16 repas × 2,93 € = 46,88 €.",
        "Montant de la ligne : 46,88 € (Exonération – article 261, 4, 4° du CGI).",
    ]


def test_a_taux_d_effort_is_told_with_its_base_its_cap_and_its_rate() -> None:
    line = creche().lines[1]
    assert [plain(item) for item in wording.long(line)][1:-1] == [
        "Enfants à charge : 2, tranche 3 (décalée : enfant en situation de handicap).",
        "Ressources mensuelles : Ressources annuelles (N-2) ÷ 12 = 11 000 (Ressources annuelles (N-2) : 132 000).",
        "Ressources mensuelles : 11 000,00 €.",
        "Ressources mensuelles : ramené au plafond de 8 500,00 €.",
        "8 500,00 € × 0,0413 % = 3,5105 €.",
        "Prix : 3,5105 €, arrondi à 3,51 €.",
        "Quantité : 1,25, arrondie à 1,5 h (par 0,5).",
        "1,5 h × 3,51 € = 5,265 €, arrondi à 5,27 €.",
    ]
    assert [plain(item) for item in wording.long(creche().lines[2])][-2:] == [
        "63,18 € à déduire.",
        "Montant de la ligne : −63,18 € (Exonération – article 261, 4, 8° bis du CGI).",
    ]


@pytest.mark.parametrize(
    ("pricing", "answers", "expected"),
    [
        (
            town.TERRACE_BY_DAY,
            {"surface": "18,5", "dates__from": "2026-12-20", "dates__to": "2026-12-31"},
            "jours du mois : 59,20 € × 12 ÷ 31 ≈ 22,916129 €, arrondi à 22,92 €.",
        ),
        (
            town.TIP,
            {"territoire": "territoire", "depots": [{"nature": "inertes", "volume": "0,1"}]},
            "Quantité : 0,1, portée au minimum de 0,25 m³.",
        ),
        (town.EFFORT, {"repas": 1}, "Quotient familial : pas de réponse, le prix est de 4,50 €."),
        (town.EFFORT, {"qf": 1500, "repas": 1}, "Prix ramené de 5,40 € au maximum de 4,50 €."),
        (
            town.SCHOOL,
            {"resident": False, "qf": 842, "enfants": [{"repas": 1}]},
            "Quotient familial : le tarif « extérieur » s’applique.",
        ),
        (
            town.SCHOOL,
            {"resident": True, "enfants": [{"repas": 1}]},
            "Quotient familial : pas de réponse, le tarif « extérieur » s’applique.",
        ),
        (
            town.TERRACE,
            {"surface": 2, "dates__from": "2027-04-01", "dates__to": "2027-05-31", "sans_titre": True},
            "100 % de 12,80 €.",
        ),
        (
            town.HALL,
            {"demandeur": "association locale", "duree": "journée", "du": "2027-06-01", "cuisine": False, "deja": 1},
            "2 gratuites par an : 1 déjà utilisées, 1 gratuites, 0 à payer.",
        ),
        (
            town.MUSIC,
            {"eleves": [{"cursus": "danse"}, {"cursus": "éveil"}]},
            "Dégression familiale, rang 2 : 171,00 €, −20 % = 136,80 €.",
        ),
    ],
)
def test_each_rule_has_its_sentence(pricing: Any, answers: dict[str, Any], expected: str) -> None:
    said = [plain(item) for line in price(pricing, **answers).lines for item in wording.long(line)]
    assert expected in said


def test_what_is_about_equal_is_not_said_equal() -> None:
    month = price(town.CRECHE, ressources=28_600, enfants=2, aeeh=False, jours=4, heures=9, semaines=45)
    said = [plain(item) for item in wording.long(month.lines[0])]
    assert said[2].startswith("Ressources mensuelles : Ressources annuelles (N-2) ÷ 12 ≈ 2 383,333333 (")
    assert said[4] == "≈ 2 383,333333 € × 0,0516 % = 1,2298 €."
    assert not any("= ≈" in item for item in said)


def test_a_proration_prints_what_it_is_made_of() -> None:
    line = price(town.TERRACE_BY_DAY, surface="18,5", dates__from="2026-12-20", dates__to="2026-12-31").lines[0]
    assert plain(wording.short(line)) == "12/31 jours du mois ; 18,5 × 3,20 €"


def test_a_bill_says_how_it_is_paid() -> None:
    hall = price(town.HALL, demandeur="résident", duree="week-end", du="2026-12-12", cuisine=True, couverts=80)
    assert [plain(item) for item in wording.explain(hall)] == [
        "Hors champ de la TVA : 526,00 €.",
        "Total : 526,00 €.",
        "Acompte de 30 % : 157,80 € ; solde : 368,20 €.",
        "Caution « Dégâts » : 800,00 €, à part, non encaissée.",
        "Caution « Ménage » : 150,00 €, à part, non encaissée.",
    ]
    music = price(town.MUSIC, eleves=[{"cursus": "éveil"}])
    assert plain(wording.explain(music)[-1]) == "En 3 fois : 95,00 € + 57,00 € + 57,00 €."
    assert plain(wording.explain(price(town.TAXED_HALL))[0]) == "TVA 20 % : 450,00 € HT, 90,00 € de TVA."


@pytest.mark.parametrize(
    ("vat", "mention"),
    [
        (t.Vat(), "Hors champ de la TVA"),
        (t.Vat(regime=t.Regime.FRANCHISE), "TVA non applicable, art. 293 B du CGI"),
        (t.Vat(regime=t.Regime.TAXED, rate=town.TEN.rate), "TVA 10 %"),
        (town.EXEMPT, "Exonération – article 261, 4, 4° du CGI"),
    ],
)
def test_a_document_mentions_the_vat(vat: t.Vat, mention: str) -> None:
    assert wording.vat_mention(vat) == mention


def test_a_kept_result_says_the_same() -> None:
    for result in (canteen(), creche()):
        kept = codec.parse_result(json.loads(json.dumps(codec.as_dict(result))))
        assert kept == result
        assert [wording.long(line) for line in kept.lines] == [wording.long(line) for line in result.lines]


def test_a_result_that_was_altered_is_refused() -> None:
    data = codec.as_dict(canteen())
    data["lines"][0]["reasons"][0]["values"] = {"cents": 1.5}
    with pytest.raises(Refused) as refused:
        codec.parse_result(data)
    assert [problem.path for problem in refused.value.problems] == ["lines[0].reasons[0].values"]


def test_a_very_long_line_still_fits_an_invoice() -> None:
    result = price(town.SCHOOL, qf=842, resident=True, enfants=[{"repas": 1, "prenom": "É" * 120}])
    assert len(wording.label(result.lines[0])) == wording.LONGEST_LABEL
    assert len(wording.short(result.lines[0])) <= wording.LONGEST_DETAIL


def test_lines_that_share_a_price_do_not_share_what_was_done_to_it() -> None:
    bills = [price(town.SCHOOL, qf=842, resident=True, enfants=[{}, {"repas": 9, "absences": 2}]) for _n in range(2)]
    assert bills[0] == bills[1]
    for line in bills[1].lines:
        assert [reason.code for reason in line.reasons].count("percent") == 1
