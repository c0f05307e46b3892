"""What the screens of « Paramétrage » share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from obole.crm.shared.settings_forms import place_errors

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class Back:
    """The one link that leads back."""

    url: str
    label: str


def back_to(view: str, label: str, *args: object) -> Back:
    """Return the link to a screen of the CRM."""
    return Back(reverse(f"crm:{view}", args=args), label)


def settings_home() -> Back:
    """Return the link to the first screen of « Paramétrage »."""
    return back_to("settings", _("Paramétrage"))


@dataclass(frozen=True)
class InUse:
    """What a list of settings shows: what is switched on, or the archives with it; ``left_out`` counts the others."""

    rows: list[Any]
    left_out: int
    shows_archives: bool


def in_use(request: HttpRequest, rows: Iterable[Any], *, is_on: Callable[[Any], bool]) -> InUse:
    """Leave out what was switched off, unless the address asks for the archives."""
    known = list(rows)
    if "archives" in request.GET:
        return InUse(known, 0, any(not is_on(row) for row in known))
    shown = [row for row in known if is_on(row)]
    return InUse(shown, len(known) - len(shown), False)


def sent_values(request: HttpRequest) -> dict[str, Any]:
    """Return what a form is given: what was sent, or nothing when the page is only shown."""
    return {"data": request.POST, "files": request.FILES} if request.method == "POST" else {}


def find(model: type[M], pk: int | None) -> M | None:
    """Return the row to change, or nothing for one to come; an unknown one is a 404."""
    return None if pk is None else get_object_or_404(model, pk=pk)


def save(form: forms.BaseForm, operation: Callable[[], M]) -> M | None:
    """
    Run ``operation`` if the form is right, and show what it refuses at the fields; return what it made, if it did.
    """
    if not form.is_valid():
        return None
    try:
        return operation()
    except ValidationError as error:
        place_errors(form, error)
        return None
