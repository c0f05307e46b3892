"""What the screens of the books share: the régie, the way between them, and their files."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from obole.audit_log.models import Access
from obole.books import pdf_documents
from obole.books.rules import Period
from obole.crm.shared import exports, journal
from obole.crm.shared.lists import Tab
from obole.crm.shared.pages import file_answer, render_page
from obole.directory.access import AgentRequest
from obole.lib import dates
from obole.lib.tables import Table, TooLong
from obole.limits import operations as limits
from obole.limits.rules import EXPORTS
from obole.regies.models import Regie

PDF = "pdf"
SCREENS = ("book_journal", "book_quittances", "book_ledger", "book_balance", "book_developments", "book_pictures")


def seen_regie(request: AgentRequest, pk: int) -> Regie:
    """Return a régie whose money the agent sees."""
    return get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)


def render_book(request: AgentRequest, regie: Regie, screen: str, context: Mapping[str, Any]) -> HttpResponse:
    """Draw a screen of the books, with the way to the others."""
    names = {
        "book_journal": _("Journal des encaissements"),
        "book_quittances": _("Quittances"),
        "book_ledger": _("Grand livre"),
        "book_balance": _("Balance"),
        "book_developments": _("Développement des soldes"),
        "book_pictures": _("Graphiques"),
    }
    screens = [Tab(names[name], reverse(f"crm:{name}", args=[regie.pk]), name == screen) for name in SCREENS]
    shared = {"regie": regie, "screens": screens, "title": names[screen], "files": f"crm:{screen}_file"}
    return render_page(request, f"crm/bookkeeping/{screen.removeprefix('book_')}.html", {**shared, **context})


def file_of(
    request: AgentRequest, regie: Regie, kind: str, *, name: str, period: Period, make: Callable[[], Table]
) -> HttpResponseBase:
    """Answer with a book as a file, and keep that it was taken away; a paper is in French, whatever the screen is."""
    if kind not in (*exports.KINDS, PDF):
        raise Http404
    limits.use(EXPORTS, request.agent.pk, at=dates.now())
    journal.keep(request, Access.Verb.EXPORT, regie, what=name, kind=kind, filters=request.GET.urlencode()[:200])
    named = f"{name}-{regie.code.lower()}.{kind}"
    try:
        if kind == PDF:
            return _paper(request, regie, named, period, make)
        return exports.answer(kind, named, make())
    except TooLong as refusal:
        messages.warning(request, too_long(refusal))
        return redirect(f"{request.path.rpartition('/')[0]}/?{request.GET.urlencode()}")


def too_long(refusal: TooLong) -> str:
    """Say what to do instead."""
    words = {"most": refusal.most}
    return _("Plus de %(most)s lignes : choisissez une période plus courte, ou le fichier CSV.") % words


def _paper(request: AgentRequest, regie: Regie, name: str, period: Period, make: Callable[[], Table]) -> HttpResponse:
    with translation.override("fr"):
        content = pdf_documents.render_book(
            regie, make(), period=str(period), printed_by=request.actor.name, at=dates.now()
        )
    return file_answer(content, name=name, content_type="application/pdf")
