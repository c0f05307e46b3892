"""Two administrators at once: what an import has seen stays as it was seen until it is done."""

from threading import Thread

import pytest
from django.db import connection

from obole.catalogue import operations as catalogue
from obole.catalogue.models import Product
from obole.configuration import operations, queries
from obole.configuration.queries.snapshot import Snapshot
from obole.configuration.rules import reading
from tests.world import WHO, later, make_town

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_change_that_comes_during_an_import_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    town = make_town()
    tree = {
        "obole": {"format": 1},
        "schemes": [{"name": town.scheme.name, "products": [{"name": "Repas", "unit_price_cents": 345}]}],
    }
    seen = queries.plan(reading.read(tree), queries.take()).seen

    def change() -> None:
        catalogue.configure_product(product_id=town.meal.pk, values={"unit_price_cents": 999}, actor=WHO, at=later(9))
        connection.close()

    other, take = Thread(target=change), queries.take

    def take_while_somebody_changes() -> Snapshot:
        other.start()
        other.join(0.3)
        assert other.is_alive(), "the rows are not locked"
        return take()

    monkeypatch.setattr(queries, "take", take_while_somebody_changes)
    operations.import_file(tree=tree, seen=seen, actor=WHO, at=later())
    other.join(10)
    assert Product.objects.get(pk=town.meal.pk).unit_price_cents == 999
