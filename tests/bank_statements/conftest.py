"""In every test of the room, whatever it did: rows are taken in one order, and the books are right afterwards."""

from collections.abc import Iterator

import pytest

from tests.books import check_books
from tests.locks import one_order
from tests.world import Town, make_town


@pytest.fixture(autouse=True)
def _books_are_right(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("django_db") is None:
        yield
        return
    request.getfixturevalue("db")
    with one_order():
        yield
    check_books()


@pytest.fixture
def town(db: None) -> Town:
    return make_town()
