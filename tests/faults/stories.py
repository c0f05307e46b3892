"""The shortest stories of the money in which a guard that is taken away shows."""

from obole.payments.models import Reversal
from tests.faults.machine import OTHER, REGISSEUR
from tests.faults.machine_of_money import Machine


def a_receipt_is_taken_back(machine: Machine) -> None:
    machine.take_at_the_counter(n=0, share=2, means="cash", crash=0)
    machine.take_back(n=0, kind=Reversal.Kind.MISTAKE, crash=0)


def unknown_money_meets_a_cancelled_invoice(machine: Machine) -> None:
    machine.take_what_nobody_knows(n=0, cents=5000, crash=0)
    machine.cancel(n=0, crash=0)
    machine.apply(m=0, n=0, crash=0)


def an_invoice_comes_after_the_arrete(machine: Machine) -> None:
    machine.close_period(n=0, back=1)
    machine.tick(minutes=-3000)
    machine.issue(n=0, meals=5, crash=0)


def a_bank_is_down(machine: Machine) -> None:
    machine.start(n=0, crash=0)
    machine.bank_goes_or_comes(up=False)
    for _visit in range(6):
        machine.payer_comes_back(n=0)
        machine.is_what_the_model_says()


def the_clock_alone_asks(machine: Machine) -> None:
    machine.start(n=0, crash=0)
    machine.payer_acts_at_the_bank(n=0, word="card", surplus=0)
    machine.tick(minutes=6)
    machine.sweep(crash=0)


def who_paid_is_late(machine: Machine) -> None:
    machine.take_at_the_counter(n=0, share=1, means="cheque", crash=0)
    machine.tick(minutes=43200)
    machine.remind(n=0)


def money_comes_back_from_the_comptable(machine: Machine) -> None:
    machine.take_at_the_counter(n=0, share=2, means="cash", crash=0)
    machine.hand_over_to_the_comptable(n=0, crash=0)
    machine.take_back(n=0, kind=Reversal.Kind.MISTAKE, crash=0)


def an_issued_invoice_is_corrected(machine: Machine) -> None:
    machine.correct_a_draft(n=0, meals=3, crash=0)


def unknown_money_does_an_invoice_again(machine: Machine) -> None:
    machine.take_what_nobody_knows(n=0, cents=5000, crash=0)
    machine.cancel(n=0, crash=0)
    machine.bill_again_what_was_paid(m=0, n=0, own=False, crash=0)


def two_leave_for_the_bank(machine: Machine) -> None:
    machine.start(n=0, crash=0)
    machine.start(n=0, crash=0)


def a_paid_one_is_rung_for(machine: Machine) -> None:
    machine.pay_online(n=0, word="card", door="return", crash=0)
    machine.tick(minutes=1)
    machine.bank_rings(n=0, copies=2, crash=0)


def more_comes_than_was_asked(machine: Machine) -> None:
    machine.start(n=0, crash=0)
    machine.payer_acts_at_the_bank(n=0, word="card", surplus=150)
    machine.tick(minutes=6)
    machine.sweep(crash=0)


def refused_then_paid(machine: Machine) -> None:
    machine.pay_online(n=0, word="refused", door="sweep", crash=0)
    machine.payer_acts_at_the_bank(n=0, word="card", surplus=0)
    machine.tick(minutes=6)
    machine.sweep(crash=0)


def paid_over_then_taken_back(machine: Machine) -> None:
    machine.take_what_nobody_knows(n=0, cents=9000, crash=0)
    machine.take_at_the_counter(n=0, share=1, means="transfer", crash=0)
    machine.sign_remittance(n=0, crash=0)
    machine.transfer_leaves(n=0, crash=0)
    machine.take_back(n=1, kind=Reversal.Kind.MISTAKE, crash=0)
    machine.is_what_the_model_says()
    machine.comptable_gives_back(n=0, crash=0)
    machine.sign_remittance(n=0, crash=0)


def cash_alone_cannot_be_paid_over(machine: Machine) -> None:
    machine.take_at_the_counter(n=0, share=2, means="cash", crash=0)
    machine.sign_remittance(n=0, crash=0)


def a_cheque_waits_for_the_bank(machine: Machine) -> None:
    machine.take_what_nobody_knows(n=0, cents=9000, crash=0)
    machine.take_at_the_counter(n=0, share=1, means="cheque", crash=0)
    machine.take_at_the_counter(n=1, share=1, means="transfer", crash=0)
    machine.sign_remittance(n=0, crash=0)
    machine.clear(n=1, crash=0)
    machine.sign_remittance(n=0, crash=0)


