"""The agents' guide, read where one works."""

from functools import lru_cache

from django.http import Http404, HttpResponse
from django.utils.safestring import SafeString

from obole.crm.shared import guide
from obole.crm.shared.pages import render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.ui import markdown


@for_agents(Right.READ)
def guide_page(request: AgentRequest, article: str = guide.INDEX) -> HttpResponse:
    """
    Show an article, or the list of them.

    :raises django.http.Http404: if there is none of that name.
    """
    if article not in guide.ARTICLES:
        raise Http404(article)
    title, body = _read(article)
    context = {"title": title, "body": body, "index": "" if article == guide.INDEX else guide.address_of(guide.INDEX)}
    return render_page(request, "crm/people/guide.html", context)


@lru_cache(maxsize=len(guide.ARTICLES))
def _read(article: str) -> tuple[str, SafeString]:
    text = (guide.folder() / f"{article}.md").read_text(encoding="utf-8")
    return markdown.title_of(text), markdown.body_of(text, linked=_linked)


def _linked(address: str) -> str:
    article = address.removesuffix(".md")
    return guide.address_of(article) if article in guide.ARTICLES else address
