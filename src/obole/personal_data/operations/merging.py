"""Two files of one person become one: everything of the second goes to the first, and nothing is deleted."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from obole.audit_log import operations as audit_log
from obole.billing.models import BillingPlan, CarryOver, Invoice, SecurityDeposit
from obole.directory.models import Agent, Citizen
from obole.directory.rules import NotAllowed
from obole.dossiers.models import ApplicationDraft, Dossier
from obole.lib import languages, texts
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.personal_data import queries
from obole.recovery import operations as recovery
from obole.recovery.models import Hold

MOVED: tuple[tuple[type[models.Model], str], ...] = (
    (Dossier, "citizen"),
    (Invoice, "payer"),
    (BillingPlan, "payer"),
    (CarryOver, "payer"),
    (SecurityDeposit, "payer"),
    (ApplicationDraft, "citizen"),
    (Hold, "payer"),
)
"""What names a citizen and goes to the file that stays. What hangs on these (receipts, mails, files) follows them."""
KEPT: tuple[tuple[type[models.Model], str], ...] = ((Citizen, "merged_into"),)
"""What names a citizen and stays: a file that had been merged leads to this one, and from here further."""
COMPLETED = ("email", "phone", "address", "birth_date")
"""What the file that stays takes from the other where it has nothing."""


class MergeRefused(ValueError):
    """Two files cannot become one now: the sentence says why."""


@atomic_with_retry
def merge_citizens(*, kept_id: int, merged_id: int, reason: str, actor: Actor, at: datetime) -> Citizen:
    """
    Give all that a file holds to another file of the same person, and let the first lead there; return the other.

    Documents stay as they were printed. The records of both keep the ids of all that moved. Again changes nothing.

    :raises django.core.exceptions.ValidationError: at ``reason``, if there is none.
    :raises obole.directory.rules.NotAllowed: if the agent is no administrator and handles a part of it only.
    :raises MergeRefused: if a payment is open, both have an account, or one was merged or forgotten already.
    """
    kept, merged = _locked(kept_id, merged_id)
    if merged.merged_into_id == kept.pk:
        return kept
    if not texts.clean_line(reason):
        raise ValidationError({"reason": _("Dites pourquoi : ce motif reste dans l’historique des deux fiches.")})
    _require_right(actor, kept, merged)
    why_not = queries.reason_not_to_merge(kept, merged)
    if why_not:
        raise MergeRefused(why_not)
    user_id, filled = _unite(kept, merged, at=at)
    said = {"reason": texts.clean_line(reason), "account": user_id, **_move(kept, merged, at=at)}
    audit_log.log_event("citizen.merge", subject=merged, actor=actor, at=at, into=kept.pk, **said)
    audit_log.log_event("citizen.absorb", subject=kept, actor=actor, at=at, merged=merged.pk, filled=filled)
    return kept


def _locked(kept_id: int, merged_id: int) -> tuple[Citizen, Citizen]:
    """
    Lock all that a merge touches, in the house's order: dossiers, files, invoices.

    A file's lock keeps out whatever would name it; a payment that starts waits for its invoices, then finds them moved.
    """
    both = (kept_id, merged_id)
    list(Dossier.objects.locked().filter(citizen__in=both).order_by("id").values_list("pk"))
    files = {row.pk: row for row in Citizen.objects.select_for_update(of=("self",)).filter(pk__in=both).order_by("pk")}
    list(Invoice.objects.locked().filter(payer__in=both).order_by("id").values_list("pk"))
    missing = Citizen.DoesNotExist(f"no citizen {both}")
    if not {kept_id, merged_id} <= set(files):
        raise missing
    return files[kept_id], files[merged_id]


def _require_right(actor: Actor, kept: Citizen, merged: Citizen) -> None:
    if actor.is_machine:
        return
    agent = Agent.objects.filter(pk=actor.pk_of("agent") or 0).first()
    if agent is None or not queries.may_merge(agent, kept, merged):
        raise NotAllowed(f"{actor.id} may not merge files {kept.pk} and {merged.pk}")


def _unite(kept: Citizen, merged: Citizen, *, at: datetime) -> tuple[int | None, str]:
    """Empty one file of its account and its code, complete the other; return the account that moved, and what did."""
    user_id, merged.user_id, merged.claim_code = merged.user_id, None, None
    merged.merged_into, merged.merged_at = kept, at
    merged.save(update_fields=["user", "claim_code", "merged_into", "merged_at"])
    filled = [name for name in COMPLETED if getattr(merged, name) and not getattr(kept, name)]
    if kept.language != languages.chosen(kept.language, merged.language):
        filled.append("language")
    for name in filled:
        setattr(kept, name, getattr(merged, name))
    if user_id is not None:
        kept.user_id, kept.claim_code = user_id, None
    kept.save(update_fields=["user", "claim_code", "language", *COMPLETED])
    return user_id, ", ".join(filled)


def _move(kept: Citizen, merged: Citizen, *, at: datetime) -> dict[str, list[int]]:
    """Give the rows of a file to another, and return their ids by their kind."""
    recovery.end_shorter_hold(kept.pk, merged.pk, at=at)
    moved: dict[str, list[int]] = {}
    for model, name in MOVED:
        rows = model._default_manager.filter(**{name: merged})
        if model is ApplicationDraft:
            # One draft for each dispositif: what both files began stays with each, until the nightly purge.
            rows = rows.exclude(scheme__in=ApplicationDraft.objects.filter(citizen=kept).values("scheme"))
        ids = list(rows.order_by("pk").values_list("pk", flat=True))
        model._default_manager.filter(pk__in=ids).update(**{name: kept})
        moved[model._meta.model_name or ""] = ids
    return moved
