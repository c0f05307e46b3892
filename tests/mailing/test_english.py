"""The words of who reads English: the same mails as in French, without a sentence of ours in French."""

import re
from datetime import date

import pytest
from lxml import html

from obole.lib import dates, languages
from obole.lib.languages import Language
from obole.mailing import operations as mailing, queries, rules
from obole.mailing.default_templates import KINDS
from obole.mailing.english_templates import ENGLISH
from obole.mailing.rules.layout import Block, BlockKind, blocks
from tests.spaces import plain
from tests.world import NOON, WHO

HERE = "https://ville.example/mes-factures/abc/"
NAMED = re.compile(r"\{\{ *(\w+) *\}\}")
TESTED = re.compile(r"\{% if .*? %\}|\{% else %\}|\{% endif %\}")
FRENCH = re.compile(
    r"[«»]|n°|\u00a0|\u202f| [:;?!]|é(?!nom)|è|ê|\b(?:Bonjour|votre|vous|nous|est|pour|les|facture)\b", re.I
)
KEPT = ("régie", "avis des sommes à payer")
"""French institutions that have no English name."""


def without_institutions(text: str) -> str:
    for words in KEPT:
        text = text.replace(words, "")
    return text


def test_every_kind_has_its_english_words() -> None:
    assert list(ENGLISH) == list(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_they_say_the_same_in_the_same_places(kind: str) -> None:
    french, english = KINDS[kind], ENGLISH[kind]
    for one, other in ((french.subject, english.subject), (french.body, english.body)):
        assert set(NAMED.findall(one)) == set(NAMED.findall(other))
        assert TESTED.findall(one) == TESTED.findall(other)
    rules.check(english.subject, english.body, french.variables)


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_english(kind: str) -> None:
    for text in (ENGLISH[kind].subject, ENGLISH[kind].body):
        assert FRENCH.search(without_institutions(TESTED.sub("", NAMED.sub("x", text)))) is None
        assert "'" not in TESTED.sub("", text) and '"' not in text and "  " not in text


@pytest.mark.parametrize("kind", KINDS)
def test_the_button_is_where_the_french_one_is(kind: str) -> None:
    values = {**dict.fromkeys(KINDS[kind].variables, "…"), "url": HERE}
    shown = {language: mailing_words(kind, values, language) for language in Language}
    places = {
        language: [block.url for block in mail.blocks if block.kind == BlockKind.ACTION]
        for language, mail in shown.items()
    }
    assert places[Language.ENGLISH] == places[Language.FRENCH] == ([HERE] if "{{ url }}" in KINDS[kind].body else [])
    for language, mail in shown.items():
        page = html.fromstring(mail.html)
        assert page.get("lang") == language
        assert len(page.xpath("//a[contains(@style, 'background')]")) == len(places[language])


def mailing_words(kind: str, values: dict[str, str], language: Language) -> rules.RenderedMail:
    words = ENGLISH[kind] if language == Language.ENGLISH else KINDS[kind]
    return rules.render(words.subject, words.body, values, language=language)


def test_an_english_line_is_a_button_too_and_no_value_becomes_one() -> None:
    assert blocks(f"Pay my invoice: {HERE}", HERE) == [Block(BlockKind.ACTION, ("Pay my invoice",), HERE)]
    for line in (f"Pay:{HERE}", f"Pay: {HERE}x", f"Dear X: Pay: {HERE}", "Pay: https://pirate.example/", f": {HERE}"):
        assert blocks(line, HERE)[0].kind == BlockKind.TEXT, line


@pytest.mark.parametrize(
    ("day", "french", "english"),
    [
        (date(2026, 11, 25), "25 novembre 2026", "25 November 2026"),
        (date(2026, 12, 1), "1er décembre 2026", "1 December 2026"),
        (date(2027, 8, 31), "31 août 2027", "31 August 2027"),
    ],
)
def test_days_are_written_as_the_words_are(day: date, french: str, english: str) -> None:
    assert (dates.format_long(day), dates.format_long(day, Language.ENGLISH)) == (french, english)
    said = [
        rules.render("{{ le }}", "{% if le != '' %}{{ le }}{% endif %}", {"le": day}, language=language)
        for language in Language
    ]
    assert [(mail.subject, mail.text) for mail in said] == [(french, french), (english, english)]
    assert rules.render("x", "{{ le | upcase }}", {"le": day}).text == french.upper()
    assert [plain(dates.format_time(NOON, language)) for language in Language] == ["12 h 00", "12:00"]


def test_french_is_what_nobody_chose() -> None:
    assert languages.chosen("fr", "en") == languages.chosen("en", "fr") == languages.chosen("en") == "en"
    assert languages.chosen("fr", "fr") == languages.chosen() == "fr"


@pytest.mark.django_db
def test_what_a_town_or_a_type_words_is_french(caplog: pytest.LogCaptureFixture) -> None:
    mailing.configure_template(kind="reminder_1", subject="Rappel", body="Bonjour {{ nom }}", actor=WHO, at=NOON)
    own = queries.TemplateTexts("Le nôtre", "Chère {{ nom }}")
    values = {**dict.fromkeys(KINDS["reminder_1"].variables, "Zoé"), "echeance": date(2026, 12, 1)}
    for words in (None, own, queries.TemplateTexts("{{ inconnu }}", "x")):
        mail = mailing.compose("reminder_1", values, own=words, language=Language.ENGLISH)
        assert mail.subject == "Your invoice Zoé is still to be paid" and "1 December 2026" in mail.text
    assert mailing.compose("reminder_1", values).text == "Bonjour Zoé"
    assert mailing.compose("reminder_1", values, own=own, language=Language.FRENCH).text == "Chère Zoé"
    assert not caplog.records
