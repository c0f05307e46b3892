"""How much may be sent to a page: said before a byte is read, so that nobody fills a disk with what will be refused."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

V = TypeVar("V", bound=Callable[..., Any])
MEGABYTE = 1024 * 1024
LARGEST = 2 * MEGABYTE
"""What a page takes that says nothing; all of it stays in memory."""


def takes_files(*, megabytes: int) -> Callable[[V], V]:
    """Declare that a page takes files of people who signed in, and how much at a time."""

    def declare(view: V) -> V:
        view.largest_body = megabytes * MEGABYTE  # type: ignore[attr-defined]
        return view

    return declare


def answers_anything(view: V) -> V:
    """Declare that a page gives machines the same answer whatever they send: it reads little of it, and no file."""
    view.is_deaf = True  # type: ignore[attr-defined]
    return view


class NoFiles(FileUploadHandler):
    """Leaves out what nobody asked for."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """
        Leave a file out.

        :raises django.core.files.uploadhandler.SkipFile: always.
        """
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Forget the bytes."""

    def file_complete(self, file_size: int) -> "UploadedFile[bytes] | None":
        """Give nothing."""
        return None


class BoundedBodies:
    """Refuses what is too heavy for its page (413), and files where a page takes none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Look at the length that is announced: what is announced is all that is ever read."""
        largest = getattr(view, "largest_body", 0) if request.user.is_authenticated else 0
        if not largest:
            request.upload_handlers = [NoFiles(request)]
        if announced_length(request) <= (largest or LARGEST) or getattr(view, "is_deaf", False):
            return None
        response = render(request, "413.html", {"most": (largest or LARGEST) // MEGABYTE}, status=413)
        # What is still on its way is not read: the connection ends.
        response["Connection"] = "close"
        return response


def announced_length(request: HttpRequest) -> int:
    """Return how many bytes a request says that it brings: none more is ever read."""
    said = request.META.get("CONTENT_LENGTH") or "0"
    return int(said) if said.isascii() and said.isdigit() and len(said) < 15 else 0
