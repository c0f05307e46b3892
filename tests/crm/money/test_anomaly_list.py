"""The list « À traiter »: what each line says, filters, sorts and pages."""

from typing import Any

import pytest
from django.test import Client
from lxml import html

from obole.payments.models import Anomaly
from obole.regies import operations as regies
from tests.crm.desk import browser, get, rows_of, text_of
from tests.crm.money.test_anomalies import something_of_everything, unmatched
from tests.world import WHO, Town, later, make_regie

pytestmark = pytest.mark.django_db


def test_every_kind_of_task_is_listed_and_has_its_page(town: Town, client: Client) -> None:
    something_of_everything(town)
    page = text_of(get(client, "tasks"))
    for said in (
        "Tout (7)",
        "Sans facture connue (1)",
        "M. Inconnu",
        "VIR 77",
        "En recettes à classer 52,00 €",
        "usager@example.org",
        "Provision insuffisante",
        "Maud Lefèvre",
        "Remboursement demandé",
        "Payé deux fois",
        "regisseur@valbourg.example",
    ):
        assert said in page, said
    kinds = set(Anomaly.objects.values_list("kind", flat=True))
    assert kinds == {"not_due", "unmatched", "reversed", "freed", "mail", "refund"}
    for task in Anomaly.objects.all():
        assert task.get_kind_display() in text_of(get(client, "task", task.pk))


def test_a_kind_is_shown_alone(town: Town, client: Client) -> None:
    something_of_everything(town)
    [row] = rows_of(get(client, "tasks", kind="mail"))
    assert row[0] == "Courriel non remis"
    assert "Rien n’attend qui réponde" in text_of(get(client, "tasks", kind="different"))
    assert "Rien n’attend qui réponde" in text_of(get(client, "tasks", kind="<b>"))
    both = rows_of(get(client, "tasks", kind=["mail", "freed"]))
    assert {row[0] for row in both} == {"Courriel non remis", "Encaissement d’une facture annulée depuis"}


def test_what_waits_is_sorted_by_amount_and_age_and_paged(town: Town, client: Client) -> None:
    for cents in (500, 4000, 1200):
        unmatched(town, cents)
    assert [row[2] for row in rows_of(get(client, "tasks", sort="amount"))] == ["5,00", "12,00", "40,00"]
    assert [row[2] for row in rows_of(get(client, "tasks", sort="-amount"))] == ["40,00", "12,00", "5,00"]
    for sort in ("kind", "regie", "opened_at", "-age"):
        assert len(rows_of(get(client, "tasks", sort=sort))) == 3
    for _n in range(30):
        unmatched(town)
    for sort in ("", "regie", "-amount", "age"):
        page = get(client, "tasks", sort=sort)
        found = {row[1] for row in rows_of(page)}
        [after] = html.fromstring(page.content.decode()).xpath("//a[contains(@href, 'page=a.')]/@href")
        found |= {row[1] for row in rows_of(client.get(f"/crm/a-traiter/{after}"))}
        assert len(found) == 33, sort


def test_what_waits_is_narrowed_by_regie_and_by_age(town: Town, client: Client, time_machine: Any) -> None:
    unmatched(town)
    other = make_regie("AUT", "Autre")
    regies.give_mandates(regie_id=other.pk, agent_ids=[town.regisseur.pk], actor=WHO, at=later())
    assert len(rows_of(get(client, "tasks", regie=town.regie.pk))) == 1
    assert "Rien n’attend qui réponde" in text_of(get(client, "tasks", regie=other.pk))
    assert "Rien n’attend qui réponde" in text_of(get(client, "tasks", age="7"))
    time_machine.move_to(later(days=8), tick=False)
    [row] = rows_of(get(browser(town.regisseur), "tasks", age="7"))
    assert row[-1] == "8 jours"
