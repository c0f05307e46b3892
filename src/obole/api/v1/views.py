"""The calls: each reads what was sent, asks a room once, and answers."""

from collections import Counter
from datetime import date, timedelta
from typing import Annotated, Any

from django.utils.translation import gettext as _
from ninja import Header, NinjaAPI

from obole.api.v1.door import Key, KeyRequest
from obole.api.v1.problems import WrongField, say_problems
from obole.api.v1.schemas import (
    READING_REFUSALS,
    WRITING_REFUSALS,
    CallIn,
    CallOut,
    Cursor,
    DossierNumber,
    DossiersOut,
    FactIn,
    FactsOut,
    KeyName,
    Limit,
    SchemeId,
    SchemesOut,
    State,
)
from obole.api_keys.rules import Scope
from obole.catalogue.models import Scheme, Service
from obole.consumption import operations, queries, rules
from obole.consumption.models import Consumption
from obole.consumption.rules.calls import KEPT, Call, CalledFact, Outcome
from obole.consumption.rules.roster import dossier_number
from obole.directory.rules import NotAllowed
from obole.dossiers.models import Dossier
from obole.lib import dates
from obole.pricing.model.parts import Pricing, Question

CallName = Annotated[KeyName, Header(alias="Idempotency-Key")]
NONE, LONGEST = timedelta(0), timedelta(days=400)
api = NinjaAPI(title="Obole", version="1", urls_namespace="api", openapi_url=None, docs_url=None)
say_problems(api)


@api.post(
    "consumption",
    auth=Key(Scope.CONSUMPTION_WRITE),
    response={200: CallOut, **WRITING_REFUSALS},
    url_name="consumption",
)
def send_consumption(request: KeyRequest, call: CallIn, name: CallName) -> Any:
    """
    Envoyer ce qui a été consommé.

    Chaque quantité est jugée seule. Le même appel, sous la même « Idempotency-Key », reçoit la même réponse et
    n’écrit rien de plus.
    """
    said = Call(name, tuple(map(_fact, call.facts)), call.closed_days)
    outcomes = operations.receive_call(call=said, actor=request.actor, at=dates.now())
    told = [_outcome(n, outcome) for n, outcome in enumerate(outcomes)]
    counts = Counter(one["outcome"] for one in told)
    return {**{name: counts[name] for name in ("written", "corrected", "known", "refused")}, "facts": told}


@api.get(
    "consumption",
    auth=Key(Scope.CONSUMPTION_READ),
    response={200: FactsOut, **READING_REFUSALS},
    url_name="consumption",
)
def read_consumption(
    request: KeyRequest,
    first: date,
    last: date,
    dossier: DossierNumber | None = None,
    cursor: Cursor = 0,
    limit: Limit = 100,
) -> Any:
    """Lire les quantités qui comptent entre deux jours, dans l’ordre où elles ont été enregistrées."""
    if not NONE <= last - first <= LONGEST:
        raise WrongField("last", _("Demandez 400 jours au plus, du premier au dernier."))
    dossiers = Dossier.objects.open_to(request.auth.pk)
    if dossier is not None:
        dossiers = dossiers.filter(number=dossier_number(dossier))
        if not dossiers.exists():
            raise NotAllowed(dossier)
    found = list(queries.facts_that_count(dossiers, first, last, after=cursor)[: limit + 1])
    return {"facts": list(map(_counted, found[:limit])), "next": found[limit - 1].pk if len(found) > limit else None}


@api.get(
    "dossiers", auth=Key(Scope.DOSSIERS_READ), response={200: DossiersOut, **READING_REFUSALS}, url_name="dossiers"
)
def read_dossiers(
    request: KeyRequest,
    scheme: SchemeId | None = None,
    state: State | None = None,
    cursor: Cursor = 0,
    limit: Limit = 100,
) -> Any:
    """Lire les dossiers des prestations de la clé, avec ce qui s’y compte et pour qui."""
    dossiers = Dossier.objects.open_to(request.auth.pk).filter(number__gt=cursor)
    if scheme is not None:
        wanted = _schemes(request).filter(public_id=scheme)
        if not wanted.exists():
            raise NotAllowed(scheme)
        dossiers = dossiers.filter(scheme__in=wanted)
    dossiers = dossiers.filter(state=state) if state else dossiers
    found = list(dossiers.select_related("scheme", "form").order_by("number")[: limit + 1])
    counted = queries.countables([one.scheme_id for one in found])
    return {
        "dossiers": [_dossier(one, counted.get(one.scheme_id)) for one in found[:limit]],
        "next": found[limit - 1].number if len(found) > limit else None,
    }


@api.get("schemes", auth=Key(Scope.DOSSIERS_READ), response={200: SchemesOut, **READING_REFUSALS}, url_name="schemes")
def read_schemes(request: KeyRequest) -> Any:
    """Lire les dispositifs des prestations de la clé, et ce qui s’y compte."""
    found = list(_schemes(request).select_related("service"))
    counted = queries.countables([scheme.pk for scheme in found])
    return {
        "schemes": [
            {**_scheme(one), "service": one.service.name, "questions": _questions(counted.get(one.pk))} for one in found
        ]
    }


def _schemes(request: KeyRequest) -> Any:
    return Scheme.objects.filter(service__in=Service.objects.open_to(request.auth.pk)).order_by("pk")


def _fact(sent: FactIn) -> CalledFact:
    return CalledFact(sent.dossier, sent.beneficiary, sent.question, sent.day, str(sent.quantity))


def _outcome(index: int, outcome: Outcome) -> dict[str, Any]:
    if outcome in KEPT:
        return {"index": index, "outcome": outcome.value}
    return {"index": index, "outcome": "refused", "code": outcome.value, "detail": str(outcome.label)}


def _counted(fact: Consumption) -> dict[str, Any]:
    return {
        "dossier": fact.dossier.reference,
        "beneficiary": fact.row,
        "question": fact.question,
        "day": fact.day,
        "quantity": rules.written(fact.quantity),
        "recorded_at": fact.recorded_at,
    }


def _scheme(scheme: Scheme) -> dict[str, str]:
    return {"id": scheme.public_id, "name": scheme.name}


def _dossier(dossier: Dossier, counted: tuple[Pricing, list[Question]] | None) -> dict[str, Any]:
    people = queries.beneficiaries_of(dossier, *counted) if counted else {}
    return {
        "number": dossier.reference,
        "scheme": _scheme(dossier.scheme),
        "state": dossier.state,
        "is_open": dossier.state in queries.COUNTED_IN,
        "beneficiaries": [
            {"group": group, "index": one.row, "name": one.name} for group, rows in people.items() for one in rows
        ],
        "questions": _questions(counted),
    }


def _questions(counted: tuple[Pricing, list[Question]] | None) -> list[dict[str, Any]]:
    if counted is None:
        return []
    pricing, questions = counted
    return [
        {
            "key": one.key,
            "label": one.label,
            "group": one.group or None,
            "decimals": one.decimals,
            "most": rules.written(rules.most_in_a_day(pricing, one)),
        }
        for one in questions
    ]
