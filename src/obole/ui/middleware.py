"""What every answer carries."""

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import translation

from obole.lib.client_address import is_proxy


class DeclaredProxies:
    """Forget what a stranger says that only a proxy may say: how the visitor came, and under which name."""

    SAID = ("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_FOR")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, as if a stranger's headers had never been sent."""
        if not is_proxy(str(request.META.get("REMOTE_ADDR", ""))):
            for name in self.SAID:
                request.META.pop(name, None)
        return self.get_response(request)


class ChosenLanguage:
    """
    Speak French, or the language that was chosen in the footer.

    Never what the browser says: a town's pages are in French, and a phone bought abroad does not change that.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer in that language, and say so in the headers."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response["Content-Language"] = language
        return response


UNUSED = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"
"""What no page of ours asks of a browser, and nothing that slips into one may."""


class PrivatePages:
    """Keep pages out of every cache: they show people's invoices, and a shared computer has a « Back » button."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and forbid to keep anything but static files; who signs out leaves nothing in the browser."""
        response = self.get_response(request)
        if request.method == "POST" and request.path == reverse("account_logout"):
            response["Clear-Site-Data"] = '"cache", "storage"'
        if not request.path.startswith(settings.STATIC_URL):
            response["Cache-Control"] = "no-store, private"
        response["Permissions-Policy"] = UNUSED
        return response


LONGEST_ADDRESS = 6000


class ReadableAddresses:
    """Say at once that there is no such page where no page can have such an address: no view, no query meets it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """
        Answer an address that a page may have.

        :raises django.http.Http404: for any other.
        """
        longest = len(request.path) + len(request.META.get("QUERY_STRING", ""))
        if longest > LONGEST_ADDRESS or any(character < " " or character == "\x7f" for character in request.path):
            raise Http404("unreadable address")
        return self.get_response(request)
