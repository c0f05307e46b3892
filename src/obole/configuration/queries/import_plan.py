"""What importing a file would do: checked whole against the configuration as it is, and written nowhere."""

import hashlib
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from obole.billing.operations import TOGETHER, check_type
from obole.catalogue.fields import FormField
from obole.configuration.queries.snapshot import Snapshot, everything_as_dict, fields_as_dict
from obole.configuration.rules import text
from obole.configuration.rules.entity_types import (
    AUTHORITY,
    BY_SECTION,
    MAILS,
    REGIES,
    SERVICES,
    TYPES,
    EntityType,
    Row,
)
from obole.configuration.rules.file_parser import ParsedEntity, ParsedFile
from obole.gateways import registry
from obole.mailing import rules as mail_rules
from obole.mailing.default_templates import KINDS
from obole.pricing.model.parts import Pricing
from obole.pricing.model.problems import Place, Problem, Refused
from obole.pricing.text import codec
from obole.ui import icons


@dataclass
class Change:
    """What becomes of one thing: how it is said before (nothing, if it is to come) and after."""

    sort: EntityType
    key: str
    pk: int | None
    before: Row
    after: Row
    form: tuple[tuple[FormField, ...], tuple[FormField, ...]] | None = None
    """The form before and after, where it changes."""
    pricing: tuple[Pricing, Pricing] | None = None

    @property
    def is_new(self) -> bool:
        """Tell whether it does not exist yet."""
        return self.pk is None

    @property
    def fields(self) -> list[tuple[str, Any, Any]]:
        """What changes of its fields: name, before, after."""
        return [
            (name, self.before.get(name), self.after[name])
            for name in self.sort.fields
            if name in self.after and (self.is_new or self.before[name] != self.after[name])
        ]

    @property
    def is_empty(self) -> bool:
        """Tell whether it stays as it is."""
        return not (self.is_new or self.fields or self.form or self.pricing)


@dataclass
class Plan:
    """
    What importing a file would do, in the order of doing it, and the state of the configuration that it was made on.
    """

    changes: list[Change]
    kept: list[Change]
    seen: str
    """A digest of the configuration: whoever imports says which one was seen."""


def digest(snapshot: Snapshot) -> str:
    """Return what changes when anything of the configuration does."""
    return hashlib.sha256(text.write(everything_as_dict(snapshot)).encode()).hexdigest()


def plan(file: ParsedFile, snapshot: Snapshot) -> Plan:
    """
    Say what importing a file would do.

    :raises Refused: with everything that is wrong, each with its path.
    """
    problems = list(file.problems)
    whole = [row for rows in _in_order(file) for row in rows if not file.is_spoilt(row)]
    found = [_change(item, snapshot, problems) for item in whole]
    problems += _unknown(file, snapshot)
    problems += _names_twice(file, snapshot)
    if problems:
        raise Refused(problems[: text.MOST_TOLD])
    return Plan(
        [item for item in found if not item.is_empty], [item for item in found if item.is_empty], digest(snapshot)
    )


def _in_order(file: ParsedFile) -> Iterator[list[ParsedEntity]]:
    return (file.of(section) for section in BY_SECTION)


def _change(entity: ParsedEntity, snapshot: Snapshot, problems: list[Problem]) -> Change:
    rows = snapshot.rows[entity.sort.section]
    known = next(iter(rows.values()), None) if entity.sort is AUTHORITY else rows.get(entity.key)
    change = _fields(entity, known, problems)
    pk = known.pk if known else 0
    if entity.form is not None:
        old = snapshot.forms[pk].form_fields if pk in snapshot.forms else ()
        new = tuple(entity.form)
        if [field.as_dict() for field in old] != [field.as_dict() for field in new]:
            change.form = (old, new)
        problems += _other_kinds(entity, old)
    if entity.pricing is not None:
        version = snapshot.pricings.get(pk)
        before = codec.parse(version.pricing) if version else Pricing()
        if version is None or before != entity.pricing:
            change.pricing = (before, entity.pricing)
    return change


def _fields(entity: ParsedEntity, known: Any, problems: list[Problem]) -> Change:
    """Set what the file says on a copy of what is there, let the model judge it, and compare."""
    row = copy(known) if known else entity.sort.model()
    for name, value in entity.values.items():
        setattr(row, name, value)
    problems += _wrong(entity, row, known)
    before = fields_as_dict(entity.sort, known) if known else {}
    fields = [name for name in entity.sort.fields if name not in entity.sort.links and (known or name in entity.values)]
    after = {name: before.get(name) for name in fields} | _said(entity, row)
    return Change(entity.sort, entity.key, known.pk if known else None, before, {**after, **entity.links})


def _said(entity: ParsedEntity, row: Any) -> Row:
    said = plain_only(entity.sort, row, entity.values)
    return {name: said[name] for name in entity.values}


