"""« Courriers à poster »: what goes on paper, gathered, printed, and handed to the post."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.postgres.aggregates import StringAgg
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST

from obole.audit_log.models import Access
from obole.billing.models import Invoice, Letter
from obole.crm.shared import journal
from obole.crm.shared.pages import file_answer, page_of, render_page
from obole.directory.access import AgentRequest, after_reauthentication, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.limits import operations as limits
from obole.limits.rules import EXPORTS
from obole.regies.models import Regie
from obole.reminders import operations as reminders, pdf_documents, queries

TYPES = StringAgg("invoice__type__name", ", ", distinct=True, order_by="invoice__type__name")
"""What the letters are about; a régie is named to those only who see its money."""
KINDS = Letter.Kind.values


@for_agents(Right.REVIEW)
def letters(request: AgentRequest) -> HttpResponse:
    """Show how many letters wait, together those of a régie, and the batches that were made of them."""
    waiting = queries.letters_waiting(request.agent).order_by("invoice__regie")
    kinds = {kind: Count("pk", filter=Q(kind=kind)) for kind in KINDS}
    counted = waiting.values("invoice__regie").annotate(n=Count("pk"), types=TYPES, **kinds)
    in_batches = {kind: Count("letters", filter=Q(letters__kind=kind)) for kind in KINDS}
    page = page_of(request, queries.batches_of(request.agent).annotate(**in_batches))
    context = {
        "waiting": [(row["invoice__regie"], row["types"], in_words(row), row["n"]) for row in counted],
        "batches": [(batch, in_words(vars(batch))) for batch in page],
        "page": page,
    }
    return render_page(request, "crm/outbox/letters.html", context)


@for_agents(Right.REVIEW)
@require_POST
def letters_gather(request: AgentRequest, pk: int) -> HttpResponse:
    """Make a batch of the letters of a régie that wait."""
    handled = Invoice.objects.handled_by(request.agent).order_by().values("regie")
    regie = get_object_or_404(Regie.objects.filter(pk__in=handled), pk=pk)
    batch = reminders.make_batch(regie_id=regie.pk, actor=request.actor, at=dates.now())
    if batch is None:
        messages.warning(request, _("aucun courrier à imprimer : ce qui attendait n’est plus à envoyer."))
    else:
        said = ngettext("%(n)d courrier est à imprimer.", "%(n)d courriers sont à imprimer.", batch.count)
        messages.success(request, said % {"n": batch.count})
    return redirect("crm:letters")


@for_agents(Right.REVIEW)
@after_reauthentication(reading=True)
def letters_pdf(request: AgentRequest, pk: int) -> HttpResponse:
    """Give the PDF of a batch: its list, then its letters."""
    batch = get_object_or_404(queries.batches_of(request.agent), pk=pk)
    limits.use(EXPORTS, request.agent.pk, at=dates.now())
    try:
        paper = pdf_documents.ensure_batch_pdf(batch_id=batch.pk, at=dates.now())
    except pdf_documents.LettersGone:
        return words_are_gone(request)
    journal.keep(request, Access.Verb.EXPORT, batch, what="letters", rows=batch.count)
    name = f"courriers-{dates.day_of(batch.made_at).isoformat()}-{batch.pk}.pdf"
    return file_answer(pdf_documents.read_pdf(paper), name=name, content_type="application/pdf")


@for_agents(Right.REVIEW)
@require_POST
def letters_posted(request: AgentRequest, pk: int) -> HttpResponse:
    """Write that a batch was handed to the post."""
    batch = get_object_or_404(queries.batches_of(request.agent), pk=pk)
    reminders.post_batch(batch_id=batch.pk, actor=request.actor, at=dates.now())
    messages.success(request, _("le lot n° %(n)d est remis à l’affranchissement.") % {"n": batch.pk})
    return redirect("crm:letters")


def words_are_gone(request: AgentRequest) -> HttpResponse:
    """Say that a batch is too old to be printed again."""
    messages.warning(request, _("les textes de ce lot sont effacés : leur durée de conservation est passée."))
    return redirect("crm:letters")


def in_words(counts: Mapping[str, Any]) -> str:
    """Write how many letters of each kind there are: « 2 factures, 1 avoir »."""
    kinds = (
        ("notice", ngettext("%(n)d facture", "%(n)d factures", counts["notice"])),
        ("credit_note", ngettext("%(n)d avoir", "%(n)d avoirs", counts["credit_note"])),
        ("reminder", ngettext("%(n)d relance", "%(n)d relances", counts["reminder"])),
        ("instalment", ngettext("%(n)d rappel d’échéancier", "%(n)d rappels d’échéancier", counts["instalment"])),
        ("other", ngettext("%(n)d autre avis", "%(n)d autres avis", counts["other"])),
    )
    return ", ".join(words % {"n": counts[kind]} for kind, words in kinds if counts[kind])
