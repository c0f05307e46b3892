"""A price in several invoices and its cautions, on the screens of a dossier."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from lxml import html
from pytest_django.fixtures import DjangoAssertNumQueries

from obole.billing import operations as billing
from obole.billing.models import CreditNote, Invoice, PlannedInstalment, SecurityDeposit
from obole.dossiers.models import Dossier
from obole.regies import operations as regies
from tests.billing.priced import HALL_ASKED, MUSIC_ASKED, bill as bill_answers, publish
from tests.crm.desk import browser, get, text_of, url
from tests.crm.dossiers.test_generate_priced import panel, send
from tests.pricing.dispositifs import HALL, MUSIC
from tests.world import NOON, WHO, Town, later, make_dossier, make_town

pytestmark = pytest.mark.django_db
TODAY = NOON.date()
HALL_TYPED = {f"r-{key}": "yes" if value == "oui" else value for key, value in HALL_ASKED.items()} | {
    "r-du": "2026-12-12"
}
MUSIC_TYPED = {
    "n-eleves": "2",
    "r-eleves-0-cursus": "instrument",
    "r-eleves-1-cursus": "instrument",
    "r-trimestres_violon": "3",
}


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(later(30), tick=False)
    return make_town()


@pytest.fixture
def client(town: Town) -> Client:
    return browser(town.agent)


@pytest.fixture
def money(town: Town) -> Client:
    regies.configure_regie(regie_id=town.regie.pk, values={"holds_cautions": True}, actor=WHO, at=NOON)
    return browser(town.regisseur)


@pytest.fixture
def hall(town: Town) -> Dossier:
    publish(town, HALL)
    return make_dossier(town)


@pytest.fixture
def music(town: Town) -> Dossier:
    publish(town, MUSIC)
    return make_dossier(town)


@pytest.fixture
def planned(town: Town) -> PlannedInstalment:
    """The solde of a hall whose acompte was billed."""
    bill_answers(town, publish(town, HALL), HALL_ASKED, later=[TODAY + timedelta(days=10)])
    return PlannedInstalment.objects.get(kind="balance")


@pytest.fixture
def caution(planned: PlannedInstalment) -> SecurityDeposit:
    return SecurityDeposit.objects.get(key="degats")


def field_of(answer: HttpResponse, name: str) -> str:
    page = html.fromstring(answer.content.decode())
    return str(page.xpath(f"//input[@name='{name}']/@value")[0])


def act(client: Client, name: str, pk: int, **sent: str) -> HttpResponse:
    answer: HttpResponse = client.post(url(name, pk), sent, follow=True)
    assert answer.status_code == 200
    return answer


def test_the_parts_and_the_cautions_are_shown_before_they_are_confirmed(client: Client, hall: Dossier) -> None:
    looked = text_of(send(client, hall, {**panel(client, hall), **HALL_TYPED}, recalculer="1"))
    for said in (
        "Facturé en plusieurs fois",
        "Acompte de 30 % maintenant 157,80",
        "Solde",
        "368,20",
        "Dégâts : 800,00 €",
    ):
        assert said in looked, said
    assert not Invoice.objects.exists() and not SecurityDeposit.objects.exists()


def test_a_solde_needs_its_day_and_nothing_typed_is_lost(client: Client, hall: Dossier) -> None:
    sent = {**panel(client, hall), **HALL_TYPED}
    refused = send(client, hall, sent)
    assert refused.status_code == 200 and "Choisissez le jour où cette part sera facturée." in text_of(refused)
    for day, said in (("2026-11-25", "un jour à venir"), ("2035-01-01", "trop lointaine"), ("demain", "date valide")):
        refused = send(client, hall, sent, part_2=day)
        assert said in text_of(refused) and field_of(refused, "part_2") == day
    assert field_of(refused, "r-couverts") == "80"
    assert not Invoice.objects.exists() and not SecurityDeposit.objects.exists()


def test_the_acompte_is_issued_and_the_dossier_shows_the_rest(client: Client, hall: Dossier) -> None:
    sent = {**panel(client, hall), **HALL_TYPED, "part_2": "2026-12-05"}
    assert send(client, hall, sent).status_code == 302
    assert send(client, hall, sent).status_code == 302
    assert Invoice.objects.get().total_cents == 15780
    page = text_of(get(client, "dossier", hall.pk, panneau="factures"))
    for said in (
        "Échéancier",
        "526,00 €",
        "ENF-2026-000001",
        "05/12/2026",
        "25/12/2026",
        "Prévue",
        "368,20",
        "Cautions",
        "Demandée",
    ):
        assert said in page, said


def test_instalments_are_a_month_apart_unless_the_agent_says_otherwise(client: Client, music: Dossier) -> None:
    sent = {**panel(client, music), **MUSIC_TYPED}
    looked = send(client, music, sent, recalculer="1")
    assert (field_of(looked, "part_2"), field_of(looked, "part_3")) == ("2026-12-25", "2027-01-25")
    send(client, music, sent, part_2="2026-12-01", part_3="2027-01-25")
    rows = PlannedInstalment.objects.order_by("rank").values_list("cents", "issue_on")
    assert [(cents, day.isoformat()) for cents, day in rows] == [
        (44480, "2026-11-25"),
        (40680, "2026-12-01"),
        (40680, "2027-01-25"),
    ]


def test_days_out_of_order_are_told_at_their_field(client: Client, music: Dossier) -> None:
    refused = send(client, music, {**panel(client, music), **MUSIC_TYPED}, part_2="2026-12-25", part_3="2026-12-24")
    page = html.fromstring(refused.content.decode())
    assert page.xpath("//input[@name='part_3']/@aria-invalid") == ["true"]
    assert "avant celle de la part précédente" in text_of(refused)


def test_all_at_once_is_one_invoice(client: Client, hall: Dossier) -> None:
    send(client, hall, {**panel(client, hall), **HALL_TYPED}, at_once="on")
    assert Invoice.objects.get().total_cents == 52600 and not PlannedInstalment.objects.exists()
    looked = send(
        client, hall, {**panel(client, hall), **HALL_TYPED, "part_2": "2026-12-05"}, at_once="on", recalculer="1"
    )
    assert "Facturé en plusieurs fois" not in text_of(looked) and field_of(looked, "part_2") == "2026-12-05"


def test_a_part_gets_another_day_its_invoice_or_is_abandoned(client: Client, planned: PlannedInstalment) -> None:
    assert "368,20 € sur 526,00 €" in text_of(get(client, "part", planned.pk))
    refused = act(client, "part", planned.pk, action="move", issue_on="2026-11-25")
    assert "un jour à venir" in text_of(refused)
    act(client, "part", planned.pk, action="move", issue_on="2026-12-20")
    planned.refresh_from_db()
    assert planned.issue_on.isoformat() == "2026-12-20"
    assert "Écrivez le motif" in text_of(act(client, "part", planned.pk, action="abandon", reason=" "))
    assert "ENF-2026-000002" in text_of(act(client, "part", planned.pk, action="bill"))
    told = text_of(act(client, "part", planned.pk, action="abandon", reason="trop tard"))
    assert "n’est plus prévue" in told and Invoice.objects.count() == 2


def test_what_is_abandoned_shows_why(client: Client, planned: PlannedInstalment) -> None:
    page = text_of(act(client, "part", planned.pk, action="abandon", reason="Mariage annulé"))
    assert "Abandonnée" in page and "Mariage annulé" in page


def test_a_solde_without_acompte_says_what_to_do(client: Client, planned: PlannedInstalment) -> None:
    acompte = Invoice.objects.get()
    billing.cancel_invoice(invoice_id=acompte.pk, code=CreditNote.Reason.PRICE, comment="", actor=WHO, at=NOON)
    page = get(client, "part", planned.pk)
    assert "refaites-le avant d’émettre le solde" in text_of(page) and "Émettre maintenant" not in text_of(page)
    assert "est annulé" in text_of(act(client, "part", planned.pk, action="bill"))
    assert "En suspens" in text_of(get(client, "dossier", planned.plan.dossier_id, panneau="factures"))
    draft = billing.redo_invoice(invoice_id=acompte.pk, actor=WHO, at=NOON)
    assert "ne se corrigent pas seules" in text_of(get(client, "draft", draft.pk))
    client.post(url("draft", draft.pk), {"emettre": "1", "shown": str(draft.total_cents)})
    assert Invoice.objects.get(pk=draft.pk).state == "due"
    assert "Émettre maintenant" in text_of(get(client, "part", planned.pk))


@pytest.mark.parametrize("action", ["", "explode", "__class__"])
def test_an_unknown_action_does_nothing(
    client: Client, money: Client, planned: PlannedInstalment, caution: SecurityDeposit, action: str
) -> None:
    act(client, "part", planned.pk, action=action)
    act(money, "caution", caution.pk, action=action)
    planned.refresh_from_db()
    caution.refresh_from_db()
    assert (planned.state, caution.state) == ("planned", "asked")


def test_a_caution_is_received_then_kept_in_part(money: Client, caution: SecurityDeposit) -> None:
    assert "Choisissez comment" in text_of(act(money, "caution", caution.pk, action="receive", reference="123"))
    act(money, "caution", caution.pk, action="receive", means="cheque", reference="0123456")
    for cents, said in (("900", "au plus 800,00 €"), ("0", "au moins 0,01 €"), ("-3", "12,50")):
        refused = act(money, "caution", caution.pk, action="keep", cents=cents, reason="Vitre", type=kept_type(caution))
        assert said in text_of(refused) and field_of(refused, "cents") == cents
    draft = act(
        money, "caution", caution.pk, action="keep", cents="120,50", reason="Vitre cassée", type=kept_type(caution)
    )
    assert "Brouillon de facture" in text_of(draft)
    caution.refresh_from_db()
    assert (caution.state, caution.kept_cents) == ("kept", 12050)
    page = text_of(get(money, "caution", caution.pk))
    assert "Retenue en partie" in page and "679,50 €" in page and "brouillon à émettre" in page


def kept_type(caution: SecurityDeposit) -> str:
    return str(caution.regie.invoice_types.get().pk)


def test_a_caution_is_given_back(money: Client, caution: SecurityDeposit) -> None:
    act(money, "caution", caution.pk, action="receive", means="cash", reference="")
    assert "Restituée" in text_of(act(money, "caution", caution.pk, action="give_back"))
    assert "rien n’a été enregistré" in text_of(act(money, "caution", caution.pk, action="give_back"))


def test_who_does_not_answer_for_the_regie_holds_no_caution(
    client: Client, money: Client, caution: SecurityDeposit
) -> None:
    act(client, "caution", caution.pk, action="receive", means="cash", reference="")
    caution.refresh_from_db()
    assert caution.state == "asked"
    assert "Seuls les agents mandatés" in text_of(get(client, "caution", caution.pk))
    act(client, "caution", caution.pk, action="drop", reason="Salle non louée")
    caution.refresh_from_db()
    assert (caution.state, caution.reason) == ("dropped", "Salle non louée")


def test_a_regie_without_the_right_says_who_gives_it(town: Town, caution: SecurityDeposit) -> None:
    page = act(browser(town.regisseur), "caution", caution.pk, action="receive", means="cash", reference="")
    assert "n’est pas habilitée à garder des cautions" in text_of(page)


@pytest.mark.parametrize("name", ["part", "caution"])
def test_what_does_not_exist_is_404(client: Client, name: str) -> None:
    assert client.get(url(name, 4321)).status_code == 404


def test_the_page_costs_the_same_with_more_parts_and_cautions(
    town: Town, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def cost(dossier: Dossier) -> int:
        get(client, "dossier", dossier.pk, panneau="factures")
        with django_assert_max_num_queries(200) as seen:
            get(client, "dossier", dossier.pk, panneau="factures")
        return len(seen)

    days = [TODAY + timedelta(days=30), TODAY + timedelta(days=60)]
    few, many = make_dossier(town), make_dossier(town)
    version = publish(town, MUSIC)
    bill_answers(town, version, MUSIC_ASKED, dossier=few, key="few", later=days)
    for rank in range(4):
        bill_answers(town, version, MUSIC_ASKED, dossier=many, key=f"many{rank}", later=days)
    assert cost(many) == cost(few)


def test_the_story_of_a_dossier_tells_its_parts_and_its_cautions(
    client: Client, money: Client, planned: PlannedInstalment, caution: SecurityDeposit
) -> None:
    act(money, "caution", caution.pk, action="receive", means="cheque", reference="0123456")
    act(client, "part", planned.pk, action="move", issue_on="2026-12-20")
    act(client, "part", planned.pk, action="abandon", reason="Mariage annulé")
    page = text_of(get(client, "dossier", planned.plan.dossier_id, panneau="historique"))
    for said in (
        "Part abandonnée",
        "Mariage annulé",
        "Part prévue un autre jour",
        "Caution reçue",
        "0123456",
        "Caution demandée",
    ):
        assert said in page, said


def test_what_was_held_on_its_day_waits_with_the_drafts(
    client: Client, town: Town, planned: PlannedInstalment, time_machine: Any
) -> None:
    assert "en suspens" not in text_of(get(client, "drafts"))
    time_machine.move_to(NOON + timedelta(days=11), tick=False)
    client = browser(town.regisseur)
    assert "1 part en suspens" in text_of(get(client, "invoices"))
    page = text_of(get(client, "drafts"))
    assert "Parts en suspens" in page and "05/12/2026" in page and "368,20" in page
    billing.bill_instalment(part_id=planned.pk, actor=WHO, at=NOON)
    assert "en suspens" not in text_of(get(client, "drafts"))
