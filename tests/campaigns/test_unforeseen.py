"""What nobody foresaw of one family: it is left with a sentence, and the others are computed and deposited."""

from typing import Any

import pytest

from obole.billing import operations as billing
from obole.billing.models import Invoice
from obole.billing.states import InvoiceState
from obole.campaigns.models import Outcome
from obole.campaigns.operations import computing, depositing
from obole.campaigns.states import CampaignState
from obole.dossiers.models import Dossier
from tests.campaigns.steps import FIRST, deposit, family, open_november, outcomes, row
from tests.world import Town, make_town

pytestmark = pytest.mark.django_db
SAID = "Une erreur inattendue"


@pytest.fixture
def town(time_machine: Any) -> Town:
    time_machine.move_to(FIRST, tick=False)
    return make_town()


@pytest.fixture
def families(town: Town) -> list[Dossier]:
    return [family(town, name, 1) for name in ("Martin", "Petit", "Roux")]


def test_one_that_breaks_the_computing_stops_no_other(
    town: Town, families: list[Dossier], monkeypatch: pytest.MonkeyPatch
) -> None:
    price = billing.price_alone

    def broken(wanted: billing.DraftWanted) -> billing.Priced:
        if wanted.dossier.pk == families[1].pk:
            raise ZeroDivisionError
        return price(wanted)

    monkeypatch.setattr(computing.billing, "price_alone", broken)
    campaign = open_november(town)
    assert campaign.state == CampaignState.READY
    assert outcomes(campaign) == {Outcome.DRAFTED: 2, Outcome.REFUSED: 1}
    assert row(campaign, families[1]).reason.startswith(SAID)


def test_one_that_breaks_the_deposit_stops_no_other(
    town: Town, families: list[Dossier], monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = open_november(town)
    bad, issue = row(campaign, families[1]).invoice_id, billing.issue_batch

    def broken(**given: Any) -> list[Invoice]:
        if bad in given["invoice_ids"]:
            raise ZeroDivisionError
        return issue(**given)

    monkeypatch.setattr(depositing.billing, "issue_batch", broken)
    campaign = deposit(campaign, town)
    assert campaign.state == CampaignState.DEPOSITED
    assert outcomes(campaign) == {Outcome.ISSUED: 2, Outcome.REFUSED: 1}
    assert row(campaign, families[1]).reason.startswith(SAID)
    assert Invoice.objects.filter(state=InvoiceState.DUE).count() == 2
