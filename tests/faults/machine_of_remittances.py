"""The machine's versements: the bank credits, a régisseur signs, the transfer leaves, the comptable gives back."""

from django.db.models import Max
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from obole.lib import dates, texts
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments
from obole.regies.ledger import Cause
from obole.regies.models import Entry
from obole.regies.queries import balances
from obole.remittances import operations, queries
from obole.remittances.models import Remittance
from tests.faults.machine import REGISSEUR, SCENE, House, crashes, index

IN_INSTANCE = {"card", "debit", "cheque"}


class Treasury(House):
    """What leaves the two régies, and what comes back."""

    def __init__(self) -> None:
        super().__init__()
        self.signed: list[int] = []
        self.first = Entry.objects.aggregate(last=Max("pk"))["last"] or 0
        self.from_before = dict.fromkeys(self.before, 0)
        """Recettes of the examples before, that this one paid over."""

    @precondition(lambda self: self.model.money)
    @rule(n=index, crash=crashes)
    def clear(self, n: int, crash: int) -> None:
        money, line = self._money(n), texts.token()
        done = self.booked(
            money.regie,
            lambda: payments.clear_receipts(
                regie_id=money.regie,
                receipt_ids=[money.pk],
                cause=Cause(kind="clearing", key=line),
                label="x",
                actor=REGISSEUR,
                at=SCENE.now,
            ),
            why="" if money.means in IN_INSTANCE and not money.gone and not money.credited else "not clearable",
            refusal=payments.NotClearable,
            crash=crash,
        )
        if done is not None:
            money.credited = True

    @rule(n=st.integers(0, 1), crash=crashes)
    def sign_remittance(self, n: int, crash: int) -> None:
        regie, key = SCENE.towns[n].regie, texts.token()
        SCENE.now = max(SCENE.now, self.latest)
        until = dates.day_of(SCENE.now)
        entries = queries.ready(queries.entries_to_remit(regie, until=until), until=until)
        old = queries.shares(queries.vouchers(entries.filter(pk__lte=self.first)))
        before = sum(share.cents for share in old if not share.is_refund)
        revenue = self.model.to_remit(regie.pk) + before
        total = revenue + self.model.paid_for_us[regie.pk] + sum(share.cents for share in old if share.is_refund)
        may = entries.exists() and total > 0 and revenue <= self._may_leave(regie.pk)
        why = "" if may else "not remittable"
        signed = self.booked(
            regie.pk,
            lambda: operations.sign_remittance(
                regie_id=regie.pk,
                until=until,
                expected_cents=total,
                request_key=key,
                actor=SCENE.towns[0].regisseur.actor,
                at=SCENE.now,
            ),
            why=why,
            refusal=operations.NotRemittable,
            crash=crash,
        )
        if signed is not None:
            assert signed.total_cents == total
            self.signed.append(signed.pk)
            self.from_before[regie.pk] += before
            self.model.sign(regie.pk, revenue)
            self.model.paid_for_us[regie.pk] = 0

    # What examples before left behind is paid over too: so no precondition may hang on what was.

    @rule(n=index, crash=crashes)
    def transfer_leaves(self, n: int, crash: int) -> None:
        if not self.signed:
            return
        remittance = Remittance.objects.get(pk=self.signed[n % len(self.signed)])
        regie, reference = remittance.regie_id, texts.token()
        why = "" if remittance.state == "signed" else "gone"
        if self._on_the_account(regie) < remittance.total_cents:
            why = why or "too low"
        done = self.booked(
            regie,
            lambda: operations.record_transfer(
                remittance_id=remittance.pk, reference=reference, actor=REGISSEUR, at=SCENE.now
            ),
            why=why,
            refusal=(payments.AccountTooLow, ForbiddenTransition),
            crash=crash,
        )
        if done is not None:
            self.model.left[regie] += remittance.total_cents
            self.model.on_its_way[regie] -= remittance.total_cents

    @rule(n=index, crash=crashes)
    def comptable_gives_back(self, n: int, crash: int) -> None:
        owed = [item for item in self.model.money.values() if item.owed]
        if not owed:
            return
        money = owed[n % len(owed)]
        done = self.booked(
            money.regie,
            lambda: payments.regularise_receipts(
                regie_id=money.regie, receipt_ids=[money.pk], reference="x", actor=REGISSEUR, at=SCENE.now
            ),
            crash=crash,
        )
        if done is not None:
            self.model.left[money.regie] -= money.owed
            money.owed = 0

    def _on_the_account(self, regie: int) -> int:
        return self.before[regie]["treasury_deposit"] + self.model.held(regie)

    def _may_leave(self, regie: int) -> int:
        """Return what of the account was not signed over."""
        start = self.before[regie]
        return self._on_the_account(regie) - start["remitted"] - self.model.on_its_way[regie]

    def is_paid_over_as_the_model_says(self) -> None:
        for town in SCENE.towns[:2]:
            pk, held = town.regie.pk, balances(town.regie)
            ours = [item for item in self.model.money.values() if item.regie == pk]
            moved = {name: held[name] - self.before[pk][name] for name in held}
            assert moved["treasury_deposit"] == self.model.held(pk)
            assert moved["remitted"] == self.model.on_its_way[pk]
            assert moved["fees"] == sum(item.owed for item in ours) + self.model.owed(pk)
            assert moved["revenue_due"] == sum(item.due for item in ours) - self.from_before[pk]
