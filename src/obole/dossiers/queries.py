"""How dossiers are read."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Count, IntegerField, Q, QuerySet, When

from obole.catalogue.fields import FieldKind, FormField
from obole.directory.models import Citizen
from obole.dossiers.models import Attachment, Dossier
from obole.dossiers.rules import Priced
from obole.dossiers.states import DossierState
from obole.lib import days, words

TO_REVIEW = (DossierState.SUBMITTED, DossierState.IN_REVIEW)


@dataclass(frozen=True)
class Answered:
    """A question of the form as it was, and its answer as people read it."""

    field: FormField
    text: str
    attachments: tuple[Attachment, ...] = ()


def of_citizen(citizen: Citizen) -> QuerySet[Dossier]:
    """Return the citizen's dossiers, those that wait for the citizen first, then the newest."""
    waiting = Case(When(state=DossierState.INCOMPLETE, then=0), default=1, output_field=IntegerField())
    return (
        Dossier.objects.filter(citizen=citizen)
        .select_related("scheme__service")
        .order_by(waiting, "-created_at", "-id")
    )


def to_list() -> QuerySet[Dossier]:
    """Return what the CRM lists, with what its rows show."""
    return Dossier.objects.exclude(state=DossierState.DRAFT).select_related("scheme__service", "citizen", "agent")


def matching(dossiers: QuerySet[Dossier], text: str) -> QuerySet[Dossier]:
    """Keep the dossiers whose number, dispositif or citizen answers to ``text``."""
    wanted = Q(scheme__name__icontains=words.clean_line(text))
    digits = words.clean_line(text).rsplit("-", 1)[-1].lstrip("0")
    if digits.isascii() and digits.isdigit() and len(digits) < 10:
        wanted |= Q(number=int(digits))
    by_name = Q()
    for word in words.fold(text).split():
        by_name &= Q(citizen__sort_key__regex=rf"\m{word}")
    return dossiers.filter(wanted | by_name if by_name else wanted)


def count_to_review() -> int:
    """Return how many dossiers wait for an agent."""
    return Dossier.objects.filter(state__in=TO_REVIEW).count()


def count_by_state() -> dict[str, int]:
    """Return how many dossiers there are in each state."""
    rows = Dossier.objects.order_by("state").values("state").annotate(n=Count("id"))
    return {row["state"]: row["n"] for row in rows}


def items(dossier: Dossier) -> list[Priced]:
    """Return what the dossier asks for, priced as it was promised."""
    rows = dossier.items.select_related("product").order_by("product__position", "product_id")
    return [Priced(product=row.product, quantity=row.quantity, unit_price_cents=row.unit_price_cents) for row in rows]


def answers(dossier: Dossier) -> list[Answered]:
    """Return the questions of the form that the dossier was filled with, and the answers."""
    files = list(dossier.attachments.order_by("id"))
    return [
        Answered(
            field,
            _shown(field, dossier.answers.get(field.key)),
            tuple(file for file in files if file.field_key == field.key),
        )
        for field in dossier.form.form_fields
    ]


def _shown(field: FormField, value: object) -> str:
    if value in (None, ""):
        return ""
    if field.kind == FieldKind.YES_NO:
        return "Oui" if value in (True, "yes") else "Non"
    if field.kind == FieldKind.DATE:
        return days.short(date.fromisoformat(str(value)))
    return str(value)
