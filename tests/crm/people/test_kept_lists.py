"""Views of lists under a name: one's own, those of one's service, and nobody else's."""

import pytest
from django.test import Client

from obole.directory.models import Agent, SavedList
from obole.directory.rules import MOST_VIEWS as MOST
from tests.crm.desk import browser, get, text_of
from tests.spaces import plain
from tests.world import Town

pytestmark = pytest.mark.django_db
LATE = "status=late&sort=due_date"


def keep(client: Client, name: str = "Mes retards", query: str = LATE, **more: str) -> str:
    values = {"list": "invoices", "name": name, "query": query, **more}
    return str(client.post("/crm/vues/", values)["Location"])


def test_a_view_is_kept_and_found_again_as_a_tab(town: Town, client: Client) -> None:
    assert keep(client, query=f"{LATE}&page=a.abc&columns=number") == f"/crm/factures/?{LATE}"
    page = client.get(f"/crm/factures/?{LATE}").content.decode()
    assert f'href="?{LATE.replace("&", "&amp;")}" aria-current="page">Mes retards</a>' in page
    assert "La vue « Mes retards » est gardée." in plain(page)
    keep(client, query="status=paid")
    assert list(SavedList.objects.values_list("name", "query")) == [("Mes retards", "status=paid")]


def test_a_view_is_shown_to_one_s_service_only_where_it_is_shared(town: Town, client: Client) -> None:
    keep(client)
    keep(client, name="Pour tous", is_shared="on")
    Agent.objects.filter(pk=town.admin.pk).update(service_name="Ailleurs")
    colleague, stranger = browser(town.agent), browser(town.admin)
    assert "Pour tous" in text_of(get(colleague, "invoices")) and "Mes retards" not in text_of(
        get(colleague, "invoices")
    )
    assert "Pour tous" not in text_of(get(stranger, "invoices"))
    view = SavedList.objects.get(name="Pour tous")
    colleague.post(f"/crm/vues/{view.pk}/supprimer/", {"list": "invoices"})
    assert SavedList.objects.filter(pk=view.pk).exists()
    client.post(f"/crm/vues/{view.pk}/supprimer/", {"list": "invoices"})
    assert not SavedList.objects.filter(pk=view.pk).exists()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "  "}, "Donnez un nom à la vue."),
        ({"name": "x" * 61}, "Donnez un nom de soixante caractères au plus."),
        ({"list": "secrets", "name": "x"}, "Cette vue ne peut pas être gardée."),
    ],
)
def test_what_cannot_be_kept_is_said(town: Town, client: Client, values: dict[str, str], said: str) -> None:
    answer = client.post("/crm/vues/", {"list": "invoices", "query": LATE, **values}, follow=True)
    assert said in text_of(answer) and not SavedList.objects.exists()


def test_there_are_not_more_views_than_one_can_read(town: Town, client: Client) -> None:
    for n in range(MOST):
        SavedList.objects.create(agent=town.regisseur, list_name="invoices", name=f"Vue {n}")
    keep(client)
    assert SavedList.objects.count() == MOST
    assert "Vous gardez déjà quarante vues" in text_of(get(client, "invoices"))


@pytest.mark.parametrize("name", ["invoices", "dossiers", "attempts", "citizens", "messages", "receipts"])
def test_a_list_is_kept_as_close_as_one_wants(town: Town, name: str) -> None:
    admin = browser(town.admin)
    assert '<div class="dense">' not in get(admin, name).content.decode()
    admin.post("/crm/vues/colonnes/", {"list": name, "rows": "50", "is_dense": "on"})
    assert '<div class="dense">' in get(admin, name).content.decode()
