"""Each screen leads to the article that tells about it, and every article can be read here."""

import re

import pytest
from django.urls import get_resolver
from django.utils.html import escape

from obole.crm.shared import guide
from obole.ui import markdown
from tests.access.table import CRM
from tests.crm.desk import browser, get, text_of
from tests.world import Town

SCREENS = sorted(CRM)


def test_every_article_has_its_screens_and_every_beginning_a_screen() -> None:
    assert {path.stem for path in guide.TYPED.glob("*.md")} == set(guide.ARTICLES)
    beginnings = [beginning for told in guide.ARTICLES.values() for beginning in told]
    assert len(set(beginnings)) == len(beginnings)
    assert [one for one in beginnings if not any(name.startswith(one) for name in SCREENS)] == []


def test_every_screen_is_told_about() -> None:
    known = get_resolver("obole.crm.urls").reverse_dict
    assert set(SCREENS) <= {name for name in known if isinstance(name, str)}
    untold = [name for name in SCREENS if guide.article_of(name) == guide.INDEX]
    assert untold == ["guide", "guide_article", "home"], "give each its article in crm/shared/guide.py"


@pytest.mark.parametrize(
    ("screen", "article"),
    [
        ("invoice", "suivre-une-facture"),
        ("invoice_cancel", "annuler-et-refaire"),
        ("settings", "configurer"),
        ("settings_agent", "se-connecter"),
        ("settings_agent_rights", "droits"),
        ("settings_pricing_part", "tarifer"),
        ("citizen", "instruire"),
        ("citizen_merge_preview", "fusionner"),
        ("receipts", "encaisser"),
        ("remittance_pdf", "verser"),
        ("task", "traiter"),
    ],
)
def test_a_screen_has_its_article(screen: str, article: str) -> None:
    assert guide.article_of(screen) == article


@pytest.mark.django_db
def test_the_link_is_on_the_screen(town: Town) -> None:
    assert 'href="/crm/aide/suivre-une-facture/"' in get(browser(town.agent), "invoices").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("article", sorted(set(guide.ARTICLES) - {guide.INDEX}))
def test_an_article_is_read_whole(town: Town, article: str) -> None:
    response = get(browser(town.agent), "guide_article", article)
    typed = (guide.TYPED / f"{article}.md").read_text(encoding="utf-8")
    page, said = response.content.decode(), text_of(response)
    assert "<h1" in page and markdown.title_of(typed).replace("\u00a0", " ") in said
    assert "**" not in said and "](" not in said and "|---" not in said
    for words in re.findall(r"\*\*([^*`]+)\*\*", typed):
        assert " ".join(words.split()) in said
    for linked in re.findall(r"\]\((\S+)\.md\)", typed):
        assert f'href="{guide.address_of(linked)}"' in page


@pytest.mark.django_db
def test_there_is_no_other_article(town: Town) -> None:
    assert "Le guide des agents" in text_of(get(browser(town.agent), "guide"))
    for wrong in ("etats", "verser.md", "x" * 200):
        assert browser(town.agent).get(f"/crm/aide/{wrong}/").status_code == 404


def test_what_is_typed_is_never_a_tag() -> None:
    hostile = "<script>alert(1)</script>"
    drawn = markdown.body_of(f"# T\n\n{hostile}\n\n- `{hostile}`\n\n| a |\n|---|\n| **{hostile}** |\n", linked=str)
    assert "<script" not in drawn and drawn.count(escape(hostile)) == 3
