"""Refused and failed requests: a page that says what to do, and nothing kept in a cache."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from obole.ui import errors
from obole.ui.middleware import PrivatePages


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse("", headers={"Cache-Control": "public"})


def test_no_page_is_kept() -> None:
    response = PrivatePages(answer)(RequestFactory().get("/mes-factures/"))

    assert response["Cache-Control"] == "no-store, private"


def test_static_files_are_kept() -> None:
    response = PrivatePages(answer)(RequestFactory().get("/static/ui/obole.css"))

    assert response["Cache-Control"] == "public"


def test_our_own_failure_needs_nothing_that_may_have_failed() -> None:
    """No database mark here: touching it would fail."""
    response = errors.server_error(RequestFactory().get("/"))

    assert response.status_code == 500
    assert "de notre côté" in response.content.decode()
    assert "UNDEFINED" not in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("page", "status", "words"),
    [
        (errors.not_found, 404, "Cette page n’existe pas"),
        (errors.forbidden, 403, "Votre compte ne donne pas accès à cette page"),
        (errors.csrf_failure, 403, "Rien n’a été perdu, rien n’a été débité."),
    ],
)
def test_refusals_say_what_to_do(rf: RequestFactory, page: Any, status: int, words: str) -> None:
    response = page(rf.get("/inconnu/"), Exception("raison"))

    html = response.content.decode()
    assert response.status_code == status
    assert words in html
    assert "raison" not in html
    assert "UNDEFINED" not in html


@pytest.mark.django_db
def test_a_form_sent_without_its_token_is_explained() -> None:
    response = Client(enforce_csrf_checks=True).post("/compte/login/", {"login": "a@b.example"})

    assert response.status_code == 403
    assert "rechargez-la" in response.content.decode()
