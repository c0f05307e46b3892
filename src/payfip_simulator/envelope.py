"""SOAP 1.1 envelopes: read the callers', write ours as the bank's Java stack does."""

from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from payfip_simulator.codes import Trouble
from payfip_simulator.contract import OPERATIONS, SOAP, TNS

JAVA_PACKAGE = "fr.gouv.finances.cp.tpa.webservice.exceptions"


class Unreadable(Exception):
    """What came is not a call of this service."""


@dataclass(frozen=True)
class Call:
    """An operation, and the fields that the bank recognises in the request: the others do not exist for it."""

    operation: str
    fields: dict[str, str]
    in_schema_order: bool


def _root(body: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable("not XML") from error
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]
        # A SOAP message has no document type; entities come with one.
        raise Unreadable("document type")
    return root


def _elements(parent: etree._Element) -> list[etree._Element]:
    return [child for child in parent if isinstance(child.tag, str)]


def read_call(body: bytes) -> Call:
    """
    Read a request, as strictly as the bank: `arg0` and its children have no namespace, their case matters.

    :raises Unreadable: if it is no SOAP 1.1 envelope around one known operation.
    """
    root = _root(body)
    if root.tag != f"{{{SOAP}}}Envelope":
        raise Unreadable("not a SOAP 1.1 envelope")
    wrappers = [element for part in root.findall(f"{{{SOAP}}}Body") for element in _elements(part)]
    if len(wrappers) != 1:
        raise Unreadable("one operation is expected")
    name = etree.QName(wrappers[0])
    if name.namespace != TNS or name.localname not in OPERATIONS:
        raise Unreadable("unknown operation")
    known = OPERATIONS[name.localname].takes
    argument = wrappers[0].find("arg0")
    children = _elements(argument) if argument is not None else []
    fields = {str(child.tag): child.text or "" for child in children if child.tag in known}
    return Call(name.localname, fields, in_schema_order=list(fields) == [field for field in known if field in fields])


def _envelope() -> tuple[etree._Element, etree._Element]:
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"S": SOAP})
    return root, etree.SubElement(root, f"{{{SOAP}}}Body")


def _written(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def write_answer(operation: str, fields: Iterable[tuple[str, str | None]]) -> bytes:
    """Write a successful answer; a field without value has no element at all."""
    root, body = _envelope()
    wrapper = etree.SubElement(body, f"{{{TNS}}}{operation}Response", nsmap={"ns2": TNS})
    returned = etree.SubElement(wrapper, "return")
    for name, value in fields:
        if value is not None:
            etree.SubElement(returned, name).text = value
    return _written(root)


def write_fault(trouble: Trouble) -> bytes:
    """Write a fault: the Java class as its string, the code and the words in its detail."""
    root, body = _envelope()
    fault = etree.SubElement(body, f"{{{SOAP}}}Fault")
    etree.SubElement(fault, "faultcode").text = "S:Server"
    etree.SubElement(fault, "faultstring").text = f"{JAVA_PACKAGE}.{trouble.element}"
    detail = etree.SubElement(fault, "detail")
    element = etree.SubElement(detail, f"{{{TNS}}}{trouble.element}", nsmap={"ns2": TNS})
    if trouble.code is not None:
        etree.SubElement(element, "code").text = trouble.code
    etree.SubElement(element, "descriptif")
    etree.SubElement(element, "libelle").text = trouble.label
    etree.SubElement(element, "severite").text = str(trouble.severity)
    return _written(root)
