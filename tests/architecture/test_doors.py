"""Every address says who may enter; pages carry no script of their own, load nothing from elsewhere, trust no text."""

import re
from pathlib import Path
from typing import Any

import pytest

from obole.directory.rules import Right
from tests.architecture.source import PRODUCT, SOURCES, modules, templates, views

WHO = {"public", "citizen", "account", "api_key", *(str(right) for right in Right)}
KEYED = {f"api:{name}" for name in ("consumption", "dossiers", "schemes")}
"""Where a software comes with its key, and no browser with its cookies."""
WITHOUT_CSRF = {
    "api:payfip_notification",
    "portal:pay_return",
    "api:openapi",
    "api:nothing",
    "api:nothing_there",
    *KEYED,
}
OUTSIDE = re.compile(
    r"""(?:\s(?:src|action|data|poster|srcset)|<link\b[^>]*\shref)\s*=\s*["']\s*(?:https?:)?//""", re.IGNORECASE
)
HANDLER = re.compile(r"""\son[a-z]+\s*=\s*["']""", re.IGNORECASE)
STYLE = re.compile(r"""\sstyle\s*=\s*["']""", re.IGNORECASE)
INLINE = re.compile(r"<(script|style)\b(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE)


def test_every_address_says_who_may_enter() -> None:
    found = dict(views())
    assert len(found) > 40
    for name, view in found.items():
        if not _is_allauths(view):
            assert getattr(view, "access", None) in WHO, name


def _is_allauths(view: Any) -> bool:
    return bool(getattr(view, "view_class", view).__module__.startswith("allauth."))


def test_only_banks_and_keys_do_without_csrf() -> None:
    assert {name for name, view in views() if getattr(view, "csrf_exempt", False)} == WITHOUT_CSRF


def test_what_asks_for_a_key_asks_for_nothing_else() -> None:
    assert {name for name, view in views() if getattr(view, "access", "") == "api_key"} == KEYED


@pytest.mark.parametrize("path", sorted(templates()), ids=str)
def test_a_template_is_clean(path: Path) -> None:
    text = templates()[path]
    assert not OUTSIDE.search(text), "loads something from another site"
    assert not HANDLER.search(text), "has a handler in its HTML"
    assert not STYLE.search(text), "has a style in its HTML"
    for match in INLINE.finditer(text):
        assert "nonce" in match[0], f"{match[0]} is inline"
    assert path.suffix == ".txt" or not re.search(r"\{%\s*autoescape\s+off", text), "trusts a text"
    assert not re.search(r"\|\s*safe(?:seq)?\b", text), "trusts a text"


TRUSTING = re.compile(r"mark_safe|html_safe|SafeString\([^)]|SafeData|def __html__|SafeText")


def test_only_the_drawings_are_declared_safe() -> None:
    trusting = {path.as_posix() for path in modules() if TRUSTING.search((SOURCES / path).read_text(encoding="utf-8"))}
    assert trusting == {"obole/ui/icons.py"}


LIVE_PAGES = {
    "crm/bulk/action.html",
    "crm/campaigns/campaign.html",
    "crm/dossiers/attendance_file.html",
    "crm/dossiers/dossier.html",
    "crm/dossiers/dossier_complete.html",
    "crm/people/citizen_apply.html",
    "portal/apply.html",
    "portal/basket.html",
    "portal/complete.html",
    "portal/pay_return.html",
    "portal/simulate.html",
}


def test_the_pages_where_htmx_works_are_few() -> None:
    """Everywhere else the page itself forbids it: an attribute that slipped in with somebody's words does nothing."""
    bodies = [re.search(r"<body[^>]*>", text) for path, text in templates().items() if path.name == "base.html"]
    assert any(body and "{% block htmx %} hx-disable{% endblock %}" in body[0] for body in bodies)
    opened = {Path(*path.parts[2:]).as_posix() for path, text in templates().items() if "{% block htmx %}{%" in text}
    assert opened == LIVE_PAGES


def test_every_template_is_used() -> None:
    sources = {path: (SOURCES / path).read_text("utf-8") for path in modules() if path.parts[0] == "obole"}
    everything = "\n".join([*sources.values(), *templates().values()])
    prefixes = set(re.findall(r'["\']((?:portal|crm|ui)/[a-z_/]*)(?:\{|["\'] ?[+~%])', everything))
    unused = []
    for path in templates():
        name = Path(*path.parts[2:]).as_posix()
        if name.startswith("account/") or name.split("/")[0] not in {"portal", "crm", "ui"}:
            continue
        if name not in everything and not any(name.startswith(prefix) for prefix in prefixes):
            unused.append(name)
    assert unused == []


def test_static_files_load_nothing_from_elsewhere() -> None:
    for path in [*PRODUCT.rglob("*.css"), *PRODUCT.rglob("*.js")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?:url\(|@import|fetch\(|src\s*=)\s*[\"']?\s*(?:https?:)?//", text), path
