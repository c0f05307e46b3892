"""The trail: lives and dies with the change, forgets nothing, says what a setting was before."""

import pytest
from django.db import transaction

from obole.audit_log import operations as audit_log, queries
from obole.audit_log.models import Record
from obole.lib.states import TransitionRecord
from obole.regies import operations as regies
from obole.regies.models import Regie
from tests.actors import somebody
from tests.world import NOON, WHO, later, make_regie

pytestmark = pytest.mark.django_db


class Lost(Exception):
    """The change does not reach its commit."""


def test_a_record_outside_a_transaction_is_refused() -> None:
    regie = make_regie("ENF", "Enfance")
    before = Record.objects.count()
    for write in (
        lambda: audit_log.log_event("x", subject=regie, actor=WHO, at=NOON),
        lambda: audit_log.log_transition(TransitionRecord("x", "a", "b"), subject=regie, actor=WHO, at=NOON),
    ):
        with pytest.raises(RuntimeError, match="outside a transaction"):
            write()
    assert Record.objects.count() == before


def test_a_record_vanishes_with_the_change() -> None:
    regie = make_regie("ENF", "Enfance")
    before = Record.objects.count()
    with pytest.raises(Lost), transaction.atomic():
        audit_log.log_event("x", subject=regie, actor=WHO, at=NOON)
        raise Lost
    assert Record.objects.count() == before


def test_what_a_setting_was_before_is_kept() -> None:
    regie = make_regie("ENF", "Enfance")
    regies.configure_regie(
        regie_id=regie.pk, values={"name": "Jeunesse", "release_delay": 20}, actor=somebody("a@b.fr"), at=later(1)
    )

    record = queries.about(regie)[0]
    assert (record.verb, record.actor.name, record.details["fields"]) == ("configure", "a@b.fr", "name")
    assert "Enfance" in str(record.details["before"])


def test_about_says_nothing_of_others() -> None:
    one, other = make_regie("ENF", "Enfance"), make_regie("CUL", "Culture")
    assert {record.subject_id for record in queries.about(one)} == {one.pk}
    assert queries.about(one, other).count() == 2
    assert queries.about().count() == 0


def test_a_refused_setting_leaves_no_trace() -> None:
    regie = make_regie("ENF", "Enfance")
    before = Record.objects.count()
    with pytest.raises(Exception, match="release_delay"):
        regies.configure_regie(regie_id=regie.pk, values={"name": "X", "release_delay": 1}, actor=WHO, at=NOON)
    assert (Record.objects.count(), Regie.objects.get().name) == (before, "Enfance")
