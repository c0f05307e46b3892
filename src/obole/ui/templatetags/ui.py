"""Everything that our templates need beyond Django's: amounts, days, pills, drawings, lists."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.template import Context
from django.template.base import render_value_in_context
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from obole.lib import dates, money, phones, units
from obole.ui import colours, humanize, icons, plots, timeline

register = template.Library()

TONE_ICONS = {
    "to_pay": "euro",
    "in_progress": "clock",
    "late": "alert",
    "done": "check",
    "refused": "cross",
    "ended": "ban",
}


@register.filter
def euros(cents: int | None) -> str:
    """Write cents as ``1 234,56 €``; nothing for nothing."""
    return "" if cents is None else money.euros(cents)


@register.filter
def plain_euros(cents: int | None) -> str:
    """Write cents as ``1 234,56``, for columns whose heading says €."""
    return "" if cents is None else money.plain(cents)


@register.filter
def phone(text: str) -> str:
    """Write a telephone number by twos."""
    return phones.grouped(text)


@register.filter
def quantity(value: Decimal | None) -> str:
    """Write a quantity without needless decimals: ``18,5``."""
    return "" if value is None else money.quantity(value)


@register.filter
def counted(value: Decimal | None, unit: str) -> str:
    """Write a quantity and what it counts: ``40 couverts``, ``24 × ½ h``."""
    return "" if value is None else units.count(value, unit)


@register.filter
def day(value: date | None) -> str:
    """Write a date, or the day in Paris of an instant: ``25/11/2026``."""
    return "" if value is None else dates.format_short(_day(value))


@register.filter
def long_day(value: date | None) -> str:
    """Write ``25 novembre 2026``, for sentences."""
    return "" if value is None else dates.format_long(_day(value))


@register.filter
def clock(value: datetime | None) -> str:
    """Write the time in Paris: ``14 h 05``."""
    return "" if value is None else dates.format_time(value)


@register.filter
def moment(value: datetime | None) -> str:
    """Write ``25/11/2026 14 h 05``."""
    return "" if value is None else f"{day(value)} {dates.format_time(value)}"


@register.filter
def ago(value: date | None, reference: datetime | None = None) -> str:
    """Write « il y a 3 jours » or « dans 20 jours », beside a date and never instead."""
    return "" if value is None else humanize.relative(value, reference or dates.now())


@register.filter
def filesize_fr(size: int | None) -> str:
    """Write a number of bytes as « 48 ko »."""
    return "" if size is None else humanize.file_size(size)


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """Draw an icon, for the eyes only: a word always says the same beside it."""
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>', css, icons.shape(name)
    )


@register.simple_tag
def pill(tone: str, label: str, icon_name: str = "") -> SafeString:
    """Draw a status: an icon, a word and a colour, always the three."""
    drawing = icon(icon_name or TONE_ICONS[tone])
    return format_html('<span class="pill tone-{}">{}{}</span>', tone.replace("_", "-"), drawing, label)


@register.simple_tag
def back(url: str, label: str) -> SafeString:
    """Draw the one link that leads back."""
    return format_html('<a class="back" href="{}">{}{}</a>', url, icon("arrow-left"), label)


@register.simple_tag(takes_context=True)
def theme(context: Context) -> SafeString:
    """
    Give the pages the authority's colour, in a style element that the security policy lets through.

    A page that is fetched for a piece of it gets none: the page around has it, and would refuse another's nonce.
    """
    request, authority = context.get("request"), context.get("authority")
    if getattr(request, "htmx", False):
        return SafeString()
    nonce = getattr(request, "csp_nonce", "")
    shades = colours.theme(authority.colour if authority else colours.DEFAULT)
    return format_html(
        '<style nonce="{}">:root{{--obole-primary:{};--obole-primary-dark:{};--obole-primary-tint:{};'
        "--obole-primary-soft:{}}}</style>",
        nonce,
        shades.primary,
        shades.dark,
        shades.tint,
        shades.soft,
    )


@register.simple_tag(takes_context=True)
def nav_link(context: Context, view: str, label: str, section: str = "") -> SafeString:
    """Draw a link of the main navigation: current if ``section`` is the page's, or if the page lies below it."""
    url = reverse(view)
    mark = _current(context, url, section)
    return format_html('<a class="nav-link" href="{}"{}>{}</a>', url, mark, label)


