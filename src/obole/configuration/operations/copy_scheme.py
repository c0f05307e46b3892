"""A dispositif made of another one, for the year that comes."""

from datetime import datetime

from obole.billing import operations as billing
from obole.billing.models import InvoiceType
from obole.catalogue import operations as catalogue, queries
from obole.catalogue.models import Scheme
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry


@atomic_with_retry
def copy_scheme(*, scheme_id: int, name: str, with_types: bool, actor: Actor, at: datetime) -> Scheme:
    """
    Make a dispositif with the form and the pricing of another, closed until somebody opens it.

    :param with_types: whether the types de factures of the other one bill its dossiers too.
    :raises django.core.exceptions.ValidationError: if the name is taken, or is none.
    """
    source = Scheme.objects.select_for_update().get(pk=scheme_id)
    values = {
        "service": source.service,
        "name": name,
        "description": source.description,
        "position": source.position,
        "billed_on": source.billed_on,
        "absence_reasons": source.absence_reasons,
        "enabled": False,
    }
    copy = catalogue.configure_scheme(scheme_id=None, values=values, actor=actor, at=at)
    form, pricing = queries.current_form(source), queries.current_pricing(source)
    if form is not None:
        catalogue.publish_form(scheme_id=copy.pk, fields=form.form_fields, actor=actor, at=at)
    if pricing is not None:
        catalogue.publish_pricing(scheme_id=copy.pk, described=pricing.pricing, actor=actor, at=at)
    if with_types:
        _cover(source, copy, actor, at)
    return copy


def _cover(source: Scheme, copy: Scheme, actor: Actor, at: datetime) -> None:
    """Add the copy to every type de facture that covers the source."""
    for kind in InvoiceType.objects.select_for_update().filter(schemes=source).order_by("id"):
        values = {"schemes": [*kind.schemes.order_by("id"), copy]}
        billing.configure_type(type_id=kind.pk, values=values, actor=actor, at=at)
