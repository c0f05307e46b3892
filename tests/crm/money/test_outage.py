"""Who sees the money reads that a bank is down; the others do not."""

from typing import Any

import pytest

from obole.gateways.base import Exchange, Unreachable
from obole.payments import rules
from obole.payments.operations import circuit_breaker
from tests.crm.desk import browser, get, make_desk, text_of
from tests.world import Town, later, make_regie

pytestmark = pytest.mark.django_db

NOTICE = "Régie Enfance : la banque ne répond plus depuis le 25/11/2026 12 h 00 (5 appels sans réponse)."


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(later(10), tick=False)
    town = make_desk().town
    for n in range(rules.FAILURES):
        silence = Unreachable("silent", exchange=Exchange(request="ask", response=""))
        circuit_breaker.record_failure(regie_id=town.regie.pk, error=silence, at=later(n))
    return town


def test_who_sees_the_money_is_told_until_it_is_over(town: Town) -> None:
    other = make_regie("SPO", "Régie Sports")
    client, admin = browser(town.regisseur), browser(town.admin)

    for page in (get(client, "home"), get(admin, "home"), get(client, "regie", town.regie.pk)):
        assert NOTICE in text_of(page)
    assert "Paiement en ligne suspendu" in text_of(get(client, "regie", town.regie.pk))
    page = text_of(get(admin, "regie", other.pk))
    assert "ne répond plus" not in page and "Paiement en ligne ouvert" in page
    assert "ne répond plus" not in text_of(get(browser(town.agent), "home"))

    circuit_breaker.record_answer(regie_id=town.regie.pk, at=later(9))
    assert "ne répond plus" not in text_of(get(client, "home"))
    page = text_of(get(admin, "settings_regie", town.regie.pk))
    assert "La banque ne répond plus" in page and "La banque répond de nouveau" in page
    assert "5 appels sans réponse" in page
