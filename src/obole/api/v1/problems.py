"""What a call is refused with: RFC 9457, in French, with the name of the field that is wrong."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _, gettext_lazy
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from obole.api_keys.access import ScopeMissing
from obole.api_keys.operations import OtherCall
from obole.directory.rules import NotAllowed
from obole.limits.rules import TooMany

logger = logging.getLogger(__name__)
JSON = "application/problem+json"
RETRY_SECONDS = "5"
TITLES = {
    HTTPStatus.BAD_REQUEST: gettext_lazy("Requête illisible"),
    HTTPStatus.UNAUTHORIZED: gettext_lazy("Clé refusée"),
    HTTPStatus.FORBIDDEN: gettext_lazy("Droit manquant"),
    HTTPStatus.NOT_FOUND: gettext_lazy("Introuvable"),
    HTTPStatus.METHOD_NOT_ALLOWED: gettext_lazy("Méthode refusée"),
    HTTPStatus.CONFLICT: gettext_lazy("Clé d’idempotence déjà employée"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: gettext_lazy("Requête trop lourde"),
    HTTPStatus.UNPROCESSABLE_ENTITY: gettext_lazy("Requête à corriger"),
    HTTPStatus.TOO_MANY_REQUESTS: gettext_lazy("Trop d’appels"),
    HTTPStatus.INTERNAL_SERVER_ERROR: gettext_lazy("Erreur d’Obole"),
    HTTPStatus.SERVICE_UNAVAILABLE: gettext_lazy("Service indisponible"),
}
SENTENCES = {
    "missing": gettext_lazy("Il manque."),
    "extra_forbidden": gettext_lazy("Ce champ n’existe pas : vérifiez son nom."),
    "string_too_long": gettext_lazy("C’est trop long."),
    "string_too_short": gettext_lazy("C’est vide, ou trop court."),
    "string_pattern_mismatch": gettext_lazy("Cela ne s’écrit pas ainsi."),
    "too_long": gettext_lazy("Il y en a trop : faites plusieurs appels."),
    "too_short": gettext_lazy("Il n’y en a pas."),
    "literal_error": gettext_lazy("Ce n’est pas une des valeurs prévues."),
    "enum": gettext_lazy("Ce n’est pas une des valeurs prévues."),
    "greater_than_equal": gettext_lazy("C’est trop petit."),
    "less_than_equal": gettext_lazy("C’est trop grand."),
}
DAY = gettext_lazy("Écrivez un jour qui existe : 2026-11-25.")
OTHERWISE = gettext_lazy("Ce n’est pas une valeur de ce type.")


class WrongField(Exception):
    """What is right in each field, and wrong in all; ``field`` is where it is mended."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field, self.sentence = field, sentence


def problem(status: HTTPStatus, detail: str, **more: Any) -> HttpResponse:
    """Return a refusal."""
    said = {"type": "about:blank", "title": str(TITLES[status]), "status": status.value, "detail": detail, **more}
    return HttpResponse(json.dumps(said, ensure_ascii=False), status=status, content_type=JSON)


def not_found() -> HttpResponse:
    """Say that there is nothing there, for this key."""
    return problem(HTTPStatus.NOT_FOUND, _("Il n’y a rien de tel, ou rien que cette clé puisse voir."))


def in_clear() -> HttpResponse:
    """Refuse what came without encryption: to lead it elsewhere would have it send its key in clear again."""
    sentence = _("Appelez en https. Si une clé vient de voyager en clair, révoquez-la et faites-en une autre.")
    return problem(HTTPStatus.FORBIDDEN, sentence, title=_("https exigé"))


def too_large(most: int) -> HttpResponse:
    """Refuse what is not read."""
    refused = problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _("%(most)s Mo au plus : faites plusieurs appels.") % {"most": most}
    )
    # What is still on its way is not read: the connection ends.
    refused["Connection"] = "close"
    return refused


