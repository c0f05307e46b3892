"""
What an administrator is told at a publication, when a form and its pricing do not fit: a warning, never a refusal.
"""

from django.contrib import messages
from django.http import HttpRequest

from obole.catalogue import queries
from obole.catalogue.forms import pricing_match
from obole.catalogue.models import Scheme

MOST_WARNINGS = 12


def warn(request: HttpRequest, scheme: Scheme) -> None:
    """Say what the form in force does not ask of its pricing, and what could never be an answer."""
    form, version = queries.current_form(scheme), queries.current_pricing(scheme)
    if form is None or version is None:
        return
    for sentence in pricing_match.warnings(queries.compiled_pricing_of(version).pricing, form.form_fields)[
        :MOST_WARNINGS
    ]:
        messages.warning(request, sentence)
