"""Draw a fragment of template as a page would, without the database."""

from typing import Any

from django.template import Context, engines
from django.template.backends.django import DjangoTemplates
from django.test import RequestFactory


def draw(source: str, path: str = "/", **context: Any) -> str:
    """Render with a request in the context and no context processor."""
    backend = engines["django"]
    assert isinstance(backend, DjangoTemplates)
    request = RequestFactory().get(path)
    return backend.engine.from_string(source).render(Context({"request": request, **context}))


def squeezed(text: str) -> str:
    """Return the text with every run of spaces made one."""
    return " ".join(text.split())
