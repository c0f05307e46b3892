"""One row for one form, one call of the bank for one button: eight at once."""

from collections.abc import Callable
from threading import Barrier
from typing import Any

import pytest
from django.db import transaction

from obole.billing.models import Invoice
from obole.directory.models import Citizen
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.gateways.sandbox.gateway import Sandbox
from obole.lib import texts
from obole.mailing.models import Message
from obole.payments import operations as payments
from obole.payments.models import Attempt
from tests.actors import somebody
from tests.books import check_books
from tests.races.crowd import EIGHT, at_once, eight, given
from tests.world import NOON, WHO, Town, bill_dossier, make_citizen, make_dossier, make_invoice, make_town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


@pytest.fixture
def town(transactional_db: None) -> Town:
    return make_town()


def generate(town: Town, dossier: Dossier, key: str = "") -> Callable[[], Invoice]:
    request_key = key or texts.token()
    return lambda: bill_dossier(dossier, town.type, key=request_key, period="")


def test_the_same_form_sent_eight_times_makes_one_invoice(town: Town) -> None:
    made = given(eight(generate(town, make_dossier(town), "form")), Invoice)

    assert len({invoice.pk for invoice in made}) == Invoice.objects.count() == 1
    check_books()


def test_the_same_application_sent_eight_times_makes_one_dossier(town: Town) -> None:
    filled = dossiers.Application(answers={"enfant": "Zoé", "ecole": "Jules-Ferry", "repas": 3})

    def send() -> Dossier:
        return dossiers.submit(
            citizen_id=town.citizen.pk, form_id=town.form.pk, request_key="form", filled=filled, actor=WHO, at=NOON
        )

    made = given(eight(send), Dossier)

    assert len({dossier.pk for dossier in made}) == Dossier.objects.count() == 1
    assert Message.objects.filter(kind="dossier_received").count() == 1


def test_eight_applications_at_once_take_eight_numbers(town: Town) -> None:
    filled = dossiers.Application(answers={"enfant": "Zoé", "ecole": "Jules-Ferry"})

    def send(key: str) -> Callable[[], Dossier]:
        return lambda: dossiers.submit(
            citizen_id=town.citizen.pk, form_id=town.form.pk, request_key=key, filled=filled, actor=WHO, at=NOON
        )

    given(at_once(*[send(f"form{n}") for n in range(EIGHT)]), Dossier)

    assert len(set(Dossier.objects.values_list("number", flat=True))) == EIGHT


def test_who_applies_waits_for_nobody_else(town: Town) -> None:
    """Somebody's application, not committed yet, keeps nothing that another citizen's needs."""
    filled = dossiers.Application(answers={"enfant": "Zoé", "ecole": "Jules-Ferry"})
    met = Barrier(2, timeout=10)

    def send(payer: Citizen) -> Dossier:
        with transaction.atomic():
            made = dossiers.submit(
                citizen_id=payer.pk, form_id=town.form.pk, request_key=payer.email, filled=filled, actor=WHO, at=NOON
            )
            met.wait()
            return made

    other = make_citizen("other@example.org")
    given(at_once(lambda: send(town.citizen), lambda: send(other)), Dossier)


def start(invoice: Invoice, key: str) -> Callable[[], Attempt]:
    return lambda: payments.start_payment(
        invoice_id=invoice.pk, email="usager@example.org", request_key=key, actor=somebody("usager"), at=NOON
    )


def test_one_button_pressed_eight_times_calls_the_bank_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice, called = make_invoice(town), []
    original = Sandbox.start

    def watched(self: Sandbox, order: Any) -> Any:
        called.append(order.reference)
        return original(self, order)

    monkeypatch.setattr(Sandbox, "start", watched)

    given(eight(start(invoice, "button")), Attempt)

    assert called == [Attempt.objects.get().reference]
