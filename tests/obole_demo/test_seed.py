"""A seed is a town of many invoices whose books are right, and that the product goes on from."""

import pytest

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
