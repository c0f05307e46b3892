"""
What lines of the bank seem to be.

Each way to recognise one is a function of ``FINDERS``, from the surest to the weakest; a receipt serves once, and what
is proposed comes to the line's amount to the cent.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from obole.bank_statements.models import SUBJECTS, Match
from obole.bank_statements.rules import windows
from obole.bank_statements.rules.pool import Known, Listed, OpenLine, Pool, Proposal, by_reference, references_in
from obole.lib import texts
from obole.payments.models import Receipt

K, M = Match.Kind, Receipt.Means
ONLINE = frozenset({M.CARD, M.DEBIT, M.TERMINAL})
AT_ONCE = frozenset({M.CHEQUE, M.CESU})
LONGEST_WAIT = timedelta(days=45)
"""A bank credits sooner: an older receipt of the same amount is another."""
EARLY = timedelta(days=3)
"""An agent may write down after the day of the bank what came before."""
FEES = ("commission", "frais", "cotisation", "abonnement")
BACK = ("rejet", "impaye", "impayes", "retour", "rejete", "rejetee")


class Matcher:
    """What is still free while lines are recognised, one way after the other."""

    def __init__(self, lines: Sequence[OpenLine], pool: Pool) -> None:
        self.pool = pool
        self.lines = {line.pk: line for line in sorted(lines, key=lambda line: (line.day, line.pk))}
        self.free = {item.pk: item for item in [*pool.in_instance, *pool.transfers]}
        self.taken = set[tuple[str, int]]()
        """Receipts that leave the account again, refunds, remises, versements: each serves once too."""
        self.found: list[Proposal] = []

    def open_lines(self, *, credits_only: bool) -> list[OpenLine]:
        """Return the lines not recognised yet, on one side."""
        return [line for line in self.lines.values() if (line.cents > 0) is credits_only]

    def propose(self, line: OpenLine, items: Sequence[Known], why: str, *, sure: bool, **words: str | int) -> bool:
        """Keep that a line is these receipts, if they are free and come to its amount."""
        kind = _kind(items)
        if kind is None or sum(item.cents for item in items) != line.cents:
            return False
        if any(item.pk not in self.free for item in items):
            return False
        for item in items:
            del self.free[item.pk]
        self._keep(Proposal(line.pk, kind, tuple(item.pk for item in items), why, dict(words), sure=sure))
        return True

    def _keep(self, proposal: Proposal) -> None:
        self.found.append(proposal)
        del self.lines[proposal.line]

    def propose_one(self, proposal: Proposal, key: int | None = None) -> None:
        """Keep that a line is one thing; ``key``: the one that no other line may be."""
        if key is not None:
            self.taken.add((proposal.kind, key))
        self._keep(proposal)


def proposals(lines: Sequence[OpenLine], pool: Pool) -> list[Proposal]:
    """Return what the lines seem to be."""
    matcher = Matcher(lines, pool)
    for find in FINDERS:
        find(matcher)
    return matcher.found


def _kind(items: Sequence[Known]) -> str | None:
    means = {item.means for item in items}
    for kind, allowed in ((K.ONLINE, ONLINE), (K.CHEQUES, AT_ONCE), (K.TRANSFER, frozenset({M.TRANSFER}))):
        if means and means <= allowed:
            return kind
    return None


def _by_list(matcher: Matcher) -> None:
    """PayFiP lists what it put in a credit: all of it must be known here."""
    credits_: dict[str, list[Listed]] = {}
    for item in matcher.pool.listed:
        credits_.setdefault(item.credit, []).append(item)
    by_cents: dict[int, list[tuple[str, list[Listed]]]] = {}
    for name, items in credits_.items():
        if all(item.receipt in matcher.free for item in items):
            by_cents.setdefault(sum(item.cents for item in items), []).append((name, items))
    for line in matcher.open_lines(credits_only=True):
        same = by_cents.get(line.cents, [])
        named = [item for item in same if _is_credit_of(item[0], line)] or same
        if named:
            name, items = named[0]
            receipts = [matcher.free[item.receipt] for item in items if item.receipt in matcher.free]
            sure = len(named) == 1
            if len(receipts) == len(items) and matcher.propose(
                line, receipts, "list", sure=sure, credit=name, count=len(items)
            ):
                same.remove(named[0])


def _is_credit_of(credit: str, line: OpenLine) -> bool:
    """Tell whether a list's credit names this line: by the day, or by its number in the label."""
    return credit == line.day.isoformat() or texts.fold(credit).replace(" ", "") in set(references_in(line.words))


def _by_reference(matcher: Matcher) -> None:
    """The label names one receipt or several."""
    known = by_reference(matcher.free.values())
    for line in matcher.open_lines(credits_only=True):
        named = {word: known[word] for word in references_in(line.words) if word in known}
        items = {item.pk: item for found in named.values() for item in found if item.pk in matcher.free}
        word = next(iter(named), "")
        if not items or matcher.propose(
            line, list(items.values()), "reference", sure=True, reference=word.upper(), count=len(items)
        ):
            continue
        same = [item for item in items.values() if item.cents == line.cents]
        if len(same) == 1:
            matcher.propose(line, same, "reference", sure=True, reference=word.upper(), count=1)