def all_is_paid_over_then_rejected(machine: Machine) -> None:
    machine.take_at_the_counter(n=0, share=1, means="transfer", crash=0)
    machine.sign_remittance(n=0, crash=0)
    machine.transfer_leaves(n=0, crash=0)
    machine.take_back(n=0, kind=Reversal.Kind.MISTAKE, crash=0)


def in_a_week(machine: Machine) -> None:
    """Have the second invoice be one of the régie that hands over within days."""
    machine.issue(n=1, meals=10, crash=0)
    machine.tick(minutes=11000)


def a_contested_one_is_handed_over(machine: Machine) -> None:
    in_a_week(machine)
    machine.request_transmission(n=2, many=False, by=OTHER, crash=0)
    machine.payer_contests(n=2, crash=0)
    machine.send_transmission(n=0, by=REGISSEUR, crash=0)


def a_partly_paid_one_is_handed_over(machine: Machine) -> None:
    in_a_week(machine)
    machine.take_at_the_counter(n=2, share=2, means="transfer", crash=0)
    machine.request_transmission(n=2, many=True, by=OTHER, crash=0)
    machine.send_transmission(n=0, by=REGISSEUR, crash=0)


def it_comes_back(machine: Machine) -> None:
    a_partly_paid_one_is_handed_over(machine)
    machine.comptable_numbers(n=0, number=3)
    machine.invoice_comes_back(n=0, crash=0)
    machine.is_what_the_model_says()
    machine.take_at_the_counter(n=2, share=2, means="cheque", crash=0)


def who_asked_sends(machine: Machine) -> None:
    in_a_week(machine)
    machine.request_transmission(n=2, many=False, by=OTHER, crash=0)
    machine.send_transmission(n=0, by=OTHER, crash=0)


def late_money_goes_to_the_comptable(machine: Machine) -> None:
    machine.take_what_nobody_knows(n=1, cents=5000, crash=0)
    in_a_week(machine)
    machine.start(n=2, crash=0)
    machine.payer_acts_at_the_bank(n=0, word="abandoned", surplus=0)
    machine.tick(minutes=25)
    machine.sweep(crash=0)
    machine.request_transmission(n=2, many=False, by=OTHER, crash=0)
    machine.send_transmission(n=0, by=REGISSEUR, crash=0)
    machine.payer_acts_at_the_bank(n=0, word="card", surplus=0)
    machine.tick(minutes=1)
    machine.payer_comes_back(n=0)
    machine.late_money_is_paid_over(n=1, crash=0)
    machine.approve_a_refund(n=0, by=REGISSEUR, crash=0)
    machine.end_a_refund(n=0, gives_up=False, crash=0)


def a_drawer_with_its_takings(machine: Machine) -> None:
    machine.issue(n=1, meals=10, crash=0)
    machine.open_the_drawer(cents=100_00, crash=0)
    machine.take_at_the_counter(n=2, share=1, means="cash", crash=0)


def coins_lack(machine: Machine) -> None:
    a_drawer_with_its_takings(machine)
    machine.is_what_the_model_says()
    machine.count_the_drawer(difference=-30, crash=0)
    machine.is_what_the_model_says()
    machine.open_the_drawer(cents=100_00, crash=0)
    machine.settle_a_difference(n=0, crash=0)


def more_lacks_than_was_taken(machine: Machine) -> None:
    a_drawer_with_its_takings(machine)
    machine.count_the_drawer(difference=-5000, crash=0)


def cash_goes_to_the_bank(machine: Machine) -> None:
    a_drawer_with_its_takings(machine)
    machine.prepare_cash(n=1, cents=1000, own=True, crash=0)
    machine.prepare_cash(n=1, cents=1000, own=True, crash=0)
    machine.remise_does_not_go(n=1, crash=0)
    machine.bank_credits_a_remise(n=0, crash=0)


def what_the_bank_has_is_given_back(machine: Machine) -> None:
    machine.take_at_the_counter(n=0, share=2, means="cash", crash=0)
    machine.prepare_cash(n=0, cents=2000, own=False, crash=0)
    machine.take_back(n=0, kind=Reversal.Kind.MISTAKE, crash=0)


def cheques_go_to_the_bank(machine: Machine) -> None:
    machine.take_at_the_counter(n=0, share=2, means="cheque", crash=0)
    machine.take_at_the_counter(n=1, share=2, means="cheque", crash=0)
    machine.prepare_cheques(n=0, most=2, crash=0)
    machine.bank_credits_a_remise(n=0, crash=0)
