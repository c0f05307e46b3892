"""
Read what PayFiP writes.

A field is known by its name, in any case and any order; whatever is not PayFiP's is refused (decision 0019).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from lxml import etree

PARIS = ZoneInfo("Europe/Paris")
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
TNS = (
    "{http://securite.service.tpa.cp.finances.gouv.fr/services/mas_securite/"
    "contrat_paiement_securise/PaiementSecuriseService}"
)
VALUE_MAX_LENGTH = 250
"""No field of PayFiP is longer than an address: what exceeds it is cut, so that it fits where callers keep it."""


class Unreadable(Exception):
    """Not an answer of PayFiP to the question."""


@dataclass(frozen=True)
class Answer:
    """The fields of a result, by lower-case name. A field that is empty or absent is not there."""

    fields: Mapping[str, str]


@dataclass(frozen=True)
class Fault:
    """An error that PayFiP itself tells: its name, without namespace, and its code."""

    kind: str
    code: str
    sentence: str


def read(body: bytes, *, operation: str) -> Answer | Fault:
    """
    Read the answer to ``operation``.

    :raises Unreadable: if it is anything else than a result or an error of PayFiP.
    """
    content = _content(_parse(body))
    if content.tag == f"{SOAP}Fault":
        return _fault(content)
    if content.tag != f"{TNS}{operation}Response":
        raise Unreadable(f"unexpected {str(content.tag)[:100]!r} in the envelope")
    return Answer(_fields(_only_child(content)))


def paris_time(date: str, time: str) -> datetime | None:
    """Read a date JJMMAAAA and a time HHMM of Paris. In the hour that happens twice, it is the first one."""
    if not re.fullmatch("[0-9]{8}", date) or not re.fullmatch("[0-9]{4}", time):
        return None
    try:
        return datetime(int(date[4:]), int(date[2:4]), int(date[:2]), int(time[:2]), int(time[2:]), tzinfo=PARIS)
    except ValueError:
        return None


def _parse(body: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(f"not XML: {str(error)[:200]}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("a document type declaration, which SOAP forbids")
    return root


def _content(root: etree._Element) -> etree._Element:
    if root.tag != f"{SOAP}Envelope":
        raise Unreadable(f"not a SOAP envelope but {str(root.tag)[:100]!r}")
    body = root.find(f"{SOAP}Body")
    if body is None:
        raise Unreadable("an envelope without a body")
    return _only_child(body)


def _fault(element: etree._Element) -> Fault:
    detail = element.find("detail")
    if detail is None:
        raise Unreadable(f"a fault without detail: {(element.findtext('faultstring') or '')[:200]!r}")
    cause = _only_child(detail)
    if not isinstance(cause.tag, str) or not cause.tag.startswith(TNS):
        raise Unreadable(f"a fault that is not PayFiP's: {str(cause.tag)[:100]!r}")
    fields = _fields(cause)
    sentence = fields.get("descriptif") or fields.get("libelle") or fields.get("message") or ""
    return Fault(kind=cause.tag.removeprefix(TNS), code=fields.get("code", ""), sentence=sentence)


def _only_child(element: etree._Element) -> etree._Element:
    if len(element) != 1:
        raise Unreadable(f"{len(element)} elements where one was expected in {str(element.tag)[-60:]!r}")
    return element[0]


def _fields(element: etree._Element) -> dict[str, str]:
    fields: dict[str, str] = {}
    for child in element:
        name = etree.QName(child).localname.lower()
        if len(child) or name in fields:
            raise Unreadable(f"field {name[:60]!r} is not a single value")
        fields[name] = (child.text or "")[:VALUE_MAX_LENGTH]
    return {name: value for name, value in fields.items() if value}
