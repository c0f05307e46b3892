"""What was tried, then switched off, leaves the lists of settings and of filters; nothing of it is lost."""

import pytest

from obole.billing.models import InvoiceType
from obole.catalogue.models import Scheme, Service
from obole.regies.models import Regie
from tests.crm.desk import browser, get, text_of
from tests.world import Town, make_invoice

pytestmark = pytest.mark.django_db
LISTS = {"settings_services": (Service, Scheme), "settings_types": (InvoiceType,), "settings_regies": (Regie,)}


@pytest.mark.parametrize("name", LISTS)
def test_what_is_switched_off_is_in_the_archives(town: Town, name: str) -> None:
    client = browser(town.admin)
    assert "archivé" not in text_of(get(client, name))
    for model in LISTS[name]:
        model.objects.update(enabled=False)  # type: ignore[attr-defined]  # each has it
    page = text_of(get(client, name))
    assert f"Montrer aussi ce qui est archivé ({len(LISTS[name])})" in page
    whole = text_of(get(client, name, archives="1"))
    for model in LISTS[name]:
        one = str(model.objects.get())  # type: ignore[attr-defined]  # each has it
        assert one in whole and one not in page
    assert "Ne montrer que ce qui sert" in whole


def test_what_was_archived_and_never_served_is_no_filter(town: Town) -> None:
    client = browser(town.admin)
    InvoiceType.objects.update(enabled=False)
    Scheme.objects.update(enabled=False)
    unused = get(client, "invoices").content.decode()
    assert 'name="type" value=' not in unused and 'name="scheme" value=' not in unused
    InvoiceType.objects.update(enabled=True)
    Scheme.objects.update(enabled=True)
    make_invoice(town)
    InvoiceType.objects.update(enabled=False)
    Scheme.objects.update(enabled=False)
    used = get(client, "invoices").content.decode()
    assert 'name="type" value=' in used and 'name="scheme" value=' in used
