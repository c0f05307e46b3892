"""A seed is a town of many invoices whose books are right, and that the product goes on from."""

import pytest
from django.core.management import call_command

from obole.billing.models import Invoice
from obole.books import verification
from obole.payments.models import Receipt
from obole_demo.management.commands import seed


@pytest.mark.django_db(transaction=True)
def test_the_books_of_a_seed_are_right() -> None:
    seed.fill(120)
    assert Invoice.objects.count() == 120
    assert Receipt.objects.exists()
    assert verification.verify() > 200


def test_an_empty_database_gets_its_tables_before_it_is_asked_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(seed.ownership, "require", lambda **_allowed: done.append("require"))
    monkeypatch.setattr(seed, "call_command", lambda name, **_options: done.append(name))
    monkeypatch.setattr(seed.ownership, "is_begun", lambda: bool(done.append("ask")))
    monkeypatch.setattr(seed, "fill", lambda _invoices: done.append("fill"))
    call_command("seed", invoices=1)
    assert done == ["require", "migrate", "ask", "fill"]
