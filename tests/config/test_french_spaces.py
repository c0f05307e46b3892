"""No line of ours breaks before « : ; ? ! », nor inside guillemets."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import gettext, ngettext, pgettext

from obole.lib.french_spaces import with_french_spaces
from obole.mailing.default_templates import KINDS
from tests.config.test_catalogue import PRODUCT, forms, messages

BREAKABLE = re.compile(r" (?=[:;?»]|!(?!=))|(?<=«) ")
GETTEXT = re.compile(r"_|\w*gettext(_lazy|_noop)?")
# What is printed in a terminal, in Markdown or for machines; and formulas, that are typed again as they are shown.
NOT_SCREENS = {"cli", "config"}
NOT_TEXTS = {
    "books/verification.py",
    "billing/models/invoices.py",
    "mailing/default_templates.py",
    "mailing/operations/outbox.py",
    "mailing/rules/sms.py",
    "pricing/text/formatter.py",
    "recovery/rules/pes/debtors.py",
}
TAGS = re.compile(
    r"{% *comment.*?endcomment *%}|{% *blocktrans(?:late)?\b.*?endblocktrans(?:late)? *%}"
    r"|{#.*?#}|{%.*?%}|{{.*?}}|<code>.*?</code>|<[^>]*>",
    re.DOTALL,
)


def test_each_sign_has_its_space() -> None:
    assert with_french_spaces("Payer : « Repas » ; oui ? Non !") == (
        "Payer\u00a0: «\u00a0Repas\u00a0»\u202f; oui\u202f? Non\u202f!"
    )
    assert with_french_spaces("{% if comptable != '' %}12:30, a;b") == "{% if comptable != '' %}12:30, a;b"


def test_french_is_printed_with_its_spaces_and_english_as_it_is() -> None:
    assert gettext("Retirer : %(name)s ?") == "Retirer\u00a0: %(name)s\u202f?"
    assert pgettext("un bouton", "Retirer ?") == "Retirer\u202f?"
    assert [ngettext("Un : %(n)d", "Des : %(n)d", n) for n in (1, 2)] == ["Un\u00a0: %(n)d", "Des\u00a0: %(n)d"]
    with translation.override("en"):
        assert gettext("Retirer : {{ name }} ?") == "Retirer : {{ name }} ?"


def test_every_message_is_printed_with_its_spaces() -> None:
    printed = {said: gettext(said) for message in messages() for said in forms(message.id)}
    assert len(printed) > 4000
    assert [said for said, shown in printed.items() if BREAKABLE.search(shown)] == []
    assert [said for said, shown in printed.items() if re.sub(r"\s", " ", shown) != re.sub(r"\s", " ", said)] == []


def test_mails_are_written_with_their_spaces() -> None:
    words = [text for kind in KINDS.values() for text in (kind.subject, kind.body)]
    assert [text for text in words if BREAKABLE.search(text)] == []


@pytest.mark.parametrize(
    "template", sorted([*PRODUCT.rglob("*.html"), *PRODUCT.rglob("templates/**/*.txt")]), ids=lambda path: path.name
)
def test_a_template_says_its_spaces(template: Path) -> None:
    bare = TAGS.sub("\0", template.read_text(encoding="utf-8"))
    assert [line.strip() for line in bare.splitlines() if BREAKABLE.search(line)] == [], (
        "outside of {% translate %}, write &nbsp;: and &#8239;; or &#8239;?"
    )


@pytest.mark.parametrize("paper", sorted(PRODUCT.rglob("*.typ")), ids=lambda path: path.name)
def test_a_paper_says_its_spaces(paper: Path) -> None:
    # Typst's own comparison, and its comments.
    lines = [line for line in paper.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("//")]
    assert [line for line in lines if BREAKABLE.search(line)] == [], r"write ~: in a paragraph, \u{a0}: in a string"


def said_outside_of_gettext(source: Path) -> Iterator[str]:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    skipped = {
        id(below)
        for node in ast.walk(tree)
        if _is_message(node) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for below in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.value


def _is_message(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    return GETTEXT.fullmatch(name) is not None


def test_a_module_says_its_spaces() -> None:
    sources = {
        str(path.relative_to(PRODUCT)): path
        for path in PRODUCT.rglob("*.py")
        if "migrations" not in path.parts and path.relative_to(PRODUCT).parts[0] not in NOT_SCREENS
    }
    wrong = {
        name: found
        for name, path in sources.items()
        if (found := [text for text in said_outside_of_gettext(path) if BREAKABLE.search(text)])
    }
    assert {name: found for name, found in wrong.items() if name not in NOT_TEXTS} == {}, (
        r"outside of gettext, write \u00a0: and \u202f; or \u202f?"
    )
    assert wrong.keys() >= NOT_TEXTS, "these say nothing any more: take them off the list"
