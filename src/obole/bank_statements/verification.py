"""What statements and matches must agree on, recomputed from their rows."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from obole.bank_statements.models import BankLine, ListedPayment, Match, MatchedReceipt, Statement
from obole.bank_statements.states import LineState
from obole.cash_desk.deposit_states import DepositState
from obole.cash_desk.models import UndoneCredit
from obole.payments.models import Clearing
from obole.regies.accounts import Account
from obole.regies.models import Entry, Line, Regie
from obole.remittances.models import UndoneTransfer
from obole.remittances.states import RemittanceState

K = Match.Kind
CAUSES = ("bank_line", "bank_line_undone")


def fees(regie: Regie) -> int:
    """Return what the bank took as commissions, by the lines that stand matched so."""
    rows = Match.objects.filter(line__regie=regie, kind=K.FEES, undone_at=None)
    return -int(rows.order_by().aggregate(sum=Sum("cents"))["sum"] or 0)


def differences() -> Iterator[str]:
    """Yield the first row of each kind that is not what the others say, in a sentence."""
    for wrong, sentence in (*_statements(), *_lines(), *_matches(), *_slips(), *_entries()):
        first = wrong.order_by("pk").first()
        if first is not None:
            yield f"{first._meta.verbose_name} {first.pk}: {sentence}"


Check = tuple[QuerySet[Any], str]


def _sum_of(rows: QuerySet[Any], by: str, cents: str = "cents") -> Coalesce:
    summed = rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(s=Sum(cents)).values("s")
    return Coalesce(Subquery(summed), Value(0), output_field=IntegerField())


def _count_of(rows: QuerySet[Any], by: str) -> Coalesce:
    counted = rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), Value(0), output_field=IntegerField())


def _statements() -> Iterator[Check]:
    lines, payments = BankLine.objects.all(), ListedPayment.objects.all()
    summed = Statement.objects.annotate(
        cents=_sum_of(lines, "statement") + _sum_of(payments, "statement"),
        rows=_count_of(lines, "statement") + _count_of(payments, "statement"),
    )
    yield summed.exclude(cents=F("new_cents"), rows=F("new_count")), "its lines are not those that it brought"
    gone = Q(statement__withdrawn_at__isnull=False)
    yield lines.filter(gone).exclude(state=LineState.WITHDRAWN), "its statement was withdrawn and it counts"
    yield lines.filter(~gone, state=LineState.WITHDRAWN), "its statement counts and it was withdrawn"
    yield lines.exclude(regie=F("statement__regie")), "it is of another régie than its statement"


def _lines() -> Iterator[Check]:
    standing = Exists(Match.objects.filter(line=OuterRef("pk"), undone_at=None))
    matched = Q(state=LineState.MATCHED)
    yield BankLine.objects.filter(matched).exclude(standing), "it is matched with nothing"
    yield BankLine.objects.filter(standing).exclude(matched), "it is matched and does not say so"
    yield Match.objects.exclude(cents=F("line__cents")), "it is not of its line's amount"


def _matches() -> Iterator[Check]:
    standing = Match.objects.filter(undone_at=None)
    credited = Clearing.objects.filter(undone_by_entry=None)
    by_entry = credited.filter(entry=OuterRef("entry")).order_by().values("entry").annotate(s=Sum("receipt__cents"))
    credits_ = standing.filter(kind__in=(K.ONLINE, K.CHEQUES)).annotate(
        of_receipts=Coalesce(Subquery(by_entry.values("s")), Value(0), output_field=IntegerField())
    )
    yield credits_.exclude(of_receipts=F("cents")), "the receipts that it credited do not come to its line"
    undone = Match.objects.filter(kind__in=(K.ONLINE, K.CHEQUES), undone_at__isnull=False)
    yield undone.filter(Exists(credited.filter(entry=OuterRef("entry")))), "it was undone and its receipts are credited"
    shown = MatchedReceipt.objects.filter(standing=True)
    linked = standing.annotate(of_receipts=_sum_of(shown, "match", "receipt__cents"))
    positive = linked.filter(kind__in=(K.TRANSFER, K.UNMATCHED))
    yield positive.exclude(of_receipts=F("cents")), "the receipts that it shows do not come to its line"
    back = linked.filter(kind=K.REVERSAL)
    yield back.exclude(of_receipts=-F("cents")), "the receipt that it took back is not of its line's amount"
    not_back = shown.filter(match__kind=K.REVERSAL, receipt__reversal=None)
    yield not_back, "its line takes it back and it stands"
    yield standing.filter(kind=K.REFUND).exclude(refund__cents=-F("cents")), "its refund is not of its line's amount"
    yield shown.exclude(match__undone_at=None), "its match was undone and it stands"


def _slips() -> Iterator[Check]:
    """A remise or a versement that a line shows is of its amount, is credited or gone, and was undone with its line."""
    standing = Match.objects.filter(undone_at=None)
    deposits, left = standing.filter(kind=K.DEPOSIT), standing.filter(kind=K.REMITTANCE)
    yield deposits.exclude(deposit__cents=F("cents")), "its remise is not of its line's amount"
    yield deposits.exclude(deposit__state=DepositState.CREDITED), "its line credits a remise that is not credited"
    yield deposits.exclude(entry=None).exclude(entry=F("deposit__entry")), "its remise was credited otherwise"
    paid = left.annotate(total=F("remittance__revenue_cents") + F("remittance__refund_cents"))
    yield paid.exclude(total=-F("cents")), "its versement is not of its line's amount"
    yield left.exclude(remittance__state=RemittanceState.TRANSFERRED), "its line shows a versement that has not left"
    yield left.exclude(entry=None).exclude(entry=F("remittance__transfer_entry")), "its versement left otherwise"
    for name in ("deposit", "remittance"):
        yield (
            Match.objects.filter(**{f"{name}__isnull": False}).exclude(**{f"{name}__regie": F("line__regie")}),
            "it is of another régie than its line",
        )
    undone = Match.objects.filter(undone_entry__isnull=False)
    for kind, model in ((K.DEPOSIT, UndoneCredit), (K.REMITTANCE, UndoneTransfer)):
        told = Exists(model.objects.filter(entry=OuterRef("entry"), undone_entry=OuterRef("undone_entry")))
        yield undone.filter(kind=kind).exclude(told), "it was undone and what it showed was not"


def _entries() -> Iterator[Check]:
    """What the ledger says of the account because of a line is what the line says; the other way round once undone."""
    account = Line.objects.filter(account=Account.TREASURY_DEPOSIT)
    for field, sign in (("entry", 1), ("undone_entry", -1)):
        moved = (
            account.filter(entry=OuterRef(field)).order_by().values("entry").annotate(s=Sum(F("debit") - F("credit")))
        )
        booked = Match.objects.filter(**{f"{field}__isnull": False}).annotate(
            moved=Coalesce(Subquery(moved.values("s")), Value(0), output_field=IntegerField())
        )
        yield booked.exclude(moved=F("cents") * sign), f"its {field.replace('_', ' ')} does not move its line's amount"
    matched = Exists(Match.objects.filter(Q(entry=OuterRef("pk")) | Q(undone_entry=OuterRef("pk"))))
    yield Entry.objects.filter(cause_kind__in=CAUSES).exclude(matched), "it was booked for a line and none says so"
