"""What a citizen reads of a price in several times and of its cautions: in plain words, with days."""

from datetime import timedelta

import pytest
from django.test import Client

from obole.billing import operations as billing
from obole.billing.models import PlannedInstalment, SecurityDeposit
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.regies import operations as regies
from tests.billing.priced import COPIES, HALL_ASKED, bill as bill_answers, publish
from tests.portal.conftest import text_of
from tests.pricing.dispositifs import HALL
from tests.world import NOON, WHO, Town, make_citizen, make_dossier

pytestmark = pytest.mark.django_db
BY = {"actor": WHO, "at": NOON}


@pytest.fixture
def hall(town: Town) -> Dossier:
    dossier = make_dossier(town)
    bill_answers(town, publish(town, HALL), HALL_ASKED, dossier=dossier, later=[NOON.date() + timedelta(days=10)])
    return dossier


def read(browser: Client, dossier: Dossier) -> str:
    return text_of(browser.get(f"/mes-demarches/{dossier.public_id}/"))


def test_the_schedule_and_the_cautions_are_told(browser: Client, hall: Dossier) -> None:
    page = read(browser, hall)
    for said in (
        "Ce que vous payez, et quand",
        "Acompte de 30 %",
        "Facture n° ENF-2026-000001, à payer avant le 15/12/2026.",
        "157,80 €",
        "Solde",
        "Vous recevrez la facture le 05/12/2026, à payer avant le 25/12/2026.",
        "368,20 €",
        "Caution Dégâts",
        "800,00 €",
        "Demandée",
        "À remettre au service.",
    ):
        assert said in page, said


def test_what_is_abandoned_or_held_promises_no_day(town: Town, browser: Client, hall: Dossier) -> None:
    dossiers.accept(dossier_id=hall.pk, reason="", **BY)
    dossiers.close(dossier_id=hall.pk, **BY)
    page = read(browser, hall)
    assert "sera précisée par le service" in page and "05/12/2026" not in page
    billing.abandon_instalments(part_id=PlannedInstalment.objects.get(kind="balance").pk, reason="Salle rendue.", **BY)
    assert "ne vous sera pas demandée : Salle rendue." in read(browser, hall)


def test_a_caution_is_followed_to_its_end(town: Town, browser: Client, hall: Dossier) -> None:
    regies.configure_regie(regie_id=town.regie.pk, values={"holds_cautions": True}, **BY)
    damage, cleaning = SecurityDeposit.objects.order_by("id")
    for item in (damage, cleaning):
        billing.receive_security_deposit(caution_id=item.pk, means="cheque", reference="", **BY)
    assert "Reçue le 25/11/2026. Elle vous sera rendue" in read(browser, hall)
    billing.return_security_deposit(caution_id=cleaning.pk, **BY)
    billing.keep_security_deposit(caution_id=damage.pk, cents=12050, reason="Vitre", type_id=town.type.pk, **BY)
    page = read(browser, hall)
    assert "Rendue le 25/11/2026." in page and "120,50 € retenus (Vitre), 679,50 € rendus." in page


def test_nobody_else_reads_it(hall: Dossier) -> None:
    stranger = Client()
    stranger.force_login(make_citizen("autre@example.org").user)
    assert stranger.get(f"/mes-demarches/{hall.public_id}/").status_code == 404


def test_without_parts_nor_cautions_nothing_is_said(town: Town, browser: Client) -> None:
    page = read(browser, make_dossier(town))
    assert "Ce que vous payez, et quand" not in page and "Caution" not in page


def test_what_is_carried_over_is_told(town: Town, browser: Client) -> None:
    dossier = make_dossier(town)
    asked = billing.PricingAnswers(version_id=publish(town, COPIES).pk, answers={"pages": "21"}, on=NOON.date())
    carried = billing.carry_price(
        dossier_id=dossier.pk, type_id=town.type.pk, answered=asked, period="octobre 2026", request_key="c", **BY
    )
    assert "4,20 € seront ajoutés à votre prochaine facture (octobre 2026)." in read(browser, dossier)
    billing.give_up_carry_over(carried_id=carried.pk, reason="Erreur", **BY)
    assert "seront ajoutés" not in read(browser, dossier)


def test_the_invoice_of_a_part_says_why_it_comes_to_its_amount(browser: Client, hall: Dossier) -> None:
    last = billing.bill_instalment(part_id=PlannedInstalment.objects.get(kind="balance").pk, **BY)
    acompte = hall.invoices.get(part__rank=1)
    page = text_of(browser.get(f"/mes-factures/{acompte.public_id}/"))
    for said in ("Acompte de 30 % sur 526,00 €", "157,80 €", "Pourquoi ce montant", "Total : 526,00 €."):
        assert said in page, said
    page = text_of(browser.get(f"/mes-factures/{last.public_id}/"))
    for said in ("Location", f"Acompte déjà facturé, facture n° {acompte.number}", "−157,80 €", "368,20 €"):
        assert said in page, said
