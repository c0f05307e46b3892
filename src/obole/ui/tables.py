"""Columns that the lists share."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django_tables2 import CheckBoxColumn


class SelectColumn(CheckBoxColumn):  # type: ignore[misc]  # untyped library
    """
    Boxes to choose rows, each saying what it chooses: ``SelectColumn(accessor="pk", named="number")``.

    The form that holds the table receives the values under ``field``.
    """

    def __init__(self, *, named: str, field: str = "chosen", **options: Any) -> None:
        options.setdefault("attrs", {"cell": {"class": "pick"}})
        options.setdefault("orderable", False)
        options.setdefault("exclude_from_export", True)
        super().__init__(**options)
        self.named = named
        self.field = field

    @property
    def header(self) -> SafeString:
        """Name the column, and draw the box that chooses the whole page: it needs the script, and hides without it."""
        box = (
            '<span class="visually-hidden">{}</span><input type="checkbox" data-select-all="{}" aria-label="{}" hidden>'
        )
        return format_html(box, _("Choisir"), self.field, _("Tout sélectionner"))

    def render(self, value: Any, record: Any) -> SafeString:
        """Draw the box of a row."""
        name = record[self.named] if isinstance(record, dict) else getattr(record, self.named)
        label = _("Sélectionner %(name)s") % {"name": name}
        box = '<input type="checkbox" name="{}" value="{}" aria-label="{}">'
        return format_html(box, self.field, value, label)
