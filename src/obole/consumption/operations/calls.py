"""What another software sends, written at once or not at all, and never twice."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from obole.api_keys import operations as api_keys
from obole.api_keys.access import require_scope
from obole.api_keys.rules import Scope
from obole.audit_log import operations as audit_log
from obole.consumption import queries
from obole.consumption.operations.recording import Source, record_many
from obole.consumption.rules.calls import KEPT, OF_REMARK, Call, Outcome, read_fact, without_doubles
from obole.consumption.rules.file_lines import Said
from obole.consumption.rules.roster import dossier_number
from obole.dossiers.models import Dossier
from obole.lib import dates
from obole.lib.actors import Actor
from obole.lib.transactions import atomic_with_retry


@atomic_with_retry
def receive_call(*, call: Call, actor: Actor, at: datetime) -> list[Outcome]:
    """
    Write what a software says of the dossiers of its key's prestations, and return what became of each quantity.

    Each by itself; a dossier of another prestation is one that is not there. The same call again is answered the same,
    and writes nothing.

    :raises obole.api_keys.access.ScopeMissing: if the key does not send consumption.
    :raises obole.directory.rules.NotAllowed: to whoever is no key, or one that has ended.
    :raises obole.api_keys.operations.OtherCall: if this key gave the name of the call to another.
    """
    key = require_scope(actor=actor, scope=Scope.CONSUMPTION_WRITE, at=at)
    held = api_keys.begin_call(key_id=key.pk, name=call.name, digest=call.digest, at=at)
    if held.answer is not None:
        return [Outcome(said) for said in held.answer]
    outcomes = _write(call, key.pk, actor, at)
    api_keys.answer_call(held, answer=[outcome.value for outcome in outcomes])
    counts = Counter(outcome.value if outcome in KEPT else "refused" for outcome in outcomes)
    audit_log.log_event("consumption.receive_call", subject=key, actor=actor, at=at, **counts)
    return outcomes


def _write(call: Call, key_id: int, actor: Actor, at: datetime) -> list[Outcome]:
    found = without_doubles(_read(call, key_id, at))
    done = record_many([one for one in found if isinstance(one, Said)], source=Source(actor), at=at)
    told = {wrong.line: OF_REMARK[wrong.reason] for wrong in done.left}
    told |= {one.line: Outcome.KNOWN for one in done.known}
    told |= {one.line: Outcome.CORRECTED for one in done.corrected}
    return [told.get(n, Outcome.WRITTEN) if isinstance(one, Said) else one for n, one in enumerate(found)]


def _read(call: Call, key_id: int, at: datetime) -> Sequence[Said | Outcome]:
    numbers = [dossier_number(fact.dossier) for fact in call.facts]
    wanted = {number for number in numbers if number is not None}
    rows = Dossier.objects.open_to(key_id).filter(number__in=wanted).select_related("citizen", "form").order_by("pk")
    dossiers = {dossier.number: dossier for dossier in rows}
    countable, today = queries.countable_of(list(dossiers.values())), dates.day_of(at)
    found: list[Said | Outcome] = []
    for n, (number, fact) in enumerate(zip(numbers, call.facts, strict=True)):
        dossier = dossiers.get(number)
        if dossier is None:
            found.append(Outcome.UNKNOWN_DOSSIER)
            continue
        of_scheme = countable.get(dossier.scheme_id)
        found.append(read_fact(n, fact, of_scheme, today=today, closed_days=call.closed_days))
    return found
