"""A configuration from elsewhere whose every word is an attack: the pages show it, and nothing of it is alive."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape
from lxml import html

from obole.catalogue import operations as catalogue
from obole.catalogue.fields import FieldKind, FormField
from obole.configuration import operations, queries
from obole.configuration.queries.snapshot import Snapshot
from obole.configuration.rules import file_parser, text
from obole.pricing.model.problems import Refused
from tests.crm.desk import browser
from tests.world import NOON, WHO, Town, later, make_town

pytestmark = pytest.mark.django_db

LIVE = "<form hx-get=/%d hx-trigger=load>"
"""An element that sends, with an attribute that makes the page send by itself; short, since names are."""
FOLLOWED = ("/crm/parametrage/", "/demarches/", "/prestations/")


def every_kind_of_field() -> Iterator[FormField]:
    """Return a form with every sort of field, and a word wherever one may be written."""
    for kind in FieldKind.values:
        more: dict[str, Any] = {"choices": ("un choix", "un autre")} if kind in {"choice", "several"} else {}
        if kind != FieldKind.GROUP:
            yield FormField(key=f"k_{kind}", label=f"Libellé {kind}", kind=kind, help=f"Aide {kind}", **more)
    yield FormField(key="k_group", label="Groupe", kind=FieldKind.GROUP, help="Aide du groupe", row_name="enfant")
    yield FormField(key="k_inside", label="Dans le groupe", help="Aide dans le groupe", group="k_group")
    yield FormField(key="k_file_inside", label="Fichier", kind=FieldKind.FILE, help="Aide fichier", group="k_group")


def words_of(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from words_of(part)


def replaced(tree: Any, words: dict[str, str]) -> Any:
    if isinstance(tree, dict):
        return {name: replaced(part, words) for name, part in tree.items()}
    if isinstance(tree, list):
        return [replaced(part, words) for part in tree]
    return words.get(tree, tree) if isinstance(tree, str) else tree


def is_taken(tree: Any, now: Snapshot) -> bool:
    try:
        queries.plan(file_parser.read(text.read(json.dumps(tree).encode())), now)
    except Refused:
        return False
    return True


@pytest.fixture
def hostile() -> Town:
    """Import the town's own configuration with each word, wherever it may be anything, made an attack."""
    town = make_town()
    catalogue.publish_form(scheme_id=town.scheme.pk, fields=list(every_kind_of_field()), actor=WHO, at=NOON)
    # Reasons of absence have a grammar of their own: the attack is a reason.
    values = {"description": "Une description", "simulator": True, "absence_reasons": f"{LIVE % 9999} : excusée"}
    catalogue.configure_scheme(scheme_id=town.scheme.pk, values=values, actor=WHO, at=NOON)
    tree = queries.everything_as_dict(queries.take_snapshot())
    tree["services"][0]["description"] = "Des mots"
    now, words = queries.take_snapshot(), {}
    for number, word in enumerate(sorted(set(words_of(tree)))):
        if is_taken(replaced(tree, {**words, word: LIVE % number}), now):
            words[word] = LIVE % number
    sentences = {word for word in words_of(tree) if " " in word and not word.replace(" ", "").isdigit()}
    assert {word for word in sentences if not word.startswith("<form")} <= set(words), (
        "a text that people write was left as it is"
    )
    operations.import_file(tree=replaced(tree, words), seen=None, actor=WHO, at=later())
    return town


def crawled(client: Client, *starts: str) -> dict[str, str]:
    """Follow every link of the settings and of the portal; return what the pages hold, by address."""
    waiting, found = list(starts), {}
    while waiting:
        address = waiting.pop()
        if address in found:
            continue
        answer = client.get(address)
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            found[address] = ""
            continue
        found[address] = answer.content.decode()
        links = {link.split("#")[0].split("?")[0] for link in html.fromstring(answer.content).xpath("//a/@href")}
        waiting += [link for link in links if link.startswith(FOLLOWED)]
    return {address: page for address, page in found.items() if page}


def test_no_word_of_an_imported_file_is_alive_on_any_page(hostile: Town) -> None:
    words = set(words_of(queries.everything_as_dict(queries.take_snapshot())))
    attacks = {word for word in words if word.startswith("<form")}
    assert len(attacks) > 50
    pages = crawled(browser(hostile.admin), "/crm/parametrage/")
    citizen = Client()
    citizen.force_login(hostile.citizen.user)
    pages |= crawled(citizen, f"/demarches/{hostile.scheme.public_id}/demande/", "/demarches/")
    assert {address for address, page in pages.items() if "<form hx-get" in page} == set()
    shown = " ".join(pages.values())
    assert len(pages) > 30
    assert {word for word in attacks if escape(word) not in shown} == set()
