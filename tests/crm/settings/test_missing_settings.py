"""« Rien ne manque » tells the truth: no gap is passed over, and none is told where nothing is wrong."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from obole.audit_log.models import Record
from obole.billing import operations as billing
from obole.catalogue import operations as catalogue
from obole.regies import operations as regies
from obole.regies.models import Mandate
from obole.regies.operations import MandateTerms
from tests.crm.settings_desk import Desk, open_desk, text_of
from tests.payments.steps import pay
from tests.world import NOON, WHO, canteen, later, make_fixed, make_fixed_invoice, make_regie, make_type

pytestmark = pytest.mark.django_db
LEGAL = "Vous pouvez saisir le tribunal administratif de Valbourg dans un délai de deux mois."


@pytest.fixture
def desk() -> Desk:
    desk = open_desk()
    say(desk, legal_mentions=LEGAL)
    return desk


def say(desk: Desk, **words: str) -> None:
    billing.configure_type(type_id=desk.town.type.pk, values=words, actor=WHO, at=NOON)


def first_screen(desk: Desk) -> str:
    return text_of(desk.get("settings"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"legal_mentions": ""}, "Cantine et périscolaire : sans mentions légales, voies de recours"),
        ({"legal_mentions": "Régie Enfance."}, "Cantine et périscolaire : sans voies de recours"),
        ({"legal_mentions": "Régie Enfance.", "closing": "Voies et délais de RECOURS : deux mois."}, ""),
    ],
)
def test_a_document_without_remedies_is_told(desk: Desk, words: dict[str, str], said: str) -> None:
    say(desk, **words)
    page = first_screen(desk)
    assert said in page and ("à compléter" in page) is bool(said)


def test_a_type_that_is_not_used_lacks_nothing(desk: Desk) -> None:
    make_type(None, [], name="Ancienne", enabled=False)
    assert "à compléter" not in first_screen(desk)


def test_a_regie_for_which_nobody_answers_today_is_told(desk: Desk) -> None:
    said = "Régie Enfance : aucun agent mandaté aujourd’hui"
    assert said not in first_screen(desk)
    ended = MandateTerms(kind=Mandate.Kind.HOLDER, ends_on=later(days=-1).date())
    terms = {desk.town.regie.pk: ended}
    regies.configure_mandates(agent_id=desk.town.regisseur.pk, terms=terms, actor=WHO, at=NOON)
    assert said in first_screen(desk)
    reads = {desk.town.regie.pk: MandateTerms(kind=Mandate.Kind.READER)}
    regies.configure_mandates(agent_id=desk.town.regisseur.pk, terms=reads, actor=WHO, at=NOON)
    assert said in first_screen(desk), "who only reads answers for nothing"


def test_a_free_dispositif_and_a_fixed_amount_lack_nothing(desk: Desk) -> None:
    values = {"service": desk.town.scheme.service, "name": "Acte de naissance"}
    free = catalogue.configure_scheme(scheme_id=None, values=values, actor=WHO, at=NOON)
    catalogue.publish_form(scheme_id=free.pk, fields=desk.town.form.form_fields, actor=WHO, at=NOON)
    fixed, _form = make_fixed(desk.town, 1000)
    billing.configure_type(type_id=desk.town.type.pk, values={"schemes": [desk.town.scheme, fixed]}, actor=WHO, at=NOON)
    assert "à compléter" not in first_screen(desk)
    assert "Gratuit : sans tarification ni type de facture" in text_of(desk.get("settings_scheme", free.pk))
    assert "rien : gratuit" in text_of(desk.get("settings_services"))


def test_a_dispositif_whose_pricing_is_begun_is_not_free(desk: Desk) -> None:
    values = {"service": desk.town.scheme.service, "name": "Garderie"}
    begun = catalogue.configure_scheme(scheme_id=None, values=values, actor=WHO, at=NOON)
    catalogue.publish_form(scheme_id=begun.pk, fields=desk.town.form.form_fields, actor=WHO, at=NOON)
    assert "à compléter" not in first_screen(desk)
    catalogue.edit_pricing(scheme_id=begun.pk, pricing=canteen(), revision=0, actor=WHO, at=NOON)
    assert "Garderie : sans tarification, type de facture" in first_screen(desk)


BANK = "Régie Enfance : la banque a refusé ses réglages la dernière fois"


def test_a_bank_that_refused_the_settings_is_told_until_it_takes_them(desk: Desk) -> None:
    tested: dict[str, Any] = {"regie_id": desk.town.regie.pk, "actor": WHO}
    regies.record_bank_test(**tested, refused=True, code="T2", at=later(1))
    assert BANK in first_screen(desk)
    assert "refusés par la banque T2" in text_of(desk.get("settings_regie", desk.town.regie.pk))
    regies.record_bank_test(**tested, refused=False, code="", at=later(2))
    assert BANK not in first_screen(desk)


def test_a_payment_that_the_bank_would_not_open_is_told_until_one_is_opened(desk: Desk) -> None:
    """52,07 € is what the sandbox refuses, 52,00 € what it takes."""
    pay(make_fixed_invoice(desk.town, 5207, name="Refusé"), 1)
    assert BANK in first_screen(desk)
    pay(make_fixed_invoice(desk.town, 5200, name="Ouvert"), 2)
    assert BANK not in first_screen(desk)


def test_other_settings_have_not_been_refused_yet(desk: Desk) -> None:
    regie = desk.town.regie.pk
    regies.record_bank_test(regie_id=regie, refused=True, code="T2", actor=WHO, at=later(1))
    regies.configure_regie(regie_id=regie, values={"description": "Encaisse."}, actor=WHO, at=later(2))
    assert BANK in first_screen(desk)
    regies.configure_regie(regie_id=regie, values={"gateway_settings": {"mode": "T"}}, actor=WHO, at=later(3))
    assert BANK not in first_screen(desk)


def test_the_saved_settings_are_tested_and_what_the_bank_answers_is_kept(desk: Desk) -> None:
    desk.send("settings_regie", desk.town.regie.pk, name="Autre nom", test="1")
    record = Record.objects.get(verb="regie.bank_test")
    assert (record.details["answer"], record.actor.name) == ("known", desk.town.admin.name)


def test_the_first_screen_costs_the_same_however_many_there_are(desk: Desk) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            desk.get("settings")
        return len(asked)

    cost()
    before = cost()
    for code, name in (("CULT", "Régie Culture"), ("SPORT", "Régie des sports")):
        made = make_regie(code, name)
        make_type(made, [desk.town.scheme], name=name)
        regies.record_bank_test(regie_id=made.pk, refused=True, code="T2", actor=WHO, at=later(1))
    assert cost() == before
