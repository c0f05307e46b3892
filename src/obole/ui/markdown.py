"""Our own articles, typed in Markdown, made into pages: tags come from this file alone, words are escaped."""

from collections.abc import Callable
from functools import partial

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from obole.lib.french_spaces import with_french_spaces

_SHAPES = {
    "blockquote": "<blockquote>{}</blockquote>",
    "bullet_list": "<ul>{}</ul>",
    "em": "<em>{}</em>",
    "list_item": "<li>{}</li>",
    "ordered_list": "<ol>{}</ol>",
    "paragraph": "<p>{}</p>",
    "strong": "<strong>{}</strong>",
    "tbody": '<tbody role="rowgroup">{}</tbody>',
    "th": '<th role="columnheader" scope="col">{}</th>',
    "thead": '<thead role="rowgroup">{}</thead>',
}
_HEADINGS = {"h2": "<h2>{}</h2>", "h3": "<h3>{}</h3>", "h4": "<h4>{}</h4>"}
_TABLE = '<div class="sheet-box"><table role="table" class="sheet stack">{}</table></div>'
_CELL = '<td role="cell" data-label="{}"><span>{}</span></td>'

Linked = Callable[[str], str]
"""Turns the address of a link as it is typed into the one that the page has."""


def title_of(text: str) -> str:
    """Return the words of the first heading."""
    return with_french_spaces(text.partition("\n")[0].lstrip("# "))


def body_of(text: str, *, linked: Linked) -> SafeString:
    """Draw what follows the first heading."""
    tree = SyntaxTreeNode(MarkdownIt("commonmark", {"html": False}).enable("table").parse(text))
    return _drawn([node for node in tree.children if node.tag != "h1"], linked)


def _drawn(nodes: list[SyntaxTreeNode], linked: Linked) -> SafeString:
    return format_html_join("", "{}", ((_node(node, linked),) for node in nodes))


def _node(node: SyntaxTreeNode, linked: Linked) -> SafeString | str:
    if drawn := _LEAVES.get(node.type):
        return drawn(node)
    inside = partial(_drawn, node.children, linked)
    if node.type == "heading":
        return format_html(_HEADINGS[node.tag], inside())
    if node.type == "link":
        return format_html('<a href="{}">{}</a>', linked(str(node.attrs["href"])), inside())
    if node.type == "table":
        return _table(node, linked)
    if node.type == "inline" or node.hidden:
        return inside()
    return format_html(_SHAPES[node.type], inside())


def _table(node: SyntaxTreeNode, linked: Linked) -> SafeString:
    head, *bodies = node.children
    labels = [_words(cell) for cell in head.children[0].children]
    row = '<tr role="row">{}</tr>'
    drawn = ([_drawn(cell.children, linked) for cell in line.children] for body in bodies for line in body.children)
    rows = [format_html(row, format_html_join("", _CELL, zip(labels, cells, strict=True))) for cells in drawn]
    titles = format_html(_SHAPES["thead"], format_html(row, _drawn(head.children[0].children, linked)))
    return format_html(_TABLE, titles + format_html(_SHAPES["tbody"], format_html_join("", "{}", ((r,) for r in rows))))


def _words(node: SyntaxTreeNode) -> str:
    return "".join(leaf.content for leaf in node.walk() if leaf.type in {"text", "code_inline"})


_LEAVES: dict[str, Callable[[SyntaxTreeNode], SafeString | str]] = {
    "code_block": lambda node: format_html("<pre>{}</pre>", node.content),
    "code_inline": lambda node: format_html("<code>{}</code>", node.content),
    "fence": lambda node: format_html("<pre>{}</pre>", node.content),
    "softbreak": lambda _node: " ",
    "text": lambda node: with_french_spaces(node.content),
}
