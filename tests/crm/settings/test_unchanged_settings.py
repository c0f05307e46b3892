"""A setting that is saved as it is shown writes nothing: its history tells changes, not visits."""

import pytest

from obole.audit_log import configuration
from obole.audit_log.models import Record
from obole.billing.models import InvoiceType
from obole.configuration.queries import history
from obole.mailing.models import Template
from obole.regies import operations as regies
from tests.crm.settings_desk import Desk, errors_of, open_desk, text_of
from tests.world import NOON, WHO, later

pytestmark = pytest.mark.django_db
PAGES = {
    "settings_type": lambda desk: (desk.town.type.pk,),
    "settings_regie": lambda desk: (desk.town.regie.pk,),
    "settings_scheme": lambda desk: (desk.town.scheme.pk,),
    "settings_service": lambda desk: (desk.town.scheme.service_id,),
    "settings_agent": lambda desk: (desk.town.agent.pk,),
    "settings_authority": lambda _desk: (),
    "settings_mail": lambda _desk: ("reminder_1",),
}


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def written() -> tuple[int, int]:
    return Record.objects.count(), history.changes().count()


@pytest.mark.parametrize("page", PAGES)
def test_what_is_saved_as_it_is_shown_writes_nothing(desk: Desk, page: str) -> None:
    before = written()
    for _time in range(2):
        answer = desk.send(page, *PAGES[page](desk))
        assert answer.status_code == 302, errors_of(answer)
    assert written() == before
    assert not Template.objects.exists()


def test_one_real_change_among_them_is_told(desk: Desk) -> None:
    desk.saved("settings_type", desk.town.type.pk, payment_term="21")
    record = Record.objects.filter(subject_kind="billing.invoicetype").order_by("-id")[0]
    assert record.details["fields"] == "payment_term"
    desk.saved("settings_type", desk.town.type.pk, schemes=None)
    assert not InvoiceType.objects.get().schemes.exists()


def test_a_secret_that_changes_is_no_creation(desk: Desk) -> None:
    values = {"gateway_settings": {"mode": "T"}}
    regies.configure_regie(regie_id=desk.town.regie.pk, values=values, actor=WHO, at=later(1))
    record = Record.objects.filter(subject_kind="regies.regie").order_by("-id")[0]
    assert record.details["before"] == str({"gateway_settings": configuration.MASKED})
    assert text_of(desk.get("settings_regie", desk.town.regie.pk)).count("Création") == 1


def test_an_old_record_of_nothing_is_told_as_nothing(desk: Desk) -> None:
    Record.objects.create(
        at=NOON,
        actor=WHO,
        verb="configure",
        subject_kind="billing.invoicetype",
        subject_id=desk.town.type.pk,
        details={"fields": "", "before": "{}"},
    )
    page = text_of(desk.get("settings_type", desk.town.type.pk))
    assert page.count("Création") == 1 and "rien n’a changé" in page
