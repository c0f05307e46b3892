"""In every test of a remise de service, whatever it did: rows are taken in one order, and the books are right."""

from collections.abc import Iterator

import pytest

from tests.books import check_books
from tests.handovers.steps import Change, make_change
from tests.locks import one_order


@pytest.fixture(autouse=True)
def _books_are_right(db: None) -> Iterator[None]:
    with one_order():
        yield
    check_books()


@pytest.fixture
def change(db: None) -> Change:
    return make_change()