@register.simple_tag(takes_context=True)
def query_with(context: Context, **changes: Any) -> str:
    """Return the query string of the page with some keys changed; ``None`` or nothing takes a key out."""
    query = context["request"].GET.copy()
    for key, value in changes.items():
        query.pop(key, None)
        if value not in (None, ""):
            query[key] = str(value)
    return f"?{query.urlencode()}"


@register.inclusion_tag("ui/pagination.html", takes_context=True)
def pagination(context: Context, page: Any, key: str = "page") -> dict[str, Any]:
    """Draw the way to the other pages of a list, keeping its filters: numbered ones, or the next."""
    if hasattr(page, "after"):
        ways = {"previous": page.before, "next": page.after}
        urls = {name: query_with(context, **{key: way}) if way else "" for name, way in ways.items()}
        return {"page": page, "links": [], **urls}
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return {
        "page": page,
        "links": [(number, _page_url(context, key, number)) for number in numbers],
        "previous": _page_url(context, key, page.number - 1) if page.has_previous() else "",
        "next": _page_url(context, key, page.number + 1) if page.has_next() else "",
    }


@register.inclusion_tag("ui/bars.html")
def bars(plot: plots.Plot) -> dict[str, Any]:
    """Draw a bar plot and the table of its numbers."""
    return {"plot": plots.draw(plot) if _has_columns(plot) else None, "height": plots.HEIGHT}


@register.inclusion_tag("ui/timeline.html", name="timeline")
def draw_timeline(events: Sequence[timeline.Event]) -> dict[str, Any]:
    """Draw what happened, in the order given."""
    return {"events": events}


@register.inclusion_tag("ui/empty.html")
def empty(title: str, text: str = "", url: str = "", label: str = "", icon_name: str = "inbox") -> dict[str, str]:
    """Say what will come here, and how to make the first one."""
    return {"title": title, "text": text, "url": url, "label": label, "icon_name": icon_name}


@register.simple_tag(takes_context=True)
def sheet_rows(context: Context, table: Any) -> SafeString:
    """
    Draw the rows of a django-tables2 table. What the cells of a column share is drawn once: a list has hundreds of
    them.
    """
    opened = {
        column.name: format_html(
            '<td role="cell" data-label="{}" {}>', capfirst(column.verbose_name), column.attrs["td"].as_html()
        )
        for column in table.columns
    }
    rows = (
        (
            row.attrs.as_html(),
            format_html_join(
                "",
                "{}{}</td>",
                ((opened[column.name], render_value_in_context(cell, context)) for column, cell in row.items()),
            ),
        )
        for row in table.paginated_rows
    )
    return format_html_join("\n", '<tr role="row" {}>{}</tr>', rows)


@register.filter
def sort_state(column: Any) -> str:
    """Return the ``aria-sort`` of a django-tables2 column, or nothing if the list is not sorted by it."""
    if not column.is_ordered:
        return ""
    return "descending" if column.order_by_alias.is_descending else "ascending"


def _day(value: date) -> date:
    return dates.day_of(value) if isinstance(value, datetime) else value


def _page_url(context: Context, key: str, number: int | str) -> str:
    return query_with(context, **{key: number}) if isinstance(number, int) else ""


def _current(context: Context, url: str, section: str) -> SafeString:
    page = context["request"].path
    if page == url:
        return format_html(' aria-current="{}"', "page")
    below = url != "/" and page.startswith(url)
    chosen = context.get("section")
    if (chosen == section and section) if chosen else below:
        return format_html(' aria-current="{}"', "true")
    return SafeString()


def _has_columns(plot: plots.Plot) -> bool:
    return bool(plot.columns if isinstance(plot, plots.StackedPlot) else plot.bars)
