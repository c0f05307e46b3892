"""While the bank is down, a citizen reads it in plain words before anything is tried, and it goes away by itself."""

from datetime import timedelta

import pytest
from django.test import Client

from obole.lib import texts
from obole.payments import operations as payments, rules
from obole.payments.models import Attempt, Circuit
from obole.payments.operations import circuit_breaker
from obole.regies.models import Regie
from tests.payments.wire import Wire, tap
from tests.portal.conftest import Clock, bill, row_counts, text_of
from tests.world import NOON, WHO, Town, make_invoice, make_regie

pytestmark = pytest.mark.django_db

BANNER = "Le paiement en ligne est momentanément indisponible."


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    return tap(monkeypatch)


def go_down(regie: Regie, clock: Clock) -> None:
    """Let the bank go down at noon; it was just asked."""
    values = {"failing_since": NOON, "down_since": NOON, "probed_at": clock.at}
    Circuit.objects.create(regie=regie, failures=rules.FAILURES, **values)


def test_the_banner_says_what_since_when_and_what_to_do(town: Town, browser: Client, clock: Clock) -> None:
    invoice = make_invoice(town)
    pages = ("/mes-factures/", f"/mes-factures/{invoice.public_id}/", f"/mes-factures/{invoice.public_id}/payer/", "/")
    assert not any(BANNER in text_of(browser.get(address)) for address in pages)
    go_down(town.regie, clock)

    for address in pages:
        page = text_of(browser.get(address))
        assert BANNER in page, address
        assert "« Cantine et périscolaire » : le service de paiement Bac à sable ne répond pas depuis 12 h 00." in page
        assert "Rien n’a été débité et vos factures restent à payer" in page
        assert "Payer maintenant" not in page, address
        assert "Régie" not in page, "citizens know no régie"

    circuit_breaker.record_answer(regie_id=town.regie.pk, at=clock.at)
    for address in pages:
        page = text_of(browser.get(address))
        assert BANNER not in page and "Payer maintenant" in page, address


def test_a_click_on_a_page_that_was_open_is_refused_before_the_bank(
    town: Town, browser: Client, clock: Clock, wire: Wire
) -> None:
    invoice = make_invoice(town)
    go_down(town.regie, clock)
    before = row_counts()

    answer = browser.post(f"/mes-factures/{invoice.public_id}/payer/", {"request_key": texts.token()}, follow=True)

    page = text_of(answer)
    assert "Le paiement n’a pas commencé et rien n’a été débité" in page and BANNER in page
    assert (wire.total, row_counts()) == (0, before)


def test_who_owes_nothing_to_that_regie_reads_nothing(
    town: Town, browser: Client, stranger: Client, clock: Clock
) -> None:
    make_invoice(town)
    go_down(make_regie("SPO", "Régie Sports"), clock)

    assert BANNER not in text_of(browser.get("/mes-factures/"))
    go_down(town.regie, clock)
    assert BANNER not in text_of(stranger.get("/mes-factures/"))


def test_an_invoice_that_is_paid_says_nothing_of_the_bank(town: Town, browser: Client, clock: Clock) -> None:
    attempt = payments.start_payment(
        invoice_id=bill(town, 5200).pk, email="usager@example.org", request_key="k", actor=WHO, at=NOON
    )
    payments.resolve_attempt(attempt_id=attempt.pk, actor=WHO, at=clock.at)
    go_down(town.regie, clock)

    for address in (f"/mes-factures/{attempt.invoice.public_id}/", "/mes-factures/"):
        assert BANNER not in text_of(browser.get(address))
    assert "ne répond pas" not in text_of(browser.get(f"/paiements/retour/{attempt.public_id}/"))


@pytest.mark.parametrize("with_session", [True, False])
def test_who_comes_back_during_the_outage_is_told_that_nothing_is_lost_and_the_bank_is_left_in_peace(
    town: Town, browser: Client, clock: Clock, wire: Wire, with_session: bool
) -> None:
    attempt = payments.start_payment(
        invoice_id=bill(town, 5200).pk, email="usager@example.org", request_key="k", actor=WHO, at=NOON
    )
    go_down(town.regie, clock)
    who = browser if with_session else Client()

    for _look in range(5):
        page = text_of(who.get(f"/paiements/retour/{attempt.public_id}/"))
        clock.at += timedelta(seconds=5)

    assert "La banque ne répond pas pour l’instant" in page
    assert "ne répond pas depuis 12 h 00. Si vous avez validé votre paiement, il n’est pas perdu" in page
    assert ("Cantine" in page) is False, "without a session, nobody learns what the payment is for"
    assert wire.calls["ask"] == 0
    clock.pass_(minutes=2)
    assert "Paiement reçu" in text_of(who.get(f"/paiements/retour/{attempt.public_id}/"))


def test_with_no_worker_the_button_comes_back_and_the_click_is_the_question(
    town: Town, browser: Client, clock: Clock, wire: Wire
) -> None:
    invoice = make_invoice(town)
    go_down(town.regie, clock)
    clock.at += rules.WORKER_LOST

    page = text_of(browser.get(f"/mes-factures/{invoice.public_id}/"))
    assert BANNER in page and "Payer maintenant" in page
    answer = browser.post(f"/mes-factures/{invoice.public_id}/payer/", {"request_key": texts.token()})

    assert answer.status_code == 303
    assert Attempt.objects.get().state == "waiting"
    assert BANNER not in text_of(browser.get("/mes-factures/"))
