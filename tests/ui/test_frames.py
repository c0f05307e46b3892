"""The frames of the two doors: one main landmark, one navigation, the way back, nothing from another site."""

import re
from types import SimpleNamespace

import pytest
from django.contrib.messages import ERROR
from django.contrib.messages.storage.base import Message

from tests.ui.pages import draw, squeezed

RAIL = [
    SimpleNamespace(label="À traiter", url="/crm/a-traiter/", count=3, current=False, alert=True),
    SimpleNamespace(label="Factures", url="/crm/factures/", count=0, current=True, alert=False),
]
PEOPLE = {
    "authority": SimpleNamespace(name="Ville de Valbourg", colour="#1f4a8a", phone="", email="", hours=""),
    "user": SimpleNamespace(is_authenticated=True, email="agent@demo.example"),
    "messages": [Message(ERROR, "La banque ne répond pas.")],
    "csrf_token": "token",
}


BASES = {"portal": "portal/base.html", "crm": "crm/shared/base.html"}


def page(door: str, path: str, blocks: str = "") -> str:
    return squeezed(draw(f'{{% extends "{BASES[door]}" %}}{blocks}', path, **PEOPLE, rail=RAIL))


@pytest.mark.parametrize("door", ["portal", "crm"])
def test_every_page_has_its_landmarks(door: str) -> None:
    html = page(door, "/", "{% block h1 %}Factures{% endblock %}")

    assert html.count("<main ") == html.count("<h1>") == 1
    assert html.index('href="#contenu"') < html.index("<nav")
    assert "UNDEFINED" not in html


@pytest.mark.parametrize("door", ["portal", "crm"])
def test_nothing_comes_from_another_site_or_from_the_page_itself(door: str) -> None:
    html = page(door, "/")

    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', html)
    assert not re.search(r"\son[a-z]+=|\sstyle=|<script(?! src)", html)


@pytest.mark.parametrize("door", ["portal", "crm"])
def test_messages_are_said_with_a_word(door: str) -> None:
    html = page(door, "/")

    assert 'role="alert"' in html
    assert "<strong>Erreur :</strong> La banque ne répond pas." in html


def test_the_rail_says_where_one_is_and_what_waits() -> None:
    html = page("crm", "/crm/factures/2026-1/")

    assert 'href="/crm/factures/" aria-current="true"' in html
    assert '<span class="count-alert">3</span>' in html
    assert html.count('class="count') == 1


def test_a_page_says_its_name_and_the_way_back() -> None:
    blocks = (
        '{% block title %}Facture 12{% endblock %}{% block back %}{% back "/mes-factures/" "Mes factures" %}{%'
        " endblock %}"
    )

    html = page("portal", "/mes-factures/12/", blocks)

    assert "<title>Facture 12 – Ville de Valbourg</title>" in html
    assert '<a class="back" href="/mes-factures/">' in html


@pytest.mark.parametrize("slug", ["accessibilite", "mentions-legales", "donnees-personnelles", "cookies"])
def test_the_legal_pages_are_one_step_away(slug: str) -> None:
    assert f'href="/infos/{slug}/"' in page("portal", "/")
