"""The English catalogue: complete, settled, and safe to fill in."""

import re
from collections import Counter
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

SOURCES = Path(__file__).resolve().parents[2] / "src"
PRODUCT = SOURCES / "obole"
PACKAGES = [PRODUCT, SOURCES / "obole_demo"]
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
NAMED = re.compile(r"%\(\w+\)[#0\- +]*\d*(?:\.\d+)?[a-zA-Z]")
ANY = re.compile(rf"{NAMED.pattern}|%[#0\- +]*\d*(?:\.\d+)?[a-zA-Z]|%%")
TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
TAG = re.compile(r"</?\w[^>]*>")


@lru_cache
def catalogue(package: Path) -> Catalog:
    with (package / "locale" / "en" / "LC_MESSAGES" / "django.po").open("rb") as source:
        return read_po(source, locale="en", abort_invalid=True)


def messages(*packages: Path) -> list[Message]:
    return [message for package in packages or PACKAGES for message in catalogue(package) if message.id]


def forms(text: object) -> list[str]:
    """Return the one or two forms of a message id, or of its translation."""
    return [str(form) for form in text] if isinstance(text, (tuple, list)) else [str(text or "")]


def holes(message: Message, text: str) -> Counter[str]:
    """Count what is filled in; a lone « % » counts only where the code formats the text."""
    placeholders = ANY if message.python_format else NAMED
    return Counter(placeholders.findall(text) + TEMPLATE.findall(text) + TAG.findall(text))


def test_every_message_is_translated() -> None:
    assert messages()
    assert [message.id for message in messages() if not all(form.strip() for form in forms(message.string))] == [], (
        "give each its msgstr in the django.po of its package"
    )


def said_in(source: Path) -> set[str]:
    """Return the texts that a module or a template hands to the translators (of a plural, the first form)."""
    content = source.read_text(encoding="utf-8")
    if source.suffix == ".html":
        # What is not for the translators is masked with letters, whose indentation means nothing.
        content = "\n".join(line.strip() for line in templatize(content).splitlines())
    found = extract("python", BytesIO(content.encode()), keywords=KEYWORDS)
    return {text if isinstance(text, str) else text[0] for _line, text, _comments, _context in found}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_text_of_the_sources_is_in_the_catalogue(package: Path) -> None:
    # The demonstration may say what the product says; the product has nothing of the demonstration's.
    known = {forms(message.id)[0] for message in messages(PRODUCT, package)}
    sources = [path for path in (*package.rglob("*.py"), *package.rglob("*.html")) if "migrations" not in path.parts]
    assert {path.name: missing for path in sources if (missing := said_in(path) - known)} == {}, (
        "add each as a msgid with its English msgstr to the package's django.po, by hand or by `make messages`"
    )


def test_nothing_is_uncertain() -> None:
    assert not any(catalogue(package).fuzzy for package in PACKAGES)
    assert [message.id for message in messages() if message.fuzzy] == [], "read the translation, then drop `fuzzy`"


def test_a_plural_has_two_forms() -> None:
    assert [catalogue(package).num_plurals for package in PACKAGES] == [2, 2]
    assert [message.id for message in messages() if message.pluralizable and len(forms(message.string)) != 2] == []


def test_a_translation_is_filled_in_as_its_message() -> None:
    assert [
        (said, translated)
        for message in messages()
        for said, translated in zip(forms(message.id), forms(message.string), strict=True)
        if holes(message, said) != holes(message, translated)
    ] == []


def test_spaces_at_the_ends_are_kept() -> None:
    def ends(text: str) -> tuple[str, str]:
        return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]

    assert [
        (said, translated)
        for message in messages()
        for said, translated in zip(forms(message.id), forms(message.string), strict=True)
        if ends(said) != ends(translated)
    ] == []


@pytest.mark.parametrize("french", ["«", "»", " ;", " :", " ?", " !", "\u00a0", "\u202f"])
def test_punctuation_is_english(french: str) -> None:
    """Attributes of tags and template code are no punctuation."""
    written = [TAG.sub("", TEMPLATE.sub("", form)) for message in messages() for form in forms(message.string)]

    assert [form for form in written if french in form] == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_it_compiles(package: Path) -> None:
    compiled = BytesIO()

    write_mo(compiled, catalogue(package))

    assert compiled.getvalue()
