"""What importing a file would do: checked whole against the configuration as it is, and written nowhere."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from obole.billing.operations import check_type
from obole.catalogue import rules as pricing_rules
from obole.catalogue.fields import FormField
from obole.catalogue.rules.problems import Place, Problem, Refused
from obole.configuration.queries.snapshot import Snapshot, everything, plain
from obole.configuration.rules import text
from obole.configuration.rules.reading import File, Read
from obole.configuration.rules.sorts import AUTHORITY, BY_SECTION, MAILS, REGIES, SERVICES, TYPES, Row, Sort
from obole.gateways import registry
from obole.mailing import rules as mail_rules
from obole.mailing.defaults import KINDS
from obole.ui import icons


@dataclass
class Change:
    """What becomes of one thing: how it is said before (nothing, if it is to come) and after."""

    sort: Sort
    key: str
    pk: int | None
    before: Row
    after: Row
    form: tuple[tuple[FormField, ...], tuple[FormField, ...]] | None = None
    """The form before and after, where it changes."""
    pricing: tuple[pricing_rules.Pricing, pricing_rules.Pricing] | None = None
    products: list["Change"] = field(default_factory=list)
    """Those that come or change."""
    left: list[str] = field(default_factory=list)
    """The names of the products that stay as they are, in the file or not."""

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
        return not (self.is_new or self.fields or self.form or self.pricing or self.products)


@dataclass
class Plan:
    """What importing a file would do, in the order of doing it, and the state of the configuration that it was made on."""

    changes: list[Change]
    kept: list[Change]
    seen: str
    """A digest of the configuration: whoever imports says which one was seen."""


def digest(snapshot: Snapshot) -> str:
    """Return what changes when anything of the configuration does."""
    return hashlib.sha256(text.write(everything(snapshot)).encode()).hexdigest()


def plan(file: File, snapshot: Snapshot) -> Plan:
    """
    Say what importing a file would do.

    :raises Refused: with everything that is wrong, each with its path.
    """
    problems = list(file.problems)
    whole = [one for rows in _in_order(file) for one in rows if not file.is_spoilt(one)]
    found = [_change(one, snapshot, problems) for one in whole]
    problems += _unknown(file, snapshot)
    problems += _names_twice(file, snapshot)
    if problems:
        raise Refused(problems[: text.MOST_TOLD])
    return Plan([one for one in found if not one.is_empty], [one for one in found if one.is_empty], digest(snapshot))


def _in_order(file: File) -> Iterator[list[Read]]:
    return (file.of(section) for section in BY_SECTION)


def _change(one: Read, snapshot: Snapshot, problems: list[Problem]) -> Change:
    rows = snapshot.rows[one.sort.section]
    known = next(iter(rows.values()), None) if one.sort is AUTHORITY else rows.get(one.key)
    change = _fields(one, known, problems)
    pk = known.pk if known else 0
    if one.form is not None:
        old = snapshot.forms[pk].form_fields if pk in snapshot.forms else ()
        new = tuple(one.form)
        if [field.as_dict() for field in old] != [field.as_dict() for field in new]:
            change.form = (old, new)
        problems += _other_kinds(one, old)
    if one.pricing is not None:
        version = snapshot.pricings.get(pk)
        before = pricing_rules.parse(version.pricing) if version else pricing_rules.Pricing()
        if version is None or before != one.pricing:
            change.pricing = (before, one.pricing)
    _products(one, snapshot.products.get(pk, {}), change, problems)
    return change


def _fields(one: Read, known: Any, problems: list[Problem]) -> Change:
    """Set what the file says on a copy of what is there, let the model judge it, and compare."""
    row = copy(known) if known else one.sort.model()
    for name, value in one.values.items():
        setattr(row, name, value)
    problems += _wrong(one, row, known)
    before = plain(one.sort, known) if known else {}
    fields = [name for name in one.sort.fields if name not in one.sort.links and (known or name in one.values)]
    after = {name: before.get(name) for name in fields} | _said(one, row)
    return Change(one.sort, one.key, known.pk if known else None, before, {**after, **one.links})


def _said(one: Read, row: Any) -> Row:
    said = plain_only(one.sort, row, one.values)
    return {name: said[name] for name in one.values}


def plain_only(sort: Sort, row: Any, names: Iterable[str]) -> Row:
    """Return some fields of a thing as a file says them."""
    kept = tuple(name for name in names if name not in sort.links)
    return plain(Sort(section=sort.section, model=sort.model, label=sort.label, key=sort.key, fields=kept), row)


def _wrong(one: Read, row: Any, known: Any) -> Iterator[Problem]:
    exclude = {*one.sort.links, "scheme"}
    try:
        row.full_clean(exclude=exclude, validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        yield from _told(one.place, error)
    if not known and "service" in one.sort.links and "service" not in one.links:
        yield one.place.problem(_("il manque « %(name)s » : ajoutez-le."), name="service")
    yield from _RULES.get(one.sort.section, _no_rule)(one, row, known)


def _told(place: Place, error: ValidationError) -> Iterator[Problem]:
    fields = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    for name, sentences in fields.items():
        here = place if name == NON_FIELD_ERRORS else place.into(name)
        yield from (here.problem("%(said)s", said=sentence) for sentence in sentences)


def _no_rule(one: Read, row: Any, known: Any) -> Iterator[Problem]:
    return iter(())


def _service(one: Read, row: Any, known: Any) -> Iterator[Problem]:
    if row.pictogram and row.pictogram not in icons.SHAPES:
        said = _("ce pictogramme n’existe pas : laissez-le vide, ou choisissez parmi %(known)s.")
        yield one.place.into("pictogram").problem(said, known=", ".join(icons.SHAPES))


def _regie(one: Read, row: Any, known: Any) -> Iterator[Problem]:
    if row.gateway not in registry.GATEWAYS:
        said = _("ce tiers bancaire n’existe pas : choisissez parmi %(known)s.")
        yield one.place.into("gateway").problem(said, known=", ".join(registry.GATEWAYS))
    elif known and known.gateway != row.gateway:
        said = _("une régie qui existe change de tiers bancaire sur sa page, avec ses réglages : retirez cette ligne.")
        yield one.place.into("gateway").problem(said)


def _type(one: Read, row: Any, known: Any) -> Iterator[Problem]:
    names = ("amount_mode", "fixed_cents", "reminder_subject", "reminder_body", "reminder_delays")
    try:
        check_type(values={name: getattr(row, name) for name in names})
    except ValidationError as error:
        yield from _told(one.place, error)


def _mail(one: Read, row: Any, known: Any) -> Iterator[Problem]:
    if row.kind not in KINDS:
        said = _("ce courriel n’existe pas : choisissez parmi %(known)s.")
        yield one.place.into("kind").problem(said, known=", ".join(KINDS))
        return
    for name, words in (("subject", row.subject), ("body", row.body)):
        try:
            mail_rules.check("", words, KINDS[row.kind].variables)
        except mail_rules.BadTemplate as error:
            yield one.place.into(name).problem("%(said)s", said=str(error))


_RULES = {SERVICES.section: _service, REGIES.section: _regie, TYPES.section: _type, MAILS.section: _mail}


def _other_kinds(one: Read, old: Iterable[FormField]) -> Iterator[Problem]:
    """Refuse to read old answers under a question of another sort."""
    kinds = {field.key: field.kind for field in old}
    for n, field_ in enumerate(one.form or ()):
        if kinds.get(field_.key, field_.kind) != field_.kind:
            said = _("« %(key)s » est déjà le nom d’une question d’une autre sorte : donnez-lui une autre clé.")
            yield one.place.into("form").into(f"[{n}]").problem(said, key=field_.key)


def _products(one: Read, known: Mapping[str, Any], change: Change, problems: list[Problem]) -> None:
    told = [_fields(product, known.get(product.key), problems) for product in one.products]
    change.products = [product for product in told if not product.is_empty]
    moving = {product.key for product in change.products}
    change.left = [name for name in known if name not in moving]


def _unknown(file: File, snapshot: Snapshot) -> Iterator[Problem]:
    """Find what is named and is neither here nor in the file."""
    known = {section: {*snapshot.rows[section], *(one.key for one in file.of(section))} for section in BY_SECTION}
    for rows in _in_order(file):
        for one in rows:
            for name, section in one.sort.links.items():
                named = one.links.get(name)
                for key in named if isinstance(named, list) else [named] if named is not None else []:
                    if key not in known[section]:
                        said = _("« %(key)s » n’existe ni ici ni dans ce fichier : créez-le d’abord, ou retirez-le.")
                        yield one.place.into(name).problem(said, key=key)


def _names_twice(file: File, snapshot: Snapshot) -> Iterator[Problem]:
    """Find two régies of one name: they are told apart by their codes, so a file can give a name twice."""
    names = {row.name: code for code, row in snapshot.rows[REGIES.section].items()}
    renamed = {one.key for one in file.of(REGIES.section) if "name" in one.values}
    names = {name: code for name, code in names.items() if code not in renamed}
    for one in file.of(REGIES.section):
        name = one.values.get("name")
        if name is not None and names.setdefault(name, one.key) != one.key:
            yield one.place.into("name").problem(_("une autre régie porte déjà ce nom : donnez-lui-en un autre."))
