"""Two administrators at once: what an import has seen stays as it was seen until it is done."""

from threading import Thread

import pytest
from django.db import connection

from obole.catalogue import operations as catalogue
from obole.catalogue.models import Scheme
from obole.configuration import operations, queries
from obole.configuration.queries.snapshot import Snapshot
from obole.configuration.rules import file_parser
from tests.world import WHO, later, make_town

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_change_that_comes_during_an_import_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    town = make_town()
    tree = {"obole": {"format": 2}, "schemes": [{"name": town.scheme.name, "position": 4}]}
    seen = queries.plan(file_parser.read(tree), queries.take_snapshot()).seen

    def change() -> None:
        catalogue.configure_scheme(scheme_id=town.scheme.pk, values={"position": 9}, actor=WHO, at=later(9))
        connection.close()

    other, take = Thread(target=change), queries.take_snapshot

    def take_while_somebody_changes() -> Snapshot:
        other.start()
        other.join(0.3)
        assert other.is_alive(), "the rows are not locked"
        return take()

    monkeypatch.setattr(queries, "take_snapshot", take_while_somebody_changes)
    operations.import_file(tree=tree, seen=seen, actor=WHO, at=later())
    other.join(10)
    assert Scheme.objects.get().position == 9
