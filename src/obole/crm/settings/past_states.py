"""« Restaurer »: what a type de facture or a mail's words were, what taking it again would change, and doing so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from obole.billing import operations as billing
from obole.billing.models import InvoiceType
from obole.configuration.queries import history
from obole.configuration.queries.history import PastState
from obole.crm.settings import logo_field
from obole.crm.shared import configuration_events
from obole.crm.shared.pages import render_page
from obole.crm.shared.setting_changes import FieldChange
from obole.crm.shared.settings_pages import Back, back_to
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates, files
from obole.mailing import operations as mailing, queries as mailing_queries
from obole.mailing.default_templates import KINDS
from obole.mailing.models import Template
from obole.mailing.rules import BadTemplate
from obole.regies.models import Regie

LOGO = ("logo_digest", "logo_format")


@dataclass(frozen=True)
class Restoration:
    """A state to take again: what it would change now."""

    state: PastState
    title: str
    back: Back
    changes: list[FieldChange]


@for_agents(Right.CONFIGURE)
def type_state(request: AgentRequest, pk: int, event: int) -> HttpResponse:
    """Show what a type de facture was, and make it so again; the dispositifs that it covers stay as they are."""
    known = get_object_or_404(InvoiceType, pk=pk)
    state = _state(known, event)
    values = {**state.values, **_logo(known, state)}
    back = back_to("settings_type", str(known), pk)
    asked = Restoration(state, str(known), back, _type_changes(known, values))
    if request.method == "POST" and asked.changes:
        try:
            _configure_type(request, pk, values)
        except ValidationError as refusal:
            return _refused(request, asked, refusal.messages)
        return _restored(request, asked)
    return _show(request, asked)


@for_agents(Right.CONFIGURE)
def mail_state(request: AgentRequest, name: str, event: int) -> HttpResponse:
    """Show what the words of a mail were, and take them again."""
    known = get_object_or_404(Template, kind=name)
    state = _state(known, event)
    now = mailing_queries.template_of(name)
    words = {part: state.values[part] for part in ("subject", "body")}
    changes = _changes(Template, {part: getattr(now, part) for part in words}, words)
    label = str(KINDS[name].label)
    asked = Restoration(state, label, back_to("settings_mail", label, name), changes)
    if request.method == "POST" and asked.changes:
        try:
            mailing.configure_template(kind=name, **words, actor=request.actor, at=dates.now())
        except BadTemplate as refusal:
            return _refused(request, asked, [str(refusal)])
        return _restored(request, asked)
    return _show(request, asked)


def _state(row: models.Model, event: int) -> PastState:
    state = history.past_state(row, event)
    if state is None:
        raise Http404(event)
    return state


def _logo(known: InvoiceType, state: PastState) -> dict[str, str]:
    """Return the logo of that time; the present one, where that one is in the file store no more."""
    digest, kind = (state.values[name] for name in LOGO)
    return {"logo_digest": digest, "logo_format": kind} if _is_stored(digest) else _logo_in_force(known)


def _logo_in_force(known: InvoiceType) -> dict[str, str]:
    return {"logo_digest": known.logo_digest, "logo_format": known.logo_format}


def _is_stored(digest: str) -> bool:
    try:
        return not digest or bool(files.get(digest))
    except (FileNotFoundError, files.DamagedFile):
        return False


def _configure_type(request: AgentRequest, pk: int, values: Mapping[str, Any]) -> None:
    """Take a state again, its logo stored anew so that nobody removes it meanwhile."""
    logo = logo_field.stored(values["logo_digest"], values["logo_format"])
    held = {**values, **(logo_field.store(logo) if logo else {})}
    held["regie"] = Regie.objects.filter(pk=values["regie"]).first()
    billing.configure_type(type_id=pk, values=held, actor=request.actor, at=dates.now())


def _type_changes(known: InvoiceType, values: Mapping[str, Any]) -> list[FieldChange]:
    now = {name: known.regie_id if name == "regie" else getattr(known, name) for name in values}
    return _changes(InvoiceType, _as_read(now), _as_read(values))


def _as_read(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a type de facture is made of, its régie by its name."""
    regie = Regie.objects.filter(pk=values["regie"]).first()
    return {**values, "regie": str(regie or "")}


def _changes(model: type[models.Model], now: Mapping[str, Any], then: Mapping[str, Any]) -> list[FieldChange]:
    found = [name for name in then if now[name] != then[name] and name not in configuration_events.HIDDEN]
    return [configuration_events.field_change(model, name, now[name], then[name]) for name in found]


def _restored(request: AgentRequest, asked: Restoration) -> HttpResponse:
    said = _("« %(name)s » est de nouveau comme le %(day)s à %(time)s.")
    day, time = dates.format_short(dates.day_of(asked.state.at)), dates.format_time(asked.state.at)
    messages.success(request, said % {"name": asked.title, "day": day, "time": time})
    return redirect(asked.back.url)


def _refused(request: AgentRequest, asked: Restoration, said: list[str]) -> HttpResponse:
    for sentence in said:
        messages.error(request, _("Cet état ne peut plus être repris : %(why)s") % {"why": sentence})
    return _show(request, asked)


def _show(request: AgentRequest, asked: Restoration) -> HttpResponse:
    return render_page(request, "crm/settings/past_state.html", {"asked": asked, "back": asked.back})
