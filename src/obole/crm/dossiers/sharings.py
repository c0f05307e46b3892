"""« Partager avec un autre payeur »: a child whose weeks are billed to two payers."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import F, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy

from obole.consumption import operations
from obole.consumption.models import Sharing
from obole.consumption.queries import sharing
from obole.consumption.rules import Beneficiary, weeks
from obole.crm.dossiers.dossier_detail import dossier_to_handle
from obole.crm.shared import scopes
from obole.crm.shared.forms import SearchForm
from obole.crm.shared.pages import render_page
from obole.directory import queries as directory
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import Citizen
from obole.directory.rules import Right
from obole.dossiers import operations as dossiers
from obole.dossiers.models import Dossier
from obole.dossiers.rules import children_of
from obole.dossiers.states import OPEN
from obole.lib import dates
from obole.ui import idempotency
from obole.ui.fields import DayField

MOST = 20
NEW = "nouveau"


class SharingForm(forms.Form):
    """Which child, in which dossier of the other payer, from which day, and whose weeks are which."""

    use_required_attribute = False
    child = forms.ChoiceField(label=gettext_lazy("Enfant"), widget=forms.RadioSelect)
    guest = forms.ChoiceField(label=gettext_lazy("Dossier de l’autre payeur"), widget=forms.RadioSelect)
    weeks = forms.ChoiceField(
        label=gettext_lazy("Ses semaines"),
        choices=[("odd", gettext_lazy("semaines impaires")), ("even", gettext_lazy("semaines paires"))],
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Celles du calendrier, du lundi au dimanche. Les autres restent au premier payeur."),
        error_messages={"required": gettext_lazy("Choisissez les semaines de l’autre payeur.")},
    )
    first = DayField(
        label=gettext_lazy("À partir du"), help_text=gettext_lazy("Avant ce jour, tout reste au premier payeur.")
    )

    def __init__(self, data: Any, *, host: Dossier, others: Sequence[Dossier]) -> None:
        mine = _children(host)
        super().__init__(data, initial={"child": mine[0][0] if len(mine) == 1 else None, "guest": NEW})
        theirs = [(f"{one.pk}:{place}", f"{one.reference}, {name}") for one in others for place, name in _children(one)]
        self.fields["child"].choices = mine  # type: ignore[attr-defined]
        self.fields["guest"].choices = [  # type: ignore[attr-defined]
            (NEW, _("un nouveau dossier, avec ce qui est dit de l’enfant")),
            *theirs,
        ]

    def request(self, host: Dossier, citizen: Citizen, key: str) -> operations.SharingRequest:
        """Return what is asked, in a form without errors."""
        given = self.cleaned_data
        pk, _colon, place = given["guest"].partition(":")
        return operations.SharingRequest(
            host_id=host.pk,
            host_row=_row(given["child"]),
            citizen_id=citizen.pk,
            guest_id=None if pk == NEW else int(pk),
            guest_row=_row(place),
            odd=given["weeks"] == "odd",
            first=given["first"],
            request_key=key,
        )


class EndForm(forms.Form):
    """The last day of a sharing."""

    use_required_attribute = False
    last = DayField(
        label=gettext_lazy("Dernier jour du partage"),
        help_text=gettext_lazy(
            "Ensuite, tout revient au premier payeur. La veille du premier jour : c’était une erreur."
        ),
    )


@for_agents(Right.REVIEW)
def dossier_sharings(request: AgentRequest, pk: int) -> HttpResponse:
    """Show with whom the children of a dossier are shared, find another payer, and share with them."""
    host = dossier_to_handle(request, pk)
    citizen = _citizen(request, host)
    search = SearchForm(request.GET)
    text = search.cleaned_data["q"].strip() if search.is_valid() else ""
    form = citizen and SharingForm(request.POST or None, host=host, others=_dossiers(request, host, citizen))
    if form and citizen and form.is_valid() and _is_shared(request, host, citizen, form):
        return redirect("crm:dossier_sharings", pk)
    context = {
        "dossier": host,
        "sharings": [_told(one, host) for one in _sharings(host)],
        "may_share": host.state in OPEN and bool(sharing.children(host)),
        "citizen": citizen,
        "text": text,
        "found": _payers(request, host).filter(pk__in=directory.keys_of(directory.search_citizens(text)))[:MOST]
        if text
        else [],
        "form": form,
        "request_key": idempotency.key_of(request),
    }
    return render_page(request, "crm/dossiers/dossier_sharings.html", context)


@for_agents(Right.REVIEW)
def dossier_sharing_end(request: AgentRequest, pk: int, sharing_pk: int) -> HttpResponse:
    """Say on which day a sharing ends."""
    dossier = dossier_to_handle(request, pk)
    one = get_object_or_404(_sharings(dossier), pk=sharing_pk)
    form = EndForm(request.POST or None)
    if form.is_valid():
        try:
            operations.end_sharing(
                sharing_id=one.pk, last=form.cleaned_data["last"], actor=request.actor, at=dates.now()
            )
        except operations.CannotShare as refusal:
            form.add_error("last", str(refusal))
        else:
            messages.success(request, _("le partage est terminé : les factures à venir en tiennent compte."))
            return redirect("crm:dossier_sharings", pk)
    context = {"dossier": dossier, "told": _told(one, dossier), "form": form}
    return render_page(request, "crm/dossiers/dossier_sharing_end.html", context)


def _is_shared(request: AgentRequest, host: Dossier, citizen: Citizen, form: SharingForm) -> bool:
    """Share, or say in the form why not."""
    key = idempotency.scoped_key(request, citizen.pk, host.pk)
    try:
        made = operations.share(asked=form.request(host, citizen, key), actor=request.actor, at=dates.now())
    except operations.CannotShare as refusal:
        form.add_error(refusal.field, str(refusal))
    except (dossiers.SchemeClosed, dossiers.ApplicantDeceased):
        form.add_error(
            "guest", _("Aucun dossier ne s’ouvre pour ce payeur : le dispositif est fermé, ou il est décédé.")
        )
    else:
        said = _(
            "l’enfant est partagé : le dossier %(number)s de l’autre payeur attend ses réponses et son acceptation."
        )
        messages.success(request, said % {"number": made.guest.reference})
    return form.is_valid()


def _citizen(request: AgentRequest, host: Dossier) -> Citizen | None:
    """Return the payer whom the address names; 404 for who is not theirs to know, or is the same."""
    asked = request.GET.get("payeur", "")
    if not asked:
        return None
    is_number = asked.isascii() and asked.isdigit() and len(asked) < 18
    return get_object_or_404(_payers(request, host), pk=int(asked) if is_number else 0)


def _payers(request: AgentRequest, host: Dossier) -> QuerySet[Citizen]:
    others = Citizen.objects.filter(deceased_on=None).exclude(pk=host.citizen_id)
    return scopes.citizens_seen_by(request.agent, others).order_by("sort_key", "pk")


def _dossiers(request: AgentRequest, host: Dossier, citizen: Citizen) -> Sequence[Dossier]:
    rows = Dossier.objects.handled_by(request.agent).filter(citizen=citizen, scheme=host.scheme_id, state__in=OPEN)
    return list(rows.select_related("form", "scheme").order_by("pk")[:MOST])


def _sharings(dossier: Dossier) -> QuerySet[Sharing]:
    rows = Sharing.objects.filter(Q(host=dossier) | Q(guest=dossier)).exclude(last__lt=F("first"))
    return rows.select_related("host__citizen", "host__form", "guest__citizen", "guest__form").order_by("first", "id")


def _told(one: Sharing, dossier: Dossier) -> dict[str, Any]:
    """Return a sharing as the page of one of its two dossiers tells it."""
    mine = one.host_id == dossier.pk
    row = one.host_row if mine else one.guest_row
    children = dict(_children(dossier))
    return {
        "sharing": one,
        "other": one.guest if mine else one.host,
        "child": children.get(_place(row), ""),
        "mine": weeks.name_of(odd=one.odd is not mine),
        "is_host": mine,
    }


def _children(dossier: Dossier) -> list[tuple[str, str]]:
    """Return the children of a dossier, as a form chooses them: where they are, and how they are called."""
    return [(_place(one.row), _name(dossier, one)) for one in sharing.children(dossier)]


def _name(dossier: Dossier, one: Beneficiary) -> str:
    own = children_of(dossier.form.form_fields, dossier.answers).own
    return one.name or (own.name if own else _("l’enfant du dossier"))


def _place(row: int | None) -> str:
    return "x" if row is None else str(row)


def _row(place: str) -> int | None:
    return int(place) if place.isdigit() else None
