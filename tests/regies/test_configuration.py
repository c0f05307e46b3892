"""What a régie may be, and who answers for it."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from obole.audit_log.models import Record
from obole.regies import operations as regies
from obole.regies.models import Mandate, Regie
from tests.world import NOON, WHO, make_invoice, make_regie, make_town

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "values",
    [{"code": "enf"}, {"code": "E"}, {"code": "ENFANCES"}, {"code": "ÉNF"}, {"release_delay": 14}, {"name": ""}],
)
def test_a_value_that_breaks_the_rules_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        regies.configure_regie(regie_id=None, values={"code": "ENF", "name": "Enfance", **values}, actor=WHO, at=NOON)
    assert not Regie.objects.exists()
    assert not Record.objects.exists()


def test_the_release_delay_is_kept_by_the_database_too() -> None:
    regie = make_regie("ENF", "Enfance")
    with pytest.raises(IntegrityError, match="regie_release_delay_allowed"), transaction.atomic():
        Regie.objects.filter(pk=regie.pk).update(release_delay=14)


def test_the_code_stays_once_it_begins_numbers() -> None:
    town = make_town()
    change = {"regie_id": town.regie.pk, "actor": WHO, "at": NOON}
    regies.configure_regie(values={"code": "NEW"}, **change)
    regies.configure_regie(values={"code": "ENF"}, **change)
    make_invoice(town)
    with pytest.raises(ValidationError, match="ne peut plus changer"):
        regies.configure_regie(values={"code": "NEW"}, **change)
    regies.configure_regie(values={"code": "ENF", "name": "Autre nom"}, **change)
    town.regie.refresh_from_db()
    assert (town.regie.code, town.regie.name) == ("ENF", "Autre nom")


def test_mandates_say_who_sees_the_money() -> None:
    town = make_town()
    other = make_regie("CUL", "Culture")
    seen = Regie.objects.seen_by
    assert list(seen(town.regisseur)) == [town.regie]
    assert list(seen(town.agent)) == []
    assert list(seen(town.admin)) == [other, town.regie]

    for _twice in range(2):
        regies.give_mandates(regie_id=town.regie.pk, agent_ids=[town.agent.pk], actor=WHO, at=NOON)

    assert list(Mandate.objects.values_list("agent_id", flat=True)) == [town.agent.pk]
    assert list(seen(town.regisseur)) == []
