"""Mails: addresses."""

from django.urls import path

from obole.crm.outbox import letters, messages, print_service

urlpatterns = [
    path("courriels/", messages.messages, name="messages"),
    path("courriels/export.<str:kind>", messages.messages_file, name="messages_file"),
    path("courriels/selection/", messages.messages_selection, name="messages_selection"),
    path("courriels/<int:pk>/", messages.message, name="message"),
    path("courriels/<int:pk>/renvoyer/", messages.message_resend, name="message_resend"),
    path("courriels/<int:pk>/adresse-bonne/", messages.message_trust, name="message_trust"),
    path("courriers/", letters.letters, name="letters"),
    path("courriers/regies/<int:pk>/preparer/", letters.letters_gather, name="letters_gather"),
    path("courriers/<int:pk>/lot.pdf", letters.letters_pdf, name="letters_pdf"),
    path("courriers/<int:pk>/lot.zip", print_service.letters_export, name="letters_export"),
    path("courriers/<int:pk>/affranchis/", letters.letters_posted, name="letters_posted"),
]
