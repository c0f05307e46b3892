"""The dispositifs of the demo's town, priced to the cent as their votes have it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from obole.lib import money
from obole.pricing.engine import splitting
from tests.pricing.build import amounts, price
from tests.pricing.dispositifs import TOWN


def test_a_family_at_the_canteen() -> None:
    result = price(
        TOWN["cantine"],
        qf="842",
        resident="oui",
        enfants=[{"repas": "16", "hors_delai": "1", "soirs": "24"}, {"repas": 16}, {"prenom": "Zoé", "repas": "14"}],
    )
    assert [(line.row, line.label, line.quantity, line.unit_cents, line.amount_cents) for line in result.lines] == [
        ("Enfant 1", "Repas", 16, 325, 5200),
        ("Enfant 2", "Repas", 16, 293, 4688),
        ("Zoé", "Repas", 14, 260, 3640),
        ("Enfant 1", "Majoration réservation hors délai", 1, 200, 200),
        ("Enfant 1", "Accueil du soir", 24, 90, 2160),
    ]
    assert (result.total_cents, result.net_cents, result.vat_cents) == (15888, 15888, 0)


@pytest.mark.parametrize(
    ("answers", "cents"),
    [
        ({"qf": "400", "resident": True}, 100),
        ({"qf": "400,5", "resident": True}, 210),
        ({"qf": "700", "resident": True}, 210),
        ({"qf": "700,50", "resident": True}, 325),
        ({"qf": "1 800", "resident": True}, 520),
        ({"qf": "1800,01", "resident": True}, 595),
        ({"qf": "0", "resident": True}, 100),
        ({"qf": "842", "resident": False}, 840),
        ({"qf": "", "resident": True}, 840),
    ],
)
def test_every_quotient_falls_in_one_bracket(answers: dict[str, Any], cents: int) -> None:
    assert price(TOWN["cantine"], **answers, enfants=[{"repas": 1}]).total_cents == cents


def test_an_absence_is_deducted_at_the_price_of_the_child() -> None:
    result = price(TOWN["cantine"], qf=842, resident=True, enfants=[{"repas": 10}, {"repas": 10, "absences": 2}])
    assert amounts(result) == [3250, 2930, -586]
    assert result.lines[2].printed == (Decimal(-2), "repas", 293)


@pytest.mark.parametrize(("answers", "cents"), [({}, 4550), ({"jours_presents": 13, "jours_ouverts": 17}, 3479)])
def test_a_flat_rate_and_an_arrival_during_the_month(answers: dict[str, Any], cents: int) -> None:
    assert price(TOWN["forfait"], qf=842, **answers).total_cents == cents


@pytest.mark.parametrize(("qf", "cents"), [(842, 303), (500, 260), (1500, 450), (None, 450)])
def test_a_taux_d_effort(qf: int | None, cents: int) -> None:
    assert price(TOWN["effort"], qf=qf, repas=1).total_cents == cents


CONTRACT = {"jours": 4, "heures": 9, "semaines": 45}


def test_a_month_at_the_creche() -> None:
    result = price(
        TOWN["creche"], ressources="43 200", enfants=2, aeeh="non", **CONTRACT, supplement="1,25", maladie=18
    )
    assert [(line.quantity, line.unit_cents, line.amount_cents) for line in result.lines] == [
        (135, 186, 25110),
        (Decimal("1.5"), 186, 279),
        (-18, 186, -3348),
    ]
    assert result.total_cents == 22041


@pytest.mark.parametrize(
    ("resources", "children", "disabled", "cents"),
    [
        (132_000, 1, False, 526),
        (6_000, 1, False, 50),
        (43_200, 2, True, 149),
        (43_200, 9, True, 74),
        (43_200, 4, True, 74),
        (43_200, 5, False, 112),
    ],
)
def test_an_hour_at_the_creche(resources: int, children: int, disabled: bool, cents: int) -> None:
    result = price(TOWN["creche"], ressources=resources, enfants=children, aeeh=disabled, **CONTRACT)
    assert result.lines[0].unit_cents == cents


def test_a_hall_with_acompte_and_cautions() -> None:
    result = price(TOWN["salle"], demandeur="résident", duree="week-end", du="12/12/2026", cuisine="oui", couverts=80)
    assert amounts(result) == [32000, 6000, 9600, 5000]
    assert (result.total_cents, result.acompte_cents, result.balance_cents) == (52600, 15780, 36820)
    assert [caution.cents for caution in result.cautions] == [80000, 15000]


@pytest.mark.parametrize(("used", "cents"), [("", 0), (0, 0), (1, 0), (2, 8000), (7, 8000)])
def test_a_local_association_has_two_a_year_free(used: object, cents: int) -> None:
    result = price(
        TOWN["salle"],
        demandeur="association locale",
        duree="journée",
        du="2026-06-06",
        cuisine=False,
        deja=used,
        on=date(2026, 9, 1),
    )
    assert (len(result.lines), result.total_cents) == (1, cents)


@pytest.mark.parametrize(
    ("day", "heated"),
    [
        ("2026-09-30", False),
        ("2026-10-01", True),
        ("2026-12-31", True),
        ("2027-01-01", True),
        ("2027-04-30", True),
        ("2027-05-01", False),
    ],
)
def test_a_hall_is_heated_in_winter(day: str, heated: bool) -> None:
    result = price(TOWN["salle"], demandeur="extérieur", duree="journée", du=day, cuisine=False)
    assert ("chauffage" in {line.key for line in result.lines}) is heated


def test_a_taxed_hall() -> None:
    result = price(TOWN["auditorium"])
    assert (result.net_cents, result.vat_cents, result.total_cents) == (45000, 9000, 54000)


@pytest.mark.parametrize(("begun", "cents"), [(False, 42500), (True, 43620)])
def test_a_terrace_of_seven_months(begun: bool, cents: int) -> None:
    result = price(
        TOWN["terrasse"], surface="18,5", dates__from="01/04/2027", dates__to="31/10/2027", metre_entame=begun
    )
    assert result.total_cents == cents


def test_a_terrace_without_permission_costs_twice() -> None:
    result = price(TOWN["terrasse"], surface="18,5", dates__from="01/04/2027", dates__to="31/10/2027", sans_titre=True)
    assert amounts(result) == [41440, 41440, 1060]


def test_a_scaffold_and_a_skip() -> None:
    result = price(TOWN["chantier"], metres=12, semaines=3, benne=5)
    assert (amounts(result), result.total_cents) == ([32400, 12500], 44900)


def test_a_terrace_for_some_days_of_a_month() -> None:
    line = price(TOWN["terrasse_jours"], surface="18,5", dates__from="20/12/2026", dates__to="31/12/2026").lines[0]
    assert (line.quantity, line.unit_cents, line.amount_cents) == (Decimal("18.5"), 320, 2292)
    assert line.printed == (1, "", 2292)


def test_a_grave() -> None:
    assert (
        price(TOWN["concession"], emplacement="pleine terre ou caveau, 2 m²", duree="30 ans", plaque=True).total_cents
        == 56500
    )


@pytest.mark.parametrize(("two_thirds", "cents"), [(False, -31200), (True, -20800)])
def test_a_grave_given_back(two_thirds: bool, cents: int) -> None:
    result = price(TOWN["retrocession"], prix=520, duree=30, ecoulees=12, deux_tiers=two_thirds)
    assert (result.total_cents, result.instalments) == (cents, ())


def test_a_reader_from_another_town_who_lost_card_and_book() -> None:
    result = price(TOWN["lecteur"], abonnement="hors commune", carte_perdue=True, livre="24,90 ".strip())
    assert (amounts(result), result.total_cents) == ([2200, 315, 2490, 500], 5505)


def test_a_free_subscription_is_a_line_of_zero() -> None:
    assert amounts(price(TOWN["lecteur"], abonnement="habitant", carte_perdue=False)) == [0]


@pytest.mark.parametrize("pupils", [["instrument", "instrument"], ["instrument", "éveil"], ["éveil", "instrument"]])
def test_the_dearest_lesson_is_whole(pupils: list[str]) -> None:
    result = price(TOWN["conservatoire"], eleves=[{"cursus": pupil} for pupil in pupils])
    assert sorted(amounts(result)) == sorted([3800, 60300, 48240 if "éveil" not in pupils else 13680])


def test_a_year_at_the_conservatoire_in_three() -> None:
    result = price(
        TOWN["conservatoire"], eleves=[{"cursus": "instrument"}, {"cursus": "instrument"}], trimestres_violon=3
    )
    assert amounts(result) == [3800, 60300, 48240, 13500]
    assert (result.total_cents, result.instalments) == (125840, (44480, 40680, 40680))


def test_an_arrival_in_january_at_the_conservatoire() -> None:
    result = price(TOWN["conservatoire"], eleves=[{"cursus": "instrument", "arrivee": "2027-01-12"}])
    assert amounts(result) == [3800, 36180]


def test_two_children_on_the_school_bus() -> None:
    result = price(
        TOWN["transport"],
        qf=812,
        ayant_droit=True,
        duplicata=1,
        enfants=[
            {"inscription": "2026-06-20", "debut": "2026-09-01", "excuse": "aucun"},
            {"inscription": "2027-01-10", "debut": "2027-01-12", "excuse": "déménagement"},
        ],
    )
    assert amounts(result) == [8100, 4860, 1500]
    assert (result.total_cents, result.instalments) == (14460, (4820, 4820, 4820))


@pytest.mark.parametrize(
    ("start", "cents"),
    [
        ("2026-09-01", 8100),
        ("2026-12-31", 8100),
        ("2027-01-01", 4860),
        ("2027-03-31", 4860),
        ("2027-04-01", 2430),
        ("2027-08-31", 2430),
    ],
)
def test_the_bus_by_the_day_of_entry(start: str, cents: int) -> None:
    child = {"inscription": "2026-07-15", "debut": start, "excuse": "aucun"}
    assert price(TOWN["transport"], qf=812, ayant_droit=True, enfants=[child]).total_cents == cents


@pytest.mark.parametrize(
    ("signed", "excuse", "late"),
    [("2026-07-15", "aucun", 0), ("2026-07-16", "aucun", 5000), ("2026-07-16", "affectation tardive", 0)],
)
def test_a_late_inscription(signed: str, excuse: str, late: int) -> None:
    child = {"inscription": signed, "debut": "2026-09-01", "excuse": excuse}
    assert price(TOWN["transport"], qf=812, ayant_droit=True, enfants=[child]).total_cents == 8100 + late


def test_a_quarter_at_the_tip() -> None:
    result = price(
        TOWN["decheterie"],
        territoire="territoire",
        depots=[
            {"nature": "inertes", "volume": "1,5"},
            {"nature": "bois traité", "volume": "0,10"},
            {"nature": "non recyclables", "volume": "2"},
        ],
    )
    assert [(line.quantity, line.amount_cents) for line in result.lines] == [
        (Decimal("1.5"), 3450),
        (Decimal("0.25"), 475),
        (2, 3200),
    ]
    assert (result.net_cents, result.vat_cents, result.total_cents) == (7125, 713, 7838)


def test_copies_of_documents() -> None:
    assert price(TOWN["copies"], pages=64, cederoms=1, port="8,50").total_cents == 2277


@pytest.mark.parametrize("name", TOWN)
def test_a_document_can_always_print_quantity_times_price(name: str) -> None:
    answers: dict[str, dict[str, Any]] = {
        "cantine": {"qf": 842, "resident": True, "enfants": [{"repas": 9, "absences": 2}, {"repas": 7}]},
        "forfait": {"qf": 842, "jours_presents": 13, "jours_ouverts": 17},
        "effort": {"qf": 842, "repas": 3},
        "creche": {"ressources": 43_210, "enfants": 2, "aeeh": False, **CONTRACT, "maladie": "7,5"},
        "salle": {"demandeur": "résident", "duree": "week-end", "du": "2026-12-12", "cuisine": True, "couverts": 7},
        "terrasse": {"surface": "18,55", "dates__from": "2027-04-01", "dates__to": "2027-10-31", "sans_titre": True},
        "terrasse_jours": {"surface": "18,5", "dates__from": "2026-12-20", "dates__to": "2026-12-29"},
        "chantier": {"metres": 7, "semaines": 3, "benne": 2},
        "concession": {"emplacement": "columbarium, une case", "duree": "30 ans", "plaque": True},
        "retrocession": {"prix": 520, "duree": 30, "ecoulees": 13, "deux_tiers": True},
        "lecteur": {"abonnement": "étudiant", "carte_perdue": True, "livre": "3,33"},
        "conservatoire": {"eleves": [{"cursus": "danse", "arrivee": "2026-11-02"}]},
        "transport": {
            "qf": 1,
            "ayant_droit": True,
            "enfants": [{"inscription": "2026-09-09", "debut": "2027-05-05", "excuse": "aucun"}],
        },
        "decheterie": {"territoire": "hors territoire", "depots": [{"nature": "végétaux", "volume": "0,333"}]},
        "copies": {"pages": 3},
        "auditorium": {},
        "mediatheque": {},
    }
    result = price(TOWN[name], **answers[name])
    assert result.lines
    for line in result.lines:
        quantity, _unit, unit_cents = line.printed
        assert unit_cents >= 0
        assert money.times(quantity, unit_cents) == line.amount_cents
    assert sum(row.total_cents for row in result.taxes) == result.total_cents == result.net_cents + result.vat_cents
    assert sum(result.instalments) in {result.total_cents, 0}


def test_a_small_sum_is_carried_over_until_it_is_worth_billing_or_flushed() -> None:
    carry = splitting.carry_over(900, before_cents=0, below_cents=1500, flush=False)
    assert carry == splitting.Carry(0, 900)
    assert splitting.carry_over(600, before_cents=900, below_cents=1500, flush=False) == splitting.Carry(1500, 0)
    assert splitting.carry_over(599, before_cents=900, below_cents=1500, flush=False) == splitting.Carry(0, 1499)
    assert splitting.carry_over(100, before_cents=900, below_cents=1500, flush=True) == splitting.Carry(1000, 0)
    assert splitting.carry_over(100, before_cents=-900, below_cents=0, flush=True) == splitting.Carry(0, -800)
