"""What was imported: the files, what each said and added, and taking one back."""

from typing import Any

import django_tables2 as tables
from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_lazy

from obole.bank_statements import operations, queries
from obole.bank_statements.models import Statement
from obole.crm.bookkeeping.line_tables import LineTable, PaymentTable
from obole.crm.shared.columns import MAIN, STATUS, AmountColumn, DayColumn, MomentColumn
from obole.crm.shared.lists import sorted_table
from obole.crm.shared.pages import file_answer, regies_acted_on, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates, files
from obole.regies.models import Regie
from obole.ui.templatetags.ui import pill


class StatementTable(tables.Table):  # type: ignore[misc]  # untyped library
    """Files of the bank."""

    name = tables.Column(
        verbose_name=gettext_lazy("Fichier"),
        attrs=MAIN,
        linkify=("crm:statement", {"pk": tables.A("regie_id"), "statement_pk": tables.A("pk")}),
        order_by=("name", "pk"),
    )
    kind = tables.Column(verbose_name=gettext_lazy("Ce que c’est"), order_by=("kind", "pk"))
    first_day = DayColumn(verbose_name=gettext_lazy("Du"), order_by=("first_day", "pk"))
    last_day = DayColumn(verbose_name=gettext_lazy("Au"), order_by=("last_day", "pk"))
    new_count = tables.Column(
        verbose_name=gettext_lazy("Lignes"), attrs={"th": {"class": "num"}, "td": {"class": "num"}}
    )
    closing_cents = AmountColumn(verbose_name=gettext_lazy("Solde à la fin €"), order_by=("closing_cents", "pk"))
    imported_at = MomentColumn(verbose_name=gettext_lazy("Importé"), order_by=("imported_at", "pk"))
    state = tables.Column(
        verbose_name=gettext_lazy("Suite"), accessor="withdrawn_at", empty_values=(), attrs=STATUS, orderable=False
    )

    caption = gettext_lazy("Relevés importés")
    count_label = ""

    class Meta:
        template_name = "ui/table.html"
        empty_text = gettext_lazy("Aucun relevé : importez le premier.")

    def render_state(self, record: Statement) -> SafeString:
        """Say whether it counts, and follows the one before."""
        if record.withdrawn_at:
            return pill("ended", _("Retiré"), "ban")
        if record.gap_cents:
            return pill("late", _("Écart avec le précédent"), "alert")
        return pill("done", _("Compte"), "check")


class WithdrawForm(forms.Form):
    """Why a file is taken back."""

    reason = forms.CharField(
        label=gettext_lazy("Motif"),
        max_length=300,
        help_text=gettext_lazy("Par exemple « mauvais compte » ou « colonnes inversées »."),
        error_messages={"required": gettext_lazy("Écrivez pourquoi ce relevé est retiré.")},
    )


@for_agents(Right.MONEY)
def statements(request: AgentRequest, pk: int) -> HttpResponse:
    """List the files that were imported for a régie."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    table = sorted_table(request, StatementTable(queries.statements(regie)))
    context = {"regie": regie, "table": table, "acts": regie.pk in regies_acted_on(request)}
    return render_page(request, "crm/bookkeeping/statements.html", context)


@for_agents(Right.MONEY)
def statement(request: AgentRequest, pk: int, statement_pk: int) -> HttpResponse:
    """Show a file and its lines; take it back."""
    regie, one = _found(request, pk, statement_pk)
    acts = regie.pk in regies_acted_on(request)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST":
        if not acts:
            raise Http404
        if form.is_valid() and _withdraw(request, one, form):
            return redirect("crm:statement", pk=pk, statement_pk=statement_pk)
    context: dict[str, Any] = {
        "regie": regie,
        "statement": one,
        "table": sorted_table(request, _rows_of(one)),
        "form": form if acts and one.withdrawn_at is None else None,
    }
    return render_page(request, "crm/bookkeeping/statement.html", context)


@for_agents(Right.MONEY)
def statement_file(request: AgentRequest, pk: int, statement_pk: int) -> HttpResponse:
    """Give the file back, as it came."""
    _regie, one = _found(request, pk, statement_pk)
    return file_answer(files.get(one.digest), name=one.name, content_type="application/octet-stream", to_save=True)


def _found(request: AgentRequest, pk: int, statement_pk: int) -> tuple[Regie, Statement]:
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    return regie, get_object_or_404(queries.statements(regie), pk=statement_pk)


def _rows_of(one: Statement) -> tables.Table:
    if one.kind == Statement.Kind.PAYFIP:
        return PaymentTable(one.payments.order_by("day", "id"))
    return LineTable(one.lines.order_by("day", "id"))


def _withdraw(request: AgentRequest, one: Statement, form: WithdrawForm) -> bool:
    try:
        operations.withdraw_statement(
            statement_id=one.pk, reason=form.cleaned_data["reason"], actor=request.actor, at=dates.now()
        )
    except operations.StatementRefused as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, _("le relevé est retiré avec ses lignes : vous pouvez l’importer de nouveau."))
    return True
