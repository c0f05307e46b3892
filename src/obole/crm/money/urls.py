"""Payments, the counter, « À traiter », régies: addresses."""

from django.urls import path

from obole.crm.money import (
    anomalies,
    attempt,
    attempts,
    attestations,
    closing,
    counter,
    payer_counter,
    refund_list,
    refunds,
    regies,
    task_selection,
)

urlpatterns = [
    path("a-traiter/", anomalies.tasks, name="tasks"),
    path("a-traiter/selection/", task_selection.tasks_selection, name="tasks_selection"),
    path("a-traiter/<int:pk>/", anomalies.task, name="task"),
    path("factures/<int:pk>/encaisser/", counter.take_money, name="take_money"),
    path("usagers/<int:pk>/encaisser/<int:regie_pk>/", payer_counter.take_for_payer, name="take_for_payer"),
    path("encaissements/<int:pk>/", counter.receipt, name="receipt"),
    path("encaissements/<int:pk>/reprendre/", counter.receipt_reverse, name="receipt_reverse"),
    path("transactions/", attempts.attempts, name="attempts"),
    path("transactions/export.<str:kind>", attempts.attempts_file, name="attempts_file"),
    path("transactions/selection/", attempts.attempts_selection, name="attempts_selection"),
    path("transactions/<int:pk>/", attempt.attempt, name="attempt"),
    path("transactions/<int:pk>/interroger/", attempt.attempt_ask, name="attempt_ask"),
    path("remboursements/", refund_list.refunds, name="refunds"),
    path("remboursements/export.<str:kind>", refund_list.refunds_file, name="refunds_file"),
    path("remboursements/selection/", refund_list.refunds_selection, name="refunds_selection"),
    path("remboursements/<int:pk>/", refunds.refund, name="refund"),
    path("remboursements/<int:pk>/rib/", refunds.refund_account, name="refund_account"),
    path("echanges/<int:pk>/", attempt.exchange, name="exchange"),
    path("regies/", regies.regies, name="regies"),
    path("regies/<int:pk>/", regies.regie, name="regie"),
    path("regies/<int:pk>/encaissement-sans-facture/", anomalies.unmatched_new, name="unmatched_new"),
    path("regies/<int:pk>/attestations/", attestations.attestations, name="attestations"),
    path("regies/<int:pk>/arreter/", closing.closing_new, name="closing_new"),
    path("regies/<int:pk>/arretes/<int:closing_pk>/", closing.closing, name="closing"),
]
