"""Our small set of drawings: 24 × 24, one line of 2, in the colour of the text around them."""

from typing import Final

from django.utils.safestring import SafeString, mark_safe

_DOCUMENT: Final = '<path d="M14 3H7a1 1 0 0 0-1 1v16a1 1 0 0 0 1 1h10a1 1 0 0 0 1-1V7z"/><path d="M14 3v4h4"/>'

SHAPES: Final[dict[str, str]] = {
    # Money, states, notices.
    "euro": '<path d="M18 6.6A7 7 0 1 0 18 17.4"/><path d="M4 10.3h9.5M4 13.7h9.5"/>',
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.2 2"/>',
    "alert": '<path d="M12 5v9"/><path d="M12 18.4v.2" stroke-width="3"/>',
    "warning": '<path d="M12 4 2.8 20h18.4z"/><path d="M12 10v4.5"/><path d="M12 17.2v.1" stroke-width="2.6"/>',
    "check": '<path d="M5 12.8 9.8 17.5 19 7.5"/>',
    "cross": '<path d="M6.5 6.5l11 11M17.5 6.5l-11 11"/>',
    "ban": '<circle cx="12" cy="12" r="9"/><path d="M5.8 18.2 18.2 5.8"/>',
    "info": '<circle cx="12" cy="12" r="9"/><path d="M12 11v6"/><path d="M12 7.4v.2" stroke-width="3"/>',
    "lock": '<rect x="5" y="11" width="14" height="9" rx="2"/><path d="M8 11V8a4 4 0 0 1 8 0v3"/>',
    "card": '<rect x="3" y="5" width="18" height="14" rx="2"/><path d="M3 10h18M7 15h4"/>',
    # Things to do.
    "arrow-left": '<path d="M20 12H5M11 6l-6 6 6 6"/>',
    "arrow-right": '<path d="M4 12h15M13 6l6 6-6 6"/>',
    "arrow-up": '<path d="M12 20V5M6 11l6-6 6 6"/>',
    "arrow-down": '<path d="M12 4v15M6 13l6 6 6-6"/>',
    "search": '<circle cx="11" cy="11" r="6.5"/><path d="M16 16l4.5 4.5"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "copy": (
        '<rect x="8" y="8" width="12" height="12" rx="2"/><path d="M5 16a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1h10a1 1 0 0 1 1'
        ' 1"/>'
    ),
    "edit": '<path d="M4 20l1-4.5L16 4.5a2 2 0 0 1 3 0l.5.5a2 2 0 0 1 0 3L8.5 19z"/><path d="M14 6.5l3.5 3.5"/>',
    "download": '<path d="M12 4v11M7 10.5l5 5 5-5M4.5 20h15"/>',
    "print": (
        '<path d="M7 9V4h10v5M7 17H4.5a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1h15a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H17"/>'
        '<rect x="7" y="14" width="10" height="6"/>'
    ),
    "filter": '<path d="M4 6h16M7 12h10M10.5 18h3"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "link": '<path d="M9 5H5v14h14v-4"/><path d="M13 4h7v7M20 4l-9 9"/>',
    "refresh": '<path d="M20 11a8 8 0 1 0-.8 5"/><path d="M20 4.5V11h-6.5"/>',
    "sign-out": '<path d="M13 4H6a1 1 0 0 0-1 1v14a1 1 0 0 0 1 1h7"/><path d="M10 12h10.5M17 8.5l3.5 3.5-3.5 3.5"/>',
    "help": '<circle cx="12" cy="12" r="9"/><path d="M9.5 9.5a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1 1-1.1 1.8M12 16.6v.2"/>',
    # Things and people.
    "document": _DOCUMENT + '<path d="M9 12h6M9 16h6"/>',
    "receipt": '<path d="M6 3v18l2-1.5 2 1.5 2-1.5 2 1.5 2-1.5 2 1.5V3z"/><path d="M9.5 8h5M9.5 12h5"/>',
    "mail": '<rect x="3" y="5.5" width="18" height="13" rx="2"/><path d="M3.5 7.5 12 13.5l8.5-6"/>',
    "phone": (
        '<path d="M5 4h4l1.5 5-2.3 1.6a12 12 0 0 0 5.2 5.2L15 13.5l5 1.5v4a1 1 0 0 1-1 1A15 15 0 0 1 4 5a1 1'
        ' 0 0 1 1-1z"/>'
    ),
    "user": '<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5a7.5 7.5 0 0 1 15 0"/>',
    "users": (
        '<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 19.5a6.5 6.5 0 0 1 13 0M15.5 5.4a3.5 3.5 0 0 1 0'
        ' 6.2M18 14.2a6.5 6.5 0 0 1 3.5 5.3"/>'
    ),
    "settings": (
        '<path d="M4 7h9M17.5 7H20M4 17h2.5M11 17h9"/><circle cx="15.2" cy="7" r="2.2"/><circle cx="8.8"'
        ' cy="17" r="2.2"/>'
    ),
    "calendar": '<rect x="4" y="5.5" width="16" height="15" rx="2"/><path d="M4 10.5h16M8.5 3v4M15.5 3v4"/>',
    "bank": '<path d="M3.5 9.5 12 4l8.5 5.5zM4 20h16M6.5 12.5V17M12 12.5V17M17.5 12.5V17"/>',
    "inbox": '<path d="M4 13.5 6.5 5h11L20 13.5V19H4z"/><path d="M4 13.5h5l1 2.5h4l1-2.5h5"/>',
    # Services of a town.
    "home": '<path d="M4 11.5 12 4l8 7.5M6 10v10h12V10M10 20v-6h4v6"/>',
    "fork": '<path d="M7 3v18M4 3v5a3 3 0 0 0 6 0V3M17 21v-7M17 14c-2.4 0-3-2.6-3-5.5S15 3 17 3z"/>',
    "music": '<circle cx="7" cy="18" r="3"/><circle cx="17" cy="16" r="3"/><path d="M10 18V6l10-2v12"/>',
    "terrace": '<path d="M3 10c1-4 5-6.5 9-6.5s8 2.5 9 6.5zM12 10v11M4 21v-4h4v4M16 21v-4h4v4"/>',
    "book": (
        '<path d="M12 6.5C10 5 7 4.5 3.5 4.5V18.5c3.5 0 6.5.5 8.5 2 2-1.5 5-2 8.5-2V4.5C17 4.5 14 5 12'
        ' 6.5zM12 6.5v14"/>'
    ),
    "grave": '<path d="M6.5 20V10a5.5 5.5 0 0 1 11 0v10M4 20.5h16M12 8.5v6M9.5 10.8h5"/>',
    "child": (
        '<circle cx="12" cy="5.5" r="2.5"/><path d="M5 10.5c4.5 1.8 9.5 1.8 14 0M12 12v3.5M8.5 21l3.5-5.5 3.5 5.5"/>'
    ),
    "sport": '<circle cx="12" cy="12" r="9"/><path d="M3.5 9.5c5 1 8-1.5 9-6.5M20.5 14.5c-5-1-8 1.5-9 6.5"/>',
    "pool": (
        '<path d="M3 15c1.5 1.5 3 1.5 4.5 0s3-1.5 4.5 0 3 1.5 4.5 0 3-1.5 4.5 0M3 20c1.5 1.5 3 1.5 4.5'
        ' 0s3-1.5 4.5 0 3 1.5 4.5 0 3-1.5 4.5 0M8 12V5.5A2 2 0 0 1 12 5.5M15 12V5.5A2 2 0 0 1 19 5.5M8 9h7"/>'
    ),
    "market": (
        '<path d="M4 9.5 5.5 4h13L20 9.5M4 9.5a2.7 2.7 0 0 0 5.3 0 2.7 2.7 0 0 0 5.4 0 2.7 2.7 0 0 0 5.3'
        ' 0M5.5 12.5V20h13v-7.5M10 20v-4.5h4V20"/>'
    ),
    "parking": '<rect x="4" y="4" width="16" height="16" rx="3"/><path d="M9.5 17V7.5h3.5a3 3 0 0 1 0 6H9.5"/>',
    "tree": '<path d="M12 21v-7M12 3 5.5 14h13z"/>',
}


class UnknownIcon(LookupError):
    """No drawing has this name."""


def shape(name: str) -> SafeString:
    """
    Return the inside of the drawing: a constant of this file, the only HTML that the product trusts.

    :raises UnknownIcon: if there is none of that name.
    """
    try:
        return mark_safe(SHAPES[name])
    except KeyError:
        raise UnknownIcon(name) from None