def plain_only(sort: EntityType, row: Any, names: Iterable[str]) -> Row:
    """Return some fields of a thing as a file says them."""
    kept = tuple(name for name in names if name not in sort.links)
    return fields_as_dict(
        EntityType(section=sort.section, model=sort.model, label=sort.label, key=sort.key, fields=kept), row
    )


def _wrong(entity: ParsedEntity, row: Any, known: Any) -> Iterator[Problem]:
    try:
        row.full_clean(exclude=set(entity.sort.links), validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        yield from _told(entity.place, error)
    if not known and "service" in entity.sort.links and "service" not in entity.links:
        yield entity.place.problem(_("il manque « %(name)s » : ajoutez-le."), name="service")
    yield from _RULES.get(entity.sort.section, _no_rule)(entity, row, known)


def _told(place: Place, error: ValidationError) -> Iterator[Problem]:
    fields = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    for name, sentences in fields.items():
        here = place if name == NON_FIELD_ERRORS else place.into(name)
        yield from (here.problem("%(said)s", said=sentence) for sentence in sentences)


def _no_rule(entity: ParsedEntity, row: Any, known: Any) -> Iterator[Problem]:
    return iter(())


def _service(entity: ParsedEntity, row: Any, known: Any) -> Iterator[Problem]:
    if row.pictogram and row.pictogram not in icons.SHAPES:
        said = _("ce pictogramme n’existe pas : laissez-le vide, ou choisissez parmi %(known)s.")
        yield entity.place.into("pictogram").problem(said, known=", ".join(icons.SHAPES))


def _regie(entity: ParsedEntity, row: Any, known: Any) -> Iterator[Problem]:
    if row.gateway not in registry.GATEWAYS:
        said = _("ce tiers bancaire n’existe pas : choisissez parmi %(known)s.")
        yield entity.place.into("gateway").problem(said, known=", ".join(registry.GATEWAYS))
    elif known and known.gateway != row.gateway:
        said = _("une régie qui existe change de tiers bancaire sur sa page, avec ses réglages : retirez cette ligne.")
        yield entity.place.into("gateway").problem(said)


def _type(entity: ParsedEntity, row: Any, known: Any) -> Iterator[Problem]:
    try:
        check_type(values={name: getattr(row, name) for name in TOGETHER})
    except ValidationError as error:
        yield from _told(entity.place, error)


def _mail(entity: ParsedEntity, row: Any, known: Any) -> Iterator[Problem]:
    if row.kind not in KINDS:
        said = _("ce courriel n’existe pas : choisissez parmi %(known)s.")
        yield entity.place.into("kind").problem(said, known=", ".join(KINDS))
        return
    for name, words in (("subject", row.subject), ("body", row.body)):
        try:
            mail_rules.check("", words, KINDS[row.kind].variables)
        except mail_rules.BadTemplate as error:
            yield entity.place.into(name).problem("%(said)s", said=str(error))


_RULES = {SERVICES.section: _service, REGIES.section: _regie, TYPES.section: _type, MAILS.section: _mail}


def _other_kinds(entity: ParsedEntity, old: Iterable[FormField]) -> Iterator[Problem]:
    """Refuse to read old answers under a question of another sort."""
    kinds = {field.key: field.kind for field in old}
    for n, field_ in enumerate(entity.form or ()):
        if kinds.get(field_.key, field_.kind) != field_.kind:
            said = _("« %(key)s » est déjà le nom d’une question d’une autre sorte : donnez-lui une autre clé.")
            yield entity.place.into("form").into(f"[{n}]").problem(said, key=field_.key)


def _unknown(file: ParsedFile, snapshot: Snapshot) -> Iterator[Problem]:
    """Find what is named and is neither here nor in the file."""
    known = {section: {*snapshot.rows[section], *(item.key for item in file.of(section))} for section in BY_SECTION}
    for rows in _in_order(file):
        for row in rows:
            for name, section in row.sort.links.items():
                named = row.links.get(name)
                for key in named if isinstance(named, list) else [named] if named is not None else []:
                    if key not in known[section]:
                        said = _("« %(key)s » n’existe ni ici ni dans ce fichier : créez-le d’abord, ou retirez-le.")
                        yield row.place.into(name).problem(said, key=key)


def _names_twice(file: ParsedFile, snapshot: Snapshot) -> Iterator[Problem]:
    """Find two régies of one name: they are told apart by their codes, so a file can give a name twice."""
    names = {row.name: code for code, row in snapshot.rows[REGIES.section].items()}
    renamed = {item.key for item in file.of(REGIES.section) if "name" in item.values}
    names = {name: code for name, code in names.items() if code not in renamed}
    for item in file.of(REGIES.section):
        name = item.values.get("name")
        if name is not None and names.setdefault(name, item.key) != item.key:
            yield item.place.into("name").problem(_("une autre régie porte déjà ce nom : donnez-lui-en un autre."))