def _by_days(matcher: Matcher) -> None:
    """PayFiP credits in bulk all that was paid on a day, or since Friday; cheques go to the bank by the slip."""
    instance = [item for item in matcher.pool.in_instance if item.pk in matcher.free]
    index = windows.Windows(instance)
    open_lines = matcher.open_lines(credits_only=True)
    found = {line.pk: index.answering(line.cents, line.day) for line in open_lines}
    claims = windows.claims(found.values())
    slips = {item.cents for item in matcher.pool.deposits if (K.DEPOSIT, item.pk) not in matcher.taken}
    for line in sorted(open_lines, key=lambda line: len(found[line.pk])):
        choices = [window for window in found[line.pk] if all(item.pk in matcher.free for item in window.items)]
        if choices:
            best = choices[0]
            alone = len(found[line.pk]) == 1 and line.cents not in slips
            sure = alone and all(claims[cell] == 1 for cell in best.cells)
            matcher.propose(line, best.items, "day", sure=sure, **best.words)


def _by_amount(matcher: Matcher) -> None:
    """Only one receipt waits with this amount: it may be this one, a person will tell."""
    by_cents: dict[int, list[Known]] = {}
    for item in matcher.free.values():
        by_cents.setdefault(item.cents, []).append(item)
    open_lines = matcher.open_lines(credits_only=True)
    asked = _counted(line.cents for line in open_lines)
    for line in open_lines:
        near = [item for item in by_cents.get(line.cents, []) if item.pk in matcher.free and _near(item.day, line.day)]
        if len(near) == 1 and asked[line.cents] == 1:
            matcher.propose(line, near, "amount", sure=False)


def _counted(amounts: Iterable[int]) -> dict[int, int]:
    counted: dict[int, int] = {}
    for cents in amounts:
        counted[cents] = counted.get(cents, 0) + 1
    return counted


def _near(day: date, of_bank: date) -> bool:
    return of_bank - LONGEST_WAIT <= day <= of_bank + EARLY


def _pools(matcher: Matcher) -> Iterable[tuple[str, Sequence[Known], bool]]:
    """What a line may be whole, and whether it is a credit."""
    yield K.DEPOSIT, matcher.pool.deposits, True
    yield K.REMITTANCE, matcher.pool.remittances, False
    yield K.REFUND, matcher.pool.refunds, False


def _by_number(matcher: Matcher) -> None:
    """The label names a remise, a bordereau de versement, or a refund that was done."""
    for kind, items, is_credit in _pools(matcher):
        known = by_reference(items)
        for line in matcher.open_lines(credits_only=is_credit):
            words = [word for word in references_in(line.words) if word in known]
            named = {item.pk: item for word in words for item in known[word]}
            same = [item for item in named.values() if _is_free(matcher, kind, item, line)]
            if same:
                proposal = _whole(line, kind, same[0], "reference", _named(words), sure=len(same) == 1)
                matcher.propose_one(proposal, same[0].pk)


def _by_sum(matcher: Matcher) -> None:
    """Only one of them is of this amount, and one line alone: a person will tell."""
    for kind, items, is_credit in _pools(matcher):
        open_lines = matcher.open_lines(credits_only=is_credit)
        asked = _counted(line.cents for line in open_lines)
        for line in open_lines:
            same = [item for item in items if _is_free(matcher, kind, item, line)]
            if kind != K.REFUND:
                # A refund may be noted as done long after the bank paid it.
                same = [item for item in same if _near(item.day, line.day)]
            if len(same) == 1 and asked[line.cents] == 1:
                matcher.propose_one(_whole(line, kind, same[0], "amount", {}), same[0].pk)


def _whole(
    line: OpenLine, kind: str, item: Known, why: str, said: dict[str, str | int], *, sure: bool = False
) -> Proposal:
    subject = {SUBJECTS[kind]: item.pk}
    return Proposal(line.pk, kind, (), why, said, **subject, sure=sure)


def _named(words: Sequence[str]) -> dict[str, str | int]:
    return {"reference": words[0].upper(), "count": 1} if words else {}


def _is_free(matcher: Matcher, kind: str, item: Known, line: OpenLine) -> bool:
    return (kind, item.pk) not in matcher.taken and item.cents == abs(line.cents)


def _taken_back(matcher: Matcher) -> None:
    """
    A debit that was rejected, a cheque that bounced: always for a person, since its payer is told; what was taken back
    here already needs nobody.
    """
    known = by_reference(matcher.pool.credited)
    for line in matcher.open_lines(credits_only=False):
        says_so = bool(line.reason_code) or bool(set(texts.fold(line.words).split()) & set(BACK))
        words = [word for word in references_in(line.words) if word in known]
        named = {item.pk: item for word in words for item in known[word]}
        same = [item for item in named.values() if _is_free(matcher, K.REVERSAL, item, line)]
        if not same and says_so:
            same = [item for item in matcher.pool.credited if _is_free(matcher, K.REVERSAL, item, line)]
        if len(same) == 1:
            item = same[0]
            why, said = ("reference" if words else "back"), _named(words)
            sure = bool(words) and item.is_taken_back
            proposal = Proposal(line.pk, K.REVERSAL, (item.pk,), why, said, sure=sure)
            matcher.propose_one(proposal, item.pk)


def _fees(matcher: Matcher) -> None:
    """The label speaks of a commission."""
    for line in matcher.open_lines(credits_only=False):
        word = next((word for word in texts.fold(line.words).split() if word.rstrip("s") in FEES or word in FEES), None)
        if word is not None:
            matcher.propose_one(Proposal(line.pk, K.FEES, (), "fees", {"word": word}))


Finder = Callable[[Matcher], None]
FINDERS: tuple[Finder, ...] = (_by_list, _by_reference, _by_number, _by_days, _taken_back, _fees, _by_sum, _by_amount)
