"""The durations, the nightly purge, forgetting somebody, and leaving an account without forgetting its file."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.db import models
from django.db.models import QuerySet
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from obole.accounts.models import Identity
from obole.audit_log import configuration, operations as audit_log
from obole.billing.models import Letter, LetterBatchPdf
from obole.campaigns.models import CampaignRow
from obole.consumption import operations as consumption
from obole.directory import operations as directory, queries as directory_queries
from obole.directory.models import Agent, Citizen, User
from obole.directory.rules import new_claim_code
from obole.dossiers.models import Attachment, DatedAnswer, Dossier, DossierNote
from obole.lib import actors
from obole.lib.actors import Actor
from obole.lib.languages import Language
from obole.lib.states import TransitionRecord
from obole.lib.transactions import atomic_with_retry
from obole.mailing.models import Message, UndeliverableAddress
from obole.mailing.rules import normalised
from obole.personal_data import queries
from obole.personal_data.models import Retention
from obole.personal_data.queries import ERASED
from obole.recovery.models import Dispute, Hold

CHUNK = 500


class MustBeKept(ValueError):
    """Somebody cannot be forgotten now: the sentence says why."""


def configure_retention(*, values: Mapping[str, Any], actor: Actor, at: datetime) -> Retention:
    """Choose how long things are kept."""
    existing = Retention.objects.filter(only=True).first()
    return configuration.configure(Retention, pk=existing.pk if existing else None, values=values, actor=actor, at=at)


def purge(*, at: datetime, dry_run: bool = False) -> dict[str, int]:
    """
    Let go of what was kept long enough, and return how much of each; a dry run only counts.

    In chunks, each in its transaction: a purge that is cut short has done what it did, and the next one goes on.
    """
    kinds: dict[str, tuple[QuerySet[Any], Callable[[list[int], datetime], None]]] = {
        "drafts": (queries.old_drafts(at), _delete(queries.old_drafts(at))),
        "mails": (queries.old_mails(at), _blank_mails),
        "letters": (queries.old_letters(at), _blank_letters),
        "refusals": (queries.old_refusals(at), _blank_dossiers),
        "attendance": (queries.old_attendance_files(at), _erase_attendance),
        "accounts": (queries.inactive_citizens(at), _forget),
    }
    done = {"sessions": queries.expired_sessions(at).count()}
    if not dry_run:
        queries.expired_sessions(at).delete()
    for name, (rows, let_go) in kinds.items():
        done[name] = rows.count() if dry_run else _in_chunks(rows, let_go, at)
    return done


def _in_chunks(rows: QuerySet[Any], let_go: Callable[[list[int], datetime], None], at: datetime) -> int:
    done, last = 0, 0
    while pks := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        let_go(pks, at)
        done, last = done + len(pks), pks[-1]
    return done


def _delete(rows: QuerySet[Any]) -> Callable[[list[int], datetime], None]:
    def let_go(pks: list[int], at: datetime) -> None:
        rows.filter(pk__in=pks).delete()

    return let_go


def _blank_mails(pks: list[int], at: datetime) -> None:
    """Keep that a mail was sent, when and to which end; not its words."""
    Message.objects.filter(pk__in=pks).update(text="", html="", attachments=[])


def _erase_attendance(pks: list[int], at: datetime) -> None:
    """Keep what a file of attendance made count; not the file, which names children."""
    consumption.erase(file_ids=pks, at=at)


@atomic_with_retry
def _blank_letters(pks: list[int], at: datetime) -> None:
    """Keep that a letter was sent, and when; not its words, nor the PDF of its batch, which says them."""
    Letter.objects.filter(pk__in=pks).update(text="")
    LetterBatchPdf.objects.filter(batch__letters__in=pks).delete()


@atomic_with_retry
def _blank_dossiers(pks: list[int], at: datetime) -> None:
    rows = list(Dossier.objects.locked().filter(pk__in=pks).order_by("pk"))
    _blank_answers(Dossier.objects.filter(pk__in=[row.pk for row in rows]))
    for row in rows:
        audit_log.log_event("dossier.purge", subject=row, actor=actors.WORKER, at=at)


def _blank_answers(dossiers: QuerySet[Dossier]) -> None:
    """Forget what dossiers answer, from any day on, with what was joined to them and written down of them."""
    theirs = dossiers.values("pk")
    DatedAnswer.objects.filter(dossier__in=theirs).update(value=None, motive="", proof=None, unproven="")
    Attachment.objects.filter(dossier__in=theirs).delete()
    DossierNote.objects.filter(dossier__in=theirs).exclude(text="").update(text="")
    CampaignRow.objects.filter(dossier__in=theirs).exclude(reason="").update(reason="")
    dossiers.update(answers={}, search_keys=[])


@atomic_with_retry
def _forget(pks: list[int], at: datetime) -> None:
    rows = Citizen.objects.select_for_update(of=("self",)).filter(pk__in=pks).order_by("pk")
    still = set(queries.inactive_citizens(at).filter(pk__in=pks).values_list("pk", flat=True))
    _forget_locked([row for row in rows if row.pk in still], actor=actors.WORKER, at=at)


@atomic_with_retry
def forget_citizen(*, citizen_id: int, actor: Actor, at: datetime) -> Citizen:
    """
    Forget who somebody is: their names, addresses, answers, files and mails.

    Invoices, receipts and entries stay, to the cent, with the words that were printed: accounting is kept ten years.

    :raises MustBeKept: if something is due, open or under way.
    """
    citizen = Citizen.objects.select_for_update(of=("self",)).get(pk=citizen_id)
    why_not = queries.reason_to_keep(citizen)
    if why_not:
        raise MustBeKept(why_not)
    _forget_locked([citizen], actor=actor, at=at)
    citizen.refresh_from_db()
    return citizen


@atomic_with_retry
def leave_account(*, citizen_id: int, actor: Actor, at: datetime) -> Citizen:
    """
    Close the account of a file for good, and nothing else: the file stays as one that was opened at the counter.

    Only its owner does it, from inside: it proves that the account was theirs, before two files become one.

    :raises MustBeKept: if the file has no account, or the account is an agent's.
    """
    citizen = directory.lock_file(citizen_id)
    if citizen.user_id is None or Agent.objects.filter(user=citizen.user_id).exists():
        raise MustBeKept(_("Ce compte ne se ferme pas ainsi : adressez-vous à la collectivité."))
    user_id, citizen.user_id, citizen.claim_code = citizen.user_id, None, new_claim_code()
    citizen.save(update_fields=["user", "claim_code"])
    _close_accounts([user_id])
    audit_log.log_event("citizen.leave_account", subject=citizen, actor=actor, at=at, account=user_id)
    return citizen


def _forget_locked(known: list[Citizen], *, actor: Actor, at: datetime) -> None:
    """
    Forget people whose rows are held, and the files that were merged into theirs: a handful of statements, however many
    they are.
    """
    citizens = [*known, *directory_queries.merged_files(*(citizen.pk for citizen in known))]
    _forget_marks(citizens, at)
    nowhere = f"{ERASED}@{ERASED}.invalid"
    mails = {"to": nowhere, "subject": "", "text": "", "html": "", "attachments": [], "last_error": ""}
    Message.objects.filter(pk__in=queries.mails_of(*citizens).order_by().values("pk")).update(**mails)
    letters = queries.letters_of(*citizens).order_by().values("pk")
    Letter.objects.filter(pk__in=letters).update(subject="", text="")
    # Without words, and soon without an address, what waits is not put in an envelope.
    Letter.objects.filter(pk__in=letters, batch=None, dropped_at=None).update(dropped_at=at)
    LetterBatchPdf.objects.filter(batch__letters__in=letters).delete()
    Hold.objects.filter(payer__in=citizens).exclude(comment="").update(comment="")
    reported = Dispute.objects.filter(by_payer=True, invoice__payer__in=citizens)
    reported.update(reason=ERASED)
    reported.exclude(answer="").update(answer=ERASED)
    _blank_answers(Dossier.objects.filter(citizen__in=citizens))
    number = Cast("pk", models.CharField())
    Citizen.objects.filter(pk__in=[citizen.pk for citizen in citizens]).update(
        **dict.fromkeys(("civility", "first_name", "organisation", "email", "phone", "address"), ""),
        kind=Citizen.Kind.PERSON,
        birth_date=None,
        language=Language.FRENCH,
        last_name=Concat(models.Value("Usager effacé "), number),
        sort_key=Concat(models.Value("usager efface "), number),
        search_keys=[],
        user=None,
    )
    _close_accounts([citizen.user_id for citizen in citizens if citizen.user_id is not None])
    step = TransitionRecord("citizen.forget", "", "")
    audit_log.log_transitions([(step, citizen, {}) for citizen in citizens], actor=actor.nameless(), at=at)


def _forget_marks(citizens: list[Citizen], at: datetime) -> None:
    """Forget which addresses of theirs no mail reached; one that somebody else has as well stays theirs."""
    theirs = {citizen.email for citizen in citizens}
    theirs |= set(queries.mails_of(*citizens).order_by().values_list("to", flat=True))
    pks = [citizen.pk for citizen in citizens]
    shared = Citizen.objects.exclude(pk__in=pks).filter(email__iexact=models.OuterRef("address"))
    known = UndeliverableAddress.objects.filter(address__in={normalised(address) for address in theirs if address})
    marks = UndeliverableAddress.objects.filter(
        pk__in=list(known.exclude(models.Exists(shared)).values_list("pk", flat=True))
    )
    marks.filter(ended_at=None).update(ended_at=at, ended_by=actors.WORKER)
    marks.update(address=f"{ERASED}@{ERASED}.invalid", diagnostic="")


def _close_accounts(user_ids: list[int]) -> None:
    """Close accounts for good; one that is an agent's as well stays theirs."""
    users = User.objects.filter(pk__in=user_ids, agent=None).order_by("pk")
    closed = list(users.select_for_update(of=("self",)).values_list("pk", flat=True))
    for of_account in (EmailAddress, Authenticator, Identity):
        of_account.objects.filter(user__in=closed).delete()
    User.objects.filter(pk__in=closed).update(
        email=Concat(models.Value(f"{ERASED}-"), Cast("pk", models.CharField()), models.Value(f"@{ERASED}.invalid")),
        is_active=False,
        password=make_password(None),
        session_generation=models.F("session_generation") + 1,
    )
