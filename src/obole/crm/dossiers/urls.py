"""Dossiers: addresses."""

from django.urls import path

from obole.crm.dossiers import (
    agent_answers,
    attendance,
    attendance_files,
    changes,
    completing,
    dossier_detail,
    dossier_list,
    generate_invoice,
    hands,
    notes,
    planning,
    review,
    sharings,
)

FILE = "presences/<int:pk>/fichiers/<int:file_pk>"

urlpatterns = [
    path("presences/", attendance.attendance_schemes, name="attendance_schemes"),
    path("presences/<int:pk>/", attendance.attendance, name="attendance"),
    path("presences/<int:pk>/fichiers/", attendance_files.attendance_files, name="attendance_files"),
    path(f"{FILE}/", attendance_files.attendance_file, name="attendance_file"),
    path(f"{FILE}/verifier/", attendance_files.attendance_file_check, name="attendance_file_check"),
    path(f"{FILE}/confirmer/", attendance_files.attendance_file_confirm, name="attendance_file_confirm"),
    path(f"{FILE}/abandonner/", attendance_files.attendance_file_stop, name="attendance_file_stop"),
    path(f"{FILE}/a-corriger.csv", attendance_files.attendance_file_csv, name="attendance_file_csv"),
    path("dossiers/", dossier_list.dossiers, name="dossiers"),
    path("dossiers/export.<str:kind>", dossier_list.dossiers_file, name="dossiers_file"),
    path("dossiers/selection/", dossier_list.dossiers_selection, name="dossiers_selection"),
    path("dossiers/<int:pk>/", dossier_detail.dossier, name="dossier"),
    path("dossiers/<int:pk>/prendre/", review.dossier_take, name="dossier_take"),
    path("dossiers/<int:pk>/complement/", review.dossier_complement, name="dossier_complement"),
    path("dossiers/<int:pk>/completer/", completing.dossier_complete, name="dossier_complete"),
    path("dossiers/<int:pk>/completer/montant/", completing.dossier_complete_amount, name="dossier_complete_amount"),
    path("dossiers/<int:pk>/accepter/", review.dossier_accept, name="dossier_accept"),
    path("dossiers/<int:pk>/refuser/", review.dossier_reject, name="dossier_reject"),
    path("dossiers/<int:pk>/clore/", review.dossier_close, name="dossier_close"),
    path("dossiers/<int:pk>/rouvrir/", review.dossier_reopen, name="dossier_reopen"),
    path("dossiers/<int:pk>/reprendre/", review.dossier_reconsider, name="dossier_reconsider"),
    path("dossiers/<int:pk>/confier/", hands.dossier_assign, name="dossier_assign"),
    path("dossiers/<int:pk>/rendre/", hands.dossier_give_back, name="dossier_give_back"),
    path("dossiers/<int:pk>/reservations/", planning.planning, name="planning"),
    path("dossiers/<int:pk>/reservations/semaine/", planning.planning_booking, name="planning_booking"),
    path("dossiers/<int:pk>/reservations/absence/", planning.planning_absence, name="planning_absence"),
    path(
        "dossiers/<int:pk>/reservations/absence/<int:absence_pk>/annuler/",
        planning.planning_absence_cancel,
        name="planning_absence_cancel",
    ),
    path("dossiers/<int:pk>/reservations/inscription/", planning.planning_enrolment, name="planning_enrolment"),
    path("dossiers/<int:pk>/notes/", notes.dossier_note, name="dossier_note"),
    path("dossiers/<int:pk>/reponses/", agent_answers.dossier_answers, name="dossier_answers"),
    path("dossiers/<int:pk>/changements/", changes.dossier_changes, name="dossier_changes"),
    path("dossiers/<int:pk>/partages/", sharings.dossier_sharings, name="dossier_sharings"),
    path(
        "dossiers/<int:pk>/partages/<int:sharing_pk>/finir/", sharings.dossier_sharing_end, name="dossier_sharing_end"
    ),
    path("dossiers/<int:pk>/facturer/", generate_invoice.generate_invoice, name="generate_invoice"),
    path("dossiers/<int:pk>/pieces/<int:attachment_pk>/", dossier_detail.attachment, name="attachment"),
]
