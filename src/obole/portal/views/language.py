"""The language of the pages, and of the mails of who is signed in."""

from django.http import HttpRequest, HttpResponse
from django.views.i18n import set_language

from obole.directory import operations as directory
from obole.directory.access import public
from obole.directory.models import User
from obole.lib import dates
from obole.lib.languages import Language


@public
def choose_language(request: HttpRequest) -> HttpResponse:
    """Show the pages in another language from now on; a citizen who is signed in is written to in it too."""
    answer = set_language(request)
    chosen = request.POST.get("language")
    if isinstance(request.user, User) and chosen in Language.values:
        directory.choose_language(user_id=request.user.pk, language=Language(chosen), at=dates.now())
    return answer
