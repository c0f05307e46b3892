"""Two régisseurs sign at once: one bordereau; and what happens without what each entry is paid over once by."""

import pgtrigger
import pytest

from obole.books import verification
from obole.directory.rules import Profile
from obole.regies import operations as regies
from obole.regies.models import RemittedEntry, Series
from obole.remittances.models import Remittance
from tests.books import check_books
from tests.races.processes import act, all_at_once
from tests.remittances.steps import paid, sign
from tests.world import NOON, WHO, Town, make_agent, make_town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
CROWD = 8


@pytest.fixture
def town(transactional_db: None) -> Town:
    return make_town()


def test_eight_who_sign_at_once_sign_one_bordereau(town: Town) -> None:
    substitute = make_agent(Profile.REGISSEUR, email="suppleante@valbourg.example")
    terms = {town.regie.pk: regies.MandateTerms("substitute")}
    regies.configure_mandates(agent_id=substitute.pk, terms=terms, actor=WHO, at=NOON)
    cents = sum(paid(town).cents for _each in range(3))
    signers = [town.regisseur.actor, substitute.actor]
    told = all_at_once(
        *[
            act("sign_remittance", regie_id=town.regie.pk, cents=cents, key=f"k{n}", agent=signers[n % 2].as_json())
            for n in range(CROWD)
        ]
    )
    assert sorted(item.raised for item in told) == ["", *["NotRemittable"] * (CROWD - 1)]
    assert (Remittance.objects.count(), RemittedEntry.objects.count()) == (1, 3)
    assert Series.objects.get(kind="remittance").last == 1
    check_books()


def test_the_same_form_eight_times_at_once_signs_once(town: Town) -> None:
    cents = paid(town).cents
    agent = town.regisseur.actor.as_json()
    told = all_at_once(
        *[act("sign_remittance", regie_id=town.regie.pk, cents=cents, key="k", agent=agent) for _each in range(CROWD)]
    )
    assert {item.gave for item in told} == {"ENF-V-2026-000001"}
    check_books()


def test_neg_an_entry_that_left_its_bordereau_is_seen(town: Town) -> None:
    paid(town)
    sign(town)
    assert verification.verify()
    with pgtrigger.ignore("regies.RemittedEntry:append_only"):
        RemittedEntry.objects.all().delete()
    with pytest.raises(verification.BooksDiffer, match="its recettes are not the sum of its entries"):
        verification.verify()


def test_money_taken_back_while_it_is_signed_over_comes_back_from_where_it_is(town: Town) -> None:
    receipts = [paid(town) for _each in range(4)]
    agent = town.regisseur.actor.as_json()
    cents = sum(receipt.cents for receipt in receipts)
    all_at_once(
        act("sign_remittance", regie_id=town.regie.pk, cents=cents, key="k", agent=agent),
        *[act("take_back", receipt_id=receipt.pk) for receipt in receipts[:2]],
    )
    check_books()
