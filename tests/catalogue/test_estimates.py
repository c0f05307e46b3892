"""What an application comes to before an agent has seen it: never a total that other answers would change."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.forms import estimates
from obole.catalogue.forms.estimates import AmountEstimate
from obole.pricing.engine import compiled_pricing
from obole.pricing.model import parts as p, tariffs as t
from obole.pricing.model.parts import Pricing
from tests.billing.priced import FAMILY
from tests.portal.priced import CANTEEN_FORM, HALL_ANSWERS, HALL_FORM
from tests.pricing.build import a, call, choice, d, fixed, line, number, product, tariff, when, yes_no
from tests.pricing.dispositifs import HALL, MUSIC, SCHOOL

ON = date(2026, 11, 25)
COPIES = Pricing(
    questions=(number("pages", required=False), number("cederoms", required=False)),
    tariffs=(fixed("page", 18), fixed("cederom", 275)),
    products=(product("page", unit="page"), product("cederom")),
    lines=(line("page", quantity=a("pages")), line("cederom", quantity=a("cederoms"))),
)


def estimate(
    pricing: Pricing, form: tuple[FormField, ...], given: dict[str, Any], *, mistaken: tuple[str, ...] = ()
) -> AmountEstimate:
    return estimates.estimate_form(compiled_pricing.compile_pricing(pricing), form, given, on=ON, mistaken=mistaken)


def without(answers: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in answers.items() if key not in keys}


def said(found: AmountEstimate) -> str:
    return " ".join(found.said).replace("\u00a0", " ")


def test_the_hall_is_provisional_while_the_agent_has_something_to_say() -> None:
    found = estimate(HALL, HALL_FORM, HALL_ANSWERS)
    assert (found.total_cents, found.is_known, found.is_complete) == (526_00, True, False)
    assert found.title == "Montant provisoire" and "L’agent complétera « Deja », « Casse »" in said(found)


def test_what_an_agent_answered_already_is_not_to_come() -> None:
    form = (
        *HALL_FORM,
        *(FormField(key=key, label=key, kind=FieldKind.NUMBER, by="agent") for key in ("deja", "casse")),
    )
    found = estimate(HALL, form, {**HALL_ANSWERS, "deja": 0, "casse": 2})
    assert (found.total_cents, found.is_complete, found.title) == (532_00, True, "Montant estimé")


def test_what_the_citizen_says_in_the_place_of_the_agent_is_to_be_confirmed() -> None:
    form = (*HALL_FORM, *(FormField(key=key, label=key, kind=FieldKind.NUMBER) for key in ("deja", "casse")))
    found = estimate(HALL, form, {**HALL_ANSWERS, "deja": 0, "casse": 2})
    assert found.total_cents == 532_00 and not found.is_complete


@pytest.mark.parametrize("lacking", ["demandeur", "duree", "du", "cuisine"])
def test_a_required_answer_that_lacks_keeps_the_total_back(lacking: str) -> None:
    """
    Without its day, a hall is priced all the same, but without its heating: that would be a promise, and a wrong one.
    """
    found = estimate(HALL, HALL_FORM, without(HALL_ANSWERS, lacking))
    label = next(item.label for item in HALL_FORM if item.key == lacking)
    assert found.total_cents is None and found.waiting == (label,)
    assert f"Répondez à « {label} » pour connaître le montant." in said(found) and "il manque" not in said(found)
    assert all(line.amount_cents for line in found.result.lines)


def test_nothing_answered_is_no_bill_of_nothing() -> None:
    for pricing, form in ((HALL, HALL_FORM), (SCHOOL, CANTEEN_FORM)):
        found = estimate(pricing, form, {})
        assert found.total_cents is None and found.waiting and not found.result.lines


def test_an_answer_that_cannot_be_read_is_not_an_answer_that_lacks() -> None:
    """« vingt couverts » would make a total without the tableware."""
    found = estimate(HALL, HALL_FORM, without(HALL_ANSWERS, "couverts"), mistaken=("couverts",))
    assert found.total_cents is None and "Corrigez « Couverts »" in said(found)
    assert estimate(HALL, HALL_FORM, HALL_ANSWERS, mistaken=("objet",)).total_cents == 526_00


def test_an_answer_that_the_pricing_refuses_keeps_the_total_back() -> None:
    found = estimate(HALL, HALL_FORM, {**HALL_ANSWERS, "demandeur": "martien"})
    assert found.total_cents is None and "ce choix n’est pas dans la liste" in said(found)
    found = estimate(HALL, HALL_FORM, {**HALL_ANSWERS, "couverts": 999_999_999})
    assert found.total_cents is None and "« Vaisselle » : la quantité doit être" in said(found)


def test_the_family_of_the_handbook() -> None:
    found = estimate(SCHOOL, CANTEEN_FORM, FAMILY)
    assert (found.total_cents, found.is_complete) == (158_88, False)
    assert found.pending == ("Enfant\u00a0: Repas pai", "Enfant\u00a0: Absences")


def test_what_the_agent_will_count_is_not_nothing_to_pay() -> None:
    """
    A family applies to the canteen with its quotient, and the agent types the meals: no « 0,00 € », no question in
    vain.
    """
    form = (CANTEEN_FORM[0],)
    for given in ({}, {"qf": "842"}):
        found = estimate(SCHOOL, form, given)
        assert found.total_cents is None and found.waiting == () and found.title == "Montant pas encore connu"
        assert said(found).startswith("L’agent complétera « Resident », « Enfant : Repas »")


def test_a_row_without_an_answer_moves_no_rank() -> None:
    """An empty first row would give the only child the price of a second one."""
    rows = [{}, {"repas": 16}]
    found = estimate(SCHOOL, CANTEEN_FORM, {"qf": "842", "resident": "yes", "enfants": rows})
    assert found.total_cents == 16 * 325


def test_a_child_who_takes_nothing_pays_nothing_but_is_asked_first() -> None:
    found = estimate(SCHOOL, CANTEEN_FORM, {"qf": "842", "resident": "yes", "enfants": [{"prenom": "Léa"}]})
    assert found.total_cents is None and "Enfant 1 : Repas" in said(found)


def test_nothing_to_pay_is_said_where_all_was_answered_and_nobody_adds_to_it() -> None:
    form = tuple(FormField(key=key, label=key, kind=FieldKind.NUMBER, required=False) for key in ("pages", "cederoms"))
    found = estimate(COPIES, form, {"pages": 0, "cederoms": 0})
    assert (found.total_cents, found.is_complete) == (0, True) and "rien n’est à payer" in said(found)
    assert estimate(COPIES, form, {"pages": 0}).total_cents is None
    assert estimate(COPIES, form, {"pages": 2}).total_cents == 36


def test_a_line_that_a_missing_answer_would_take_away_is_not_shown() -> None:
    """
    « differs » holds of an answer that lacks: whoever has not said where they live would read the outsiders' surcharge.
    """
    pricing = Pricing(
        questions=(choice("lieu", "ici", "ailleurs"), number("jours")),
        tariffs=(fixed("jour", 100), fixed("plus", 900)),
        products=(product("jour"), product("plus")),
        lines=(line("jour", quantity=a("jours")), line("plus", when=when("lieu", "differs", "ici"))),
    )
    form = (
        FormField(key="lieu", label="Lieu", kind=FieldKind.CHOICE, choices=("ici", "ailleurs")),
        FormField(key="jours", label="Jours", kind=FieldKind.NUMBER),
    )
    found = estimate(pricing, form, {"jours": 2})
    assert [line.key for line in found.result.lines] == ["jour"] and found.waiting == ("Lieu",)
    assert estimate(pricing, form, {"jours": 2, "lieu": "ailleurs"}).total_cents == 1100


MINIMUM = Pricing(
    questions=(number("jours"), replace(number("metres"), asked_of=p.AskedOf.AGENT)),
    tariffs=(fixed("jour", 100), fixed("metre", 900), tariff("plancher", t.Limit(of=("jour", "metre"), floor=5000))),
    products=(product("jour"), product("metre"), product("plancher")),
    lines=(line("jour", quantity=a("jours")), line("metre", quantity=a("metres")), line("plancher")),
)


def test_no_minimum_is_shown_that_the_agents_answer_would_take_away() -> None:
    form = (FormField(key="jours", label="Jours", kind=FieldKind.NUMBER),)
    found = estimate(MINIMUM, form, {"jours": 3})
    assert [line.key for line in found.result.lines] == ["jour"]
    assert found.total_cents is None and "L’agent complétera « Metres »." in said(found)


def test_no_degression_is_shown_that_another_child_would_change() -> None:
    rows = [{"cursus": "éveil", "arrivee": None}, {}]
    form = (
        FormField(key="eleves", label="Élèves", kind=FieldKind.GROUP, row_name="élève"),
        FormField(
            key="cursus",
            label="Cursus",
            group="eleves",
            kind=FieldKind.CHOICE,
            choices=("instrument", "danse", "éveil"),
        ),
        FormField(key="prenom", label="Prénom", group="eleves"),
    )
    found = estimate(MUSIC, form, {"eleves": rows})
    assert found.total_cents is None and "Élève 2 : Cursus" in said(found)


def test_a_line_that_waits_for_the_agent_is_missing_and_not_nothing() -> None:
    alone = Pricing(
        questions=(number("jours"), replace(number("metres"), asked_of=p.AskedOf.AGENT)),
        tariffs=(fixed("metre", 900),),
        products=(product("metre"),),
        lines=(line("metre", quantity=call("product", "metres", "jours")),),
    )
    form = (FormField(key="jours", label="Jours", kind=FieldKind.NUMBER),)
    found = estimate(alone, form, {"jours": 3})
    assert found.total_cents is None and not found.result.lines and found.pending == ("Metres",)
    both = replace(
        alone,
        tariffs=(*alone.tariffs, fixed("frais", 500)),
        products=(*alone.products, product("frais")),
        lines=(*alone.lines, line("frais")),
    )
    found = estimate(both, form, {"jours": 3})
    assert found.total_cents == 500 and found.partial and "des lignes manquent encore" in said(found)


PLACES = Pricing(
    questions=(
        yes_no("options__cuisine"),
        yes_no("options__sono"),
        p.Question(key="dates__from", label="du", kind=p.QuestionKind.DAY),
        p.Question(key="dates__to", label="au", kind=p.QuestionKind.DAY),
    ),
    tariffs=(fixed("cuisine", 6000), fixed("sono", 2500), fixed("jour", 10000)),
    products=(product("cuisine"), product("sono"), product("jour")),
    lines=(
        line("jour", quantity=call("days", "dates__from", "dates__to")),
        line("cuisine", when=when("options__cuisine", "equals", True)),
        line("sono", when=when("options__sono", "equals", True)),
    ),
)
PLACES_FORM = (
    FormField(key="dates", label="Dates", kind=FieldKind.PERIOD),
    FormField(key="options", label="Options", kind=FieldKind.SEVERAL, choices=("Cuisine", "Sono"), required=False),
)


@pytest.mark.parametrize(("ticked", "cents"), [(["Cuisine"], 360_00), (["Sono", "Cuisine"], 385_00), (None, 300_00)])
def test_a_period_and_boxes_to_tick_are_read_by_their_parts(ticked: list[str] | None, cents: int) -> None:
    given = {"dates": {"from": "2026-11-26", "to": "2026-11-28"}, "options": ticked}
    assert estimate(PLACES, PLACES_FORM, given).total_cents == cents


def test_a_list_that_the_form_wants_an_answer_to_is_waited_for() -> None:
    form = (PLACES_FORM[0], replace(PLACES_FORM[1], required=True))
    found = estimate(PLACES, form, {"dates": {"from": "2026-11-26", "to": "2026-11-28"}})
    assert found.total_cents is None and found.waiting == ("Options",)


def test_a_question_that_is_beside_the_point_is_not_waited_for() -> None:
    hidden = {
        "kind": "compare",
        "of": {"kind": "answer", "name": "objet"},
        "is": "equals",
        "to": [{"kind": "text", "value": "fête"}],
    }
    form = tuple(replace(item, shown_if=hidden) if item.key == "cuisine" else item for item in HALL_FORM)
    found = estimate(HALL, form, without(HALL_ANSWERS, "cuisine"))
    assert found.waiting == () and found.total_cents == 466_00


def test_many_questions_are_not_all_named() -> None:
    many = Pricing(
        questions=tuple(number(f"q{n}") for n in range(30)),
        tariffs=(fixed("x", 1),),
        products=(product("x"),),
        lines=(line("x", quantity=call("sum", *(f"q{n}" for n in range(30)))),),
    )
    form = tuple(FormField(key=f"q{n}", label=f"Q{n}", kind=FieldKind.NUMBER) for n in range(30))
    assert "« Q4 » et 25 autres questions" in said(estimate(many, form, {}))
    assert "« Q4 » et 1 autre question " in said(estimate(many, form[:6], {}))


def test_without_a_form_the_citizens_questions_are_those_of_the_pricing() -> None:
    compiled = compiled_pricing.compile_pricing(HALL)
    raw = {"demandeur": "extérieur", "duree": "journée", "du": "2026-06-06", "cuisine": "no"}
    found = estimates.estimate_answers(compiled, raw, on=ON)
    assert (found.total_cents, found.is_complete, found.waiting) == (360_00, False, ())
    assert estimates.estimate_answers(compiled, without(raw, "du"), on=ON).waiting == ("Du",)
    assert (
        estimates.estimate_answers(compiled_pricing.compile_pricing(SCHOOL), {"resident": "yes"}, on=ON).total_cents
        is None
    )


def test_the_figures_are_exact_decimals() -> None:
    assert estimate(HALL, HALL_FORM, HALL_ANSWERS).result.acompte_percent == Decimal(d(30))


def test_no_rank_is_given_among_lines_that_the_agent_will_add_to() -> None:
    pricing = Pricing(
        questions=(number("danse"), replace(number("piano"), asked_of=p.AskedOf.AGENT)),
        tariffs=(fixed("danse", 100), fixed("piano", 900)),
        products=(product("danse"), product("piano")),
        degressions=(p.Degression(key="famille", label="Dégression", order=p.Order.DEAREST, percents=(d(0), d(-20))),),
        lines=(
            line("danse", quantity=a("danse"), degression="famille"),
            line("piano", quantity=a("piano"), degression="famille"),
        ),
    )
    found = estimate(pricing, (FormField(key="danse", label="Danse", kind=FieldKind.NUMBER),), {"danse": 1})
    assert found.total_cents is None and not found.result.lines and found.pending == ("Piano",)


def test_a_row_that_was_left_empty_is_not_waited_for() -> None:
    form = (
        FormField(key="eleves", label="Élèves", kind=FieldKind.GROUP, row_name="élève"),
        FormField(
            key="cursus",
            label="Cursus",
            group="eleves",
            kind=FieldKind.CHOICE,
            choices=("danse", "éveil"),
            required=False,
        ),
    )
    found = estimate(MUSIC, form, {"eleves": [{"cursus": "danse"}, {}]})
    assert found.waiting == () and found.total_cents == 578_00


def test_a_question_that_makes_no_price_is_not_waited_for() -> None:
    pricing = replace(
        COPIES, questions=(*COPIES.questions, p.Question(key="nom", label="Nom", kind=p.QuestionKind.TEXT))
    )
    form = (
        FormField(key="nom", label="Nom", required=False),
        FormField(key="pages", label="Pages", kind=FieldKind.NUMBER, required=False),
    )
    assert estimate(pricing, form, {"pages": 2}).total_cents == 36


def test_a_box_that_is_not_ticked_is_a_no() -> None:
    without_sound = replace(
        PLACES,
        tariffs=(*PLACES.tariffs, fixed("micro", 500)),
        products=(*PLACES.products, product("micro")),
        lines=(*PLACES.lines, line("micro", when=when("options__sono", "equals", False))),
    )
    given = {"dates": {"from": "2026-11-26", "to": "2026-11-28"}}
    for ticked, cents in ((None, 305_00), (["Cuisine"], 365_00), (["Sono"], 325_00)):
        assert estimate(without_sound, PLACES_FORM, {**given, "options": ticked}).total_cents == cents


def test_boxes_are_ticked_in_rows_too() -> None:
    pricing = Pricing(
        questions=(number("jours", group="salles"), yes_no("plus__sono", group="salles")),
        groups=(p.Group(key="salles", label="Salle"),),
        tariffs=(fixed("jour", 100), fixed("silence", 10)),
        products=(product("jour"), product("silence")),
        lines=(
            line("jour", quantity=a("jours"), per="salles"),
            line("silence", per="salles", when=when("plus__sono", "equals", False)),
        ),
    )
    form = (
        FormField(key="salles", label="Salles", kind=FieldKind.GROUP, row_name="salle"),
        FormField(key="jours", label="Jours", group="salles", kind=FieldKind.NUMBER),
        FormField(
            key="plus", label="En plus", group="salles", kind=FieldKind.SEVERAL, choices=("Sono",), required=False
        ),
    )
    assert estimate(pricing, form, {"salles": [{"jours": 2}, {"jours": 1, "plus": ["Sono"]}]}).total_cents == 310


def test_what_is_hidden_until_something_else_is_said_is_not_nothing_to_pay() -> None:
    """A form that first asks what one puts in the street asks for no days of a skip yet."""
    skip = {
        "kind": "compare",
        "of": {"kind": "answer", "name": "objet"},
        "is": "equals",
        "to": [{"kind": "text", "value": "benne"}],
    }
    form = (
        FormField(key="objet", label="Objet", kind=FieldKind.CHOICE, choices=("benne", "autre")),
        FormField(key="pages", label="Jours", kind=FieldKind.NUMBER, shown_if=skip),
    )
    found = estimate(COPIES, form, {})
    assert found.total_cents is None and "L’agent complétera" in said(found)
    alone = replace(
        COPIES,
        questions=COPIES.questions[:1],
        tariffs=COPIES.tariffs[:1],
        products=COPIES.products[:1],
        lines=COPIES.lines[:1],
    )
    found = estimate(alone, form, {})
    assert found.total_cents is None and said(found) == "Le montant dépend de réponses qui n’ont pas été données."
    assert estimate(alone, form, {"objet": "benne"}).waiting == ("Jours",)
    assert estimate(alone, form, {"objet": "benne", "pages": 0}).total_cents == 0
