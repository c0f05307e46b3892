"""Forms and pricings put in force: a version that never changes."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError

from obole.audit_log import history, operations as audit_log
from obole.catalogue.fields import FormField
from obole.catalogue.forms import checking
from obole.catalogue.models import FormVersion, PricingVersion, Scheme
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.pricing.checking import check_pricing
from obole.pricing.model.parts import Pricing
from obole.pricing.model.problems import Refused
from obole.pricing.text import codec


@atomic_with_retry
def publish_form(*, scheme_id: int, fields: Sequence[FormField], actor: Actor, at: datetime) -> FormVersion:
    """
    Make these fields the form of the dispositif from now on. Dossiers filled before keep theirs.

    :raises django.core.exceptions.ValidationError: with everything that is wrong with the form.
    """
    scheme = Scheme.objects.select_for_update().get(pk=scheme_id)
    if wrong := checking.check(fields):
        raise ValidationError(wrong)
    latest = FormVersion.objects.filter(scheme=scheme).order_by("-number").first()
    described = [field.as_dict() for field in fields]
    if latest is not None and latest.fields == described:
        return latest
    number = latest.number + 1 if latest else 1
    with history.context(actor=actor, at=at):
        version = FormVersion.objects.create(scheme=scheme, number=number, fields=described, created_at=at)
    audit_log.log_event("scheme.publish_form", subject=scheme, actor=actor, at=at, version=number)
    return version


class PricingMoved(Exception):
    """Somebody else published a pricing since this one was looked at."""


@atomic_with_retry
def publish_pricing(
    *, scheme_id: int, described: object, actor: Actor, at: datetime, replaces: int | None = None
) -> PricingVersion:
    """
    Make this pricing, as ``json.loads`` gives it, the dispositif's from now on. The one in force, sent again, makes no
    version.

    :param replaces: the number of the version in force that the person has seen, 0 for none; None: whichever it is.
    :raises obole.pricing.model.problems.Refused: with everything that is wrong with it.
    :raises PricingMoved: if another version came in force since.
    """
    # What is kept is what was understood: equal pricings are equal JSON, whatever was written out.
    kept = codec.as_dict(read_pricing(described))
    scheme = Scheme.objects.select_for_update().get(pk=scheme_id)
    latest = PricingVersion.objects.filter(scheme=scheme).order_by("-number").first()
    number = latest.number if latest else 0
    if latest is not None and latest.pricing == kept:
        return latest
    if replaces is not None and replaces != number:
        raise PricingMoved(f"{scheme}: {number}, not {replaces}")
    with history.context(actor=actor, at=at):
        version = PricingVersion.objects.create(
            scheme=scheme, number=number + 1, pricing=kept, created_at=at, created_by=actor
        )
    audit_log.log_event("scheme.publish_pricing", subject=scheme, actor=actor, at=at, version=version.number)
    return version


def read_pricing(described: object) -> Pricing:
    """
    Read and check a pricing, without publishing it.

    :raises obole.pricing.model.problems.Refused: with everything that is wrong with it.
    """
    pricing = codec.parse(described)
    problems = check_pricing.check(pricing)
    if problems:
        raise Refused(problems)
    return pricing
