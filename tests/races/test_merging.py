"""Files are merged by many at once, while applications, invoices and payments of theirs arrive: all is kept."""

from datetime import datetime
from threading import Event

import pytest

from obole.audit_log.models import Record
from obole.billing.models import Invoice, InvoiceQuerySet
from obole.directory import operations as directory
from obole.directory.models import Citizen
from obole.dossiers.models import Dossier
from obole.payments.models import Attempt
from obole.personal_data.operations import merging
from tests.books import check_books
from tests.races.acts import merge, start
from tests.races.crowd import Meeting, at_once, without_lock
from tests.races.processes import act, all_at_once, gave, raised
from tests.world import NOON, WHO, Town, make_dossier, make_invoice, make_town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


@pytest.fixture
def town(transactional_db: None) -> Town:
    return make_town()


@pytest.fixture
def twin(town: Town) -> Citizen:
    return directory.register_citizen(values={"last_name": "Lefèvre"}, actor=WHO, at=NOON)


def test_the_same_merge_eight_times_at_once_is_done_once(town: Town, twin: Citizen) -> None:
    invoice = make_invoice(town, citizen=twin)
    told = all_at_once(*[act("merge", kept_id=town.citizen.pk, merged_id=twin.pk)] * 8)
    assert gave(told) == [town.citizen.pk] * 8
    invoice.refresh_from_db()
    assert invoice.payer == town.citizen and Record.objects.filter(verb="citizen.merge").count() == 1


def test_each_into_the_other_at_once_one_wins(town: Town, twin: Citizen) -> None:
    make_invoice(town, citizen=twin)
    make_invoice(town)
    one, two = town.citizen.pk, twin.pk
    told = all_at_once(*[act("merge", kept_id=one, merged_id=two)] * 4, *[act("merge", kept_id=two, merged_id=one)] * 4)
    assert raised(told) == ["MergeRefused"] * 4
    stays = Citizen.objects.get(merged_into=None, pk__in=(one, two))
    assert set(Invoice.objects.values_list("payer", flat=True)) == {stays.pk}
    assert Record.objects.filter(verb="citizen.merge").count() == 1


def test_what_arrives_meanwhile_is_left_to_nobody(town: Town, twin: Citizen) -> None:
    ready = [make_dossier(town, citizen=twin) for _n in range(4)]
    told = all_at_once(
        *[act("apply_for", citizen_id=twin.pk, form_id=town.form.pk, key=str(n)) for n in range(4)],
        act("merge", kept_id=town.citizen.pk, merged_id=twin.pk),
        *[act("issue", dossier_id=dossier.pk, type_id=town.type.pk) for dossier in ready],
    )
    gave(told)
    assert set(Dossier.objects.values_list("citizen", flat=True)) == {town.citizen.pk}
    assert set(Invoice.objects.values_list("payer", flat=True)) == {town.citizen.pk}
    assert (Dossier.objects.count(), Invoice.objects.count()) == (8, 4)
    check_books()


@pytest.mark.parametrize("mutant", ["", "no_locks"])
def test_a_file_goes_to_one_of_two_at_once(town: Town, twin: Citizen, mutant: str) -> None:
    third = directory.register_citizen(values={"last_name": "Lefèvre"}, actor=WHO, at=NOON)
    acts = [act("merge", kept_id=kept, merged_id=twin.pk) for kept in (town.citizen.pk, third.pk)] * 4
    told = all_at_once(*acts, mutant=mutant)
    records = Record.objects.filter(verb="citizen.merge").count()
    if mutant:
        assert records > 1, "nobody came in: the crowd shows nothing"
    else:
        assert (raised(told), records) == (["MergeRefused"] * 4, 1)


@pytest.mark.parametrize("guard", ["lock", "none"])
def test_a_payment_that_starts_waits_for_the_merge(
    town: Town, twin: Citizen, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    invoice, meeting, seen = make_invoice(town, citizen=twin), Meeting(guard), list[bool]()
    move = merging._move

    def slowly(kept: Citizen, merged: Citizen, *, at: datetime) -> dict[str, list[int]]:
        locked.set()
        meeting.wait()
        seen.append(Attempt.objects.exists())
        return move(kept, merged, at=at)

    def pay() -> int:
        assert locked.wait(15)
        paid = start(invoice.pk, "k")
        meeting.wait()
        return len(paid)

    locked = Event()
    monkeypatch.setattr(merging, "_move", slowly)
    if guard == "none":
        monkeypatch.setattr(InvoiceQuerySet, "locked", without_lock)
    errors = [told for told in at_once(lambda: merge(town.citizen.pk, twin.pk), pay) if isinstance(told, Exception)]
    assert not errors
    assert seen == [guard == "none"]
    assert Attempt.objects.get().state == "waiting"