def not_allowed(answer: HttpResponse) -> HttpResponse:
    """Say which methods an address takes."""
    refused = problem(HTTPStatus.METHOD_NOT_ALLOWED, _("Cette adresse se demande par %s.") % answer["Allow"])
    refused["Allow"] = answer["Allow"]
    return refused


def say_problems(api: NinjaAPI) -> None:
    """Have an API answer all that may go wrong."""
    handlers: tuple[tuple[type[Exception], Callable[[HttpRequest, Any], HttpResponse]], ...] = (
        (AuthenticationError, _no_key),
        (ScopeMissing, _no_scope),
        (NotAllowed, lambda request, error: not_found()),
        (Http404, lambda request, error: not_found()),
        (OtherCall, _other_call),
        (TooMany, _too_many),
        (ValidationError, _wrong_fields),
        (WrongField, _wrong_field),
        (HttpError, _unreadable),
        (OperationalError, _away),
        (InterfaceError, _away),
        (Exception, _failed),
    )
    for kind, handler in handlers:
        api.add_exception_handler(kind, handler)


def _no_key(request: HttpRequest, error: Exception) -> HttpResponse:
    sentence = _("Envoyez « Authorization: Bearer » avec une clé en service : elle manque, est fausse ou a pris fin.")
    refused = problem(HTTPStatus.UNAUTHORIZED, sentence)
    refused["WWW-Authenticate"] = 'Bearer realm="Obole"'
    return refused


def _no_scope(request: HttpRequest, error: Exception) -> HttpResponse:
    sentence = _("Cette clé n’a pas ce droit : demandez-en une autre à l’administrateur d’Obole.")
    return problem(HTTPStatus.FORBIDDEN, sentence)


def _other_call(request: HttpRequest, error: Exception) -> HttpResponse:
    sentence = _("Cette « Idempotency-Key » a servi pour un autre contenu : donnez-en une nouvelle à ce nouvel appel.")
    return problem(HTTPStatus.CONFLICT, sentence)


def _too_many(request: HttpRequest, error: TooMany) -> HttpResponse:
    refused = problem(HTTPStatus.TOO_MANY_REQUESTS, error.sentence)
    refused["Retry-After"] = str(error.seconds)
    return refused


def _wrong_fields(request: HttpRequest, error: ValidationError) -> HttpResponse:
    # Of a value that may be of two types, each says why it is not its own: the first is enough.
    told = {_field(one["loc"]): _sentence(one["type"]) for one in reversed(error.errors)}
    return _unprocessable([{"field": field, "detail": sentence} for field, sentence in reversed(told.items())])


def _wrong_field(request: HttpRequest, error: WrongField) -> HttpResponse:
    return _unprocessable([{"field": error.field, "detail": error.sentence}])


def _unprocessable(errors: Sequence[Mapping[str, str]]) -> HttpResponse:
    told = errors[:50]
    names = ", ".join(dict.fromkeys(one["field"] for one in told))
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, _("À corriger : %s.") % names[:300], errors=told)


def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(HTTPStatus.BAD_REQUEST, _("Le corps n’est pas du JSON en UTF-8."))


def _away(request: HttpRequest, error: Exception) -> HttpResponse:
    """Say that nothing was kept, and that who asks again is served."""
    refused = problem(HTTPStatus.SERVICE_UNAVAILABLE, _("Rien n’a été enregistré : recommencez le même appel."))
    refused["Retry-After"] = RETRY_SECONDS
    return refused


def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("a call failed: %s", request.path, exc_info=error)
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, _("Rien n’a été enregistré. L’erreur est dans le journal du serveur.")
    )


def _field(place: Sequence[str | int]) -> str:
    """Write where a value stands as its software does: ``facts[3].day``, ``Idempotency-Key``."""
    kind, *names = place
    if kind == "body":
        names = names[1:]
    # Below a field of a fact, only the names of the types that it may have.
    said = "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in names[:3])
    return said.removeprefix(".") or "body"


def _sentence(kind: str) -> str:
    return str(DAY if kind.startswith("date") else SENTENCES.get(kind, OTHERWISE))
