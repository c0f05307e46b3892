"""
How the words of a mail are laid out as HTML: what agents write stays plain text, with one link that is a button.

Styles are inline and nothing is fetched: mail programs drop the rest, and no image tells who reads.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from django.utils.html import escape

_LINK = re.compile(r"https?://[^\s<>\"]+")
_ACTION = re.compile(r"(?P<words>[^\n:]{2,60}?)[ \u00a0\u202f]?:[ \u00a0\u202f](?P<url>https?://\S+)")
_PAGE = (
    '<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width">'
    '<meta name="color-scheme" content="light dark"><title>{subject}</title></head>'
    '<body style="margin:0 auto;max-width:36em;padding:1em;font:1em/1.5 sans-serif">{blocks}</body></html>'
)
_HEADER = '<p style="border-bottom:2px solid {colour};padding-bottom:.5em"><strong>{town}</strong></p>'
_BUTTON = (
    '<p><a href="{url}" style="display:inline-block;padding:.6em 1.2em;border-radius:.3em;background:{colour};'
    'color:#fff;text-decoration:none">{words}</a></p>'
)


class BlockKind(StrEnum):
    """What a part of a mail is."""

    TEXT = "text"
    LIST = "list"
    ACTION = "action"


@dataclass(frozen=True)
class Block:
    """A paragraph, the lines of a list, or the words of a button with where it leads."""

    kind: BlockKind
    lines: tuple[str, ...]
    url: str = ""


def blocks(text: str, action: str) -> list[Block]:
    """
    Cut the words of a mail into its parts.

    A line « Payer ma facture : https://… », or « Pay my invoice: https://… », is a button, if it leads where this mail
    asks to go and nowhere else: what a name or a reason may hold never becomes one.

    :param action: the address that the product gave to this mail; nothing if it asks for nothing.
    """
    return [block for paragraph in text.split("\n\n") if paragraph for block in _blocks_of(paragraph, action)]


def _blocks_of(paragraph: str, action: str) -> list[Block]:
    lines = paragraph.split("\n")
    if all(line.startswith("- ") for line in lines):
        return [Block(BlockKind.LIST, tuple(line[2:] for line in lines))]
    found: list[Block] = []
    for line in lines:
        match = _ACTION.fullmatch(line)
        if match and match["url"] == action:
            found.append(Block(BlockKind.ACTION, (match["words"],), action))
        elif found and found[-1].kind == BlockKind.TEXT:
            found[-1] = Block(BlockKind.TEXT, (*found[-1].lines, line))
        else:
            found.append(Block(BlockKind.TEXT, (line,)))
    return found


def as_html(subject: str, parts: list[Block], *, town: str, colour: str, language: str) -> str:
    """
    Return a mail as a page.

    :param colour: the town's, dark enough for white words on it (``directory`` refuses the others).
    """
    header = _HEADER.format(colour=escape(colour), town=escape(town)) if town else ""
    shown = header + "".join(_drawn(part, colour) for part in parts)
    return _PAGE.format(subject=escape(subject), blocks=shown, language=escape(language))


def _drawn(part: Block, colour: str) -> str:
    if part.kind == BlockKind.ACTION:
        return _BUTTON.format(url=escape(part.url), colour=escape(colour), words=escape(part.lines[0]))
    lines = [_LINK.sub(_anchor, str(escape(line))) for line in part.lines]
    if part.kind == BlockKind.LIST:
        return "<ul>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>"
    return f"<p>{'<br>'.join(lines)}</p>"


def _anchor(match: re.Match[str]) -> str:
    url = match[0].rstrip(".,;:")
    return f'<a href="{url}">{url}</a>{match[0][len(url) :]}'
