"""The file in PES V2: how its codes are set, how it takes its number, how one that was refused is withdrawn."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from obole.audit_log import configuration, operations as audit_log
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry
from obole.recovery.documents import pes_files
from obole.recovery.models import PesFile, PesPiece, PesSettings, Transmission
from obole.recovery.rules import pes
from obole.recovery.states import TransmissionState
from obole.regies.access import require_mandate
from obole.regies.models import Regie


class NotHandedOver(ValueError):
    """The transmission is not over, or no setting says how it is written: there is nothing to make a file of yet."""


class NotWritable(ValueError):
    """Something of the file cannot be written: ``problems`` say what, and where to mend it."""

    def __init__(self, problems: Sequence[pes.Problem]) -> None:
        super().__init__(" ".join(problem.sentence for problem in problems[:3]))
        self.problems = list(problems)


class WithdrawalUnexplained(ValueError):
    """Who withdraws a file says why."""


@atomic_with_retry
def configure_pes(*, regie_id: int, values: Mapping[str, Any], actor: Actor, at: datetime) -> PesSettings:
    """
    Say how a régie's transmissions are written in PES V2.

    :raises django.core.exceptions.ValidationError: if a value is refused.
    """
    regie = Regie.objects.locked().get(pk=regie_id)
    known = pes_files.settings_of(regie)
    pk = known.pk if known else None
    return configuration.configure(PesSettings, pk=pk, values={**values, "regie": regie}, actor=actor, at=at)


@atomic_with_retry
def make_pes_file(
    *, transmission_id: int, leaves_out: bool, notices_on: date | None, actor: Actor, at: datetime
) -> PesFile:
    """
    Number the bordereau of a transmission that is over, and its pieces; again, return the one that stands.

    :param leaves_out: whether the invoices that cannot be written stay out of it, and are told otherwise.
    :raises NotHandedOver: if it is not over, or if nothing says how it is written.
    :raises NotWritable: if something is wrong that cannot be left out.
    """
    transmission = Transmission.objects.select_for_update(of=("self",)).select_related("regie").get(pk=transmission_id)
    require_mandate(regie_id=transmission.regie_id, actor=actor, at=at)
    standing = PesFile.objects.filter(transmission=transmission, withdrawn_at=None).first()
    if standing:
        return standing
    settings = _settings_of_the_budget(transmission.regie)
    if settings is None or transmission.state != TransmissionState.SENT:
        raise NotHandedOver
    made = pes_files.preview(transmission, settings, notices_on=notices_on, at=at)
    flow = pes_files.without(made.flow, made.left_out) if leaves_out else made.flow
    stopping = pes.problems_of(flow) if leaves_out else made.problems
    if stopping:
        raise NotWritable(stopping)
    file = _keep(transmission, flow, made, actor=actor, at=at)
    audit_log.log_event(
        "transmission.pes", subject=transmission, actor=actor, at=at, bordereau=str(file), pieces=len(flow.pieces)
    )
    return file


@atomic_with_retry
def withdraw_pes_file(*, file_id: int, reason: str, actor: Actor, at: datetime) -> PesFile:
    """
    Write that the comptable did not take a file: another one can be made, under another number. Again changes nothing.

    :raises WithdrawalUnexplained: without a reason.
    """
    said = " ".join(reason.split())[:300]
    if not said:
        raise WithdrawalUnexplained
    file = PesFile.objects.select_for_update(of=("self",)).select_related("transmission").get(pk=file_id)
    require_mandate(regie_id=file.transmission.regie_id, actor=actor, at=at)
    if file.withdrawn_at:
        return file
    file.withdrawn_at, file.withdrawn_by, file.withdrawn_reason = at, actor, said
    file.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    audit_log.log_event(
        "transmission.pes_withdrawn", subject=file.transmission, actor=actor, at=at, bordereau=str(file), reason=said
    )
    return file


def _settings_of_the_budget(regie: Regie) -> PesSettings | None:
    """Hold the settings of every régie of a budget: they share its numbers."""
    own = pes_files.settings_of(regie)
    if own is None:
        return None
    same = PesSettings.objects.filter(siret=own.siret, collectivity=own.collectivity, budget=own.budget)
    return next((item for item in same.select_for_update().order_by("pk") if item.pk == own.pk), None)


def _keep(
    transmission: Transmission, flow: pes.Flow, made: pes_files.Preview, *, actor: Actor, at: datetime
) -> PesFile:
    file = PesFile.objects.create(
        transmission=transmission,
        post=flow.post,
        siret=flow.siret,
        collectivity=flow.collectivity,
        budget=flow.budget,
        year=flow.year,
        bordereau=flow.bordereau,
        notices_on=flow.notices_on,
        made_at=at,
        made_by=actor,
    )
    by_invoice = dict(pes_files.lines_to_write(transmission).values_list("invoice_id", "pk"))
    PesPiece.objects.bulk_create(
        (PesPiece(file=file, line_id=by_invoice[piece.invoice_pk], number=piece.number) for piece in flow.pieces),
        batch_size=1000,
    )
    return file
