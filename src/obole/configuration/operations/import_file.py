"""Importing a file: through the operations that the screens use, so that everything is checked again, and recorded."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError

from obole.billing import operations as billing
from obole.billing.models import InvoiceType
from obole.catalogue import operations as catalogue
from obole.catalogue.models import Scheme, Service
from obole.configuration import queries
from obole.configuration.queries.import_plan import Change, Plan
from obole.configuration.rules import file_parser
from obole.configuration.rules.entity_types import ACTS, AUTHORITY, MAILS, REGIES, SCHEMES, SERVICES, TYPES
from obole.directory import operations as directory
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.mailing import operations as mailing
from obole.mailing.models import Template
from obole.pricing.model.problems import Problem, Refused
from obole.pricing.text import codec
from obole.regies import operations as regies
from obole.regies.models import Regie


class ConfigurationMoved(Exception):
    """Somebody else changed the configuration since the page said what importing would do."""


def import_file(*, tree: object, seen: str | None, actor: Actor, at: datetime) -> Plan:
    """
    Create and change what a file describes, all of it or nothing; what it does not describe stays as it is.

    :param tree: what ``rules.text.read`` gives.
    :param seen: the digest of the configuration that the person has seen the changes of; None: whatever it is.
    :raises obole.pricing.model.problems.Refused: with everything that is wrong with the file.
    :raises ConfigurationMoved: if the configuration is another one by now.
    """
    file = file_parser.read(tree)
    try:
        return _import(file=file, seen=seen, actor=actor, at=at)
    except ValidationError as error:
        # An operation has the last word, whatever the plan foresaw.
        raise Refused([Problem(path="", text="%(said)s", values={"said": said}) for said in error.messages]) from error
    except IntegrityError as error:
        # Rows that were there are locked, names that come at the same moment cannot be: one of the two makes them.
        raise ConfigurationMoved("something came under the same name meanwhile") from error


@atomic_with_retry
def _import(*, file: file_parser.ParsedFile, seen: str | None, actor: Actor, at: datetime) -> Plan:
    _lock(file)
    plan = queries.plan(file, queries.take_snapshot())
    if seen is not None and plan.seen != seen:
        raise ConfigurationMoved(f"{plan.seen}, not {seen}")
    for change in plan.changes:
        _APPLY[change.sort.section](change, actor, at)
    return plan


def _lock(file: file_parser.ParsedFile) -> None:
    """Lock what is there, régies last: money waits for them."""
    for model in (Service, Scheme, InvoiceType, Template):
        list(model._default_manager.select_for_update().order_by("pk").values_list("pk", flat=True))
    if file.of(REGIES.section) or file.of(ACTS.section):
        list(Regie.objects.locked().order_by("pk").values_list("pk", flat=True))


def _values(change: Change) -> dict[str, Any]:
    """Return the fields to set: those that change, so that the record names no other."""
    return {name: after for name, _before, after in change.fields if name not in change.sort.links}


def _authority(change: Change, actor: Actor, at: datetime) -> None:
    directory.configure_authority(values=_values(change), actor=actor, at=at)


def _regie(change: Change, actor: Actor, at: datetime) -> None:
    regies.configure_regie(regie_id=change.pk, values=_values(change), actor=actor, at=at)


def _act(change: Change, actor: Actor, at: datetime) -> None:
    regie = Regie.objects.get(code=change.key)
    regies.configure_act(regie_id=regie.pk, values=_values(change), actor=actor, at=at)


def _service(change: Change, actor: Actor, at: datetime) -> None:
    catalogue.configure_service(service_id=change.pk, values=_values(change), actor=actor, at=at)


def _scheme(change: Change, actor: Actor, at: datetime) -> None:
    linked = {"service": Service.objects.get(name=change.after["service"])} if "service" in change.after else {}
    if change.is_new or change.fields:
        catalogue.configure_scheme(scheme_id=change.pk, values=_values(change) | linked, actor=actor, at=at)
    scheme = Scheme.objects.get(name=change.key)
    if change.form:
        catalogue.publish_form(scheme_id=scheme.pk, fields=change.form[1], actor=actor, at=at)
    if change.pricing:
        catalogue.publish_pricing(scheme_id=scheme.pk, described=codec.as_dict(change.pricing[1]), actor=actor, at=at)


def _type(change: Change, actor: Actor, at: datetime) -> None:
    linked: dict[str, Any] = {}
    if "regie" in change.after:
        code = change.after["regie"]
        linked["regie"] = None if code is None else Regie.objects.get(code=code)
    if "schemes" in change.after:
        linked["schemes"] = list(Scheme.objects.filter(name__in=change.after["schemes"]).order_by("id"))
    billing.configure_type(type_id=change.pk, values=_values(change) | linked, actor=actor, at=at)


def _mail(change: Change, actor: Actor, at: datetime) -> None:
    mailing.configure_template(
        kind=change.key, subject=change.after["subject"], body=change.after["body"], actor=actor, at=at
    )


_APPLY: Mapping[str, Callable[[Change, Actor, datetime], None]] = {
    AUTHORITY.section: _authority,
    REGIES.section: _regie,
    ACTS.section: _act,
    SERVICES.section: _service,
    SCHEMES.section: _scheme,
    TYPES.section: _type,
    MAILS.section: _mail,
}
