"""Importing a file of the bank: chosen, read and shown, then kept."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from obole.bank_statements import operations
from obole.bank_statements.models import Statement
from obole.bank_statements.rules.readings import MOST_BYTES
from obole.crm.bookkeeping import statement_reading
from obole.crm.bookkeeping.statement_reading import Preview
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.regies.models import Regie
from obole.ui.bodies import takes_files


class FileForm(forms.Form):
    """Which file, and what it is."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Ce que c’est"),
        choices=Statement.Kind.choices,
        widget=forms.RadioSelect,
        initial=Statement.Kind.ACCOUNT,
    )
    file = forms.FileField(
        label=gettext_lazy("Fichier"),
        widget=forms.FileInput({"accept": ".csv,.txt,.xml,text/csv,application/xml"}),
        help_text=gettext_lazy("CSV, ou CAMT.053 (.xml) pour le relevé : 10 Mo au plus."),
        error_messages={
            "required": gettext_lazy("Choisissez le fichier que la banque a donné."),
            "empty": gettext_lazy("Ce fichier est vide : exportez-le de nouveau."),
        },
    )

    def clean_file(self) -> "UploadedFile[bytes]":
        """
        Refuse what nobody would read.

        :raises ValidationError: if the file is too heavy.
        """
        upload: UploadedFile[bytes] = self.cleaned_data["file"]
        if (upload.size or 0) > MOST_BYTES:
            raise forms.ValidationError(
                _("Ce fichier est trop lourd : 10 Mo au plus. Exportez une période plus courte.")
            )
        return upload


@takes_files(megabytes=12)
@for_agents(Right.MONEY)
def statement_new(request: AgentRequest, pk: int) -> HttpResponse:
    """Choose a file, and show what it says; nothing is kept."""
    regie = get_object_or_404(Regie.objects.acted_on_by(request.agent), pk=pk)
    posted = request.method == "POST"
    form = FileForm(request.POST, request.FILES) if posted else FileForm()
    if not form.is_valid():
        return render_page(request, "crm/bookkeeping/statement_new.html", {"regie": regie, "form": form})
    upload: UploadedFile[bytes] = form.cleaned_data["file"]
    sent = statement_reading.receive(kind=form.cleaned_data["kind"], name=upload.name or "", content=upload.read())
    return _shown(request, regie, statement_reading.preview(regie, sent))


@for_agents(Right.MONEY)
@require_POST
def statement_read(request: AgentRequest, pk: int) -> HttpResponse:
    """Read the file again with the columns that were chosen, or keep it as it was shown."""
    regie = get_object_or_404(Regie.objects.acted_on_by(request.agent), pk=pk)
    sent = statement_reading.find(request.POST.get("kept", ""))
    if sent is None:
        messages.error(request, _("ce fichier n’est plus là : choisissez-le de nouveau. Rien n’est importé."))
        return redirect("crm:statement_new", pk=pk)
    shown = statement_reading.preview(regie, sent, request.POST)
    if request.POST.get("action") != "keep" or shown.problem or not shown.planned:
        return _shown(request, regie, shown)
    try:
        kept = _keep(request, regie, shown)
    except operations.StatementRefused as refusal:
        shown.problem = str(refusal)
        return _shown(request, regie, shown)
    count = sum(item.new_count for item in kept)
    said = ngettext("%(n)d ligne importée.", "%(n)d lignes importées.", count) % {"n": count}
    messages.success(request, said)
    return redirect("crm:statement", pk=pk, statement_pk=kept[0].pk)


def _keep(request: AgentRequest, regie: Regie, shown: Preview) -> list[Statement]:
    who: dict[str, Any] = {"actor": request.actor, "at": dates.now()}
    source = operations.Source(name=shown.sent.name, digest=shown.sent.digest)
    kept = operations.keep_statements(
        regie_id=regie.pk, kind=shown.sent.kind, readings=shown.readings, source=source, **who
    )
    if shown.form is not None:
        operations.remember_layout(regie_id=regie.pk, kind=shown.sent.kind, columns=shown.form.columns, **who)
    return kept


def _shown(request: AgentRequest, regie: Regie, shown: Preview) -> HttpResponse:
    context = {"regie": regie, "shown": shown, "form": shown.form, "totals": shown.totals}
    return render_page(request, "crm/bookkeeping/statement_read.html", context)
