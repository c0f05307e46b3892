"""
The fields of forms that administrators build: what people type is mended where it can be, else refused with how to mend
it.
"""

import re
from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MinLengthValidator
from django.utils.translation import gettext_lazy as _
from stdnum import exceptions as numbers, iban
from stdnum.fr import siret

from obole.lib import dates, money, texts
from obole.ui.forms import DayInput, QuantityField, UnitInput

OLDEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
LONGEST_LINE, LONGEST_TEXT, MOST_LINES = 300, 5000, 6
_PUNCTUATION = re.compile(r"[\s.\-/()\u2010-\u2015]")


class LineField(forms.CharField):
    """
    One line of text.

    :param mask: how it is written: « A » is a letter, « 9 » a digit, « ? » anything, the rest is itself (« AA-999-AA
        »).
    """

    default_error_messages = {
        "mask": _("Écrivez cette réponse sous la forme %(mask)s, où A est une lettre et 9 un chiffre."),
        "min_length": _("Écrivez au moins %(limit_value)d caractères : cette réponse en a %(show_value)d."),
        "max_length": _("Écrivez au plus %(limit_value)d caractères : cette réponse en a %(show_value)d."),
    }

    def __init__(self, *, mask: str = "", **options: Any) -> None:
        options.setdefault("max_length", LONGEST_LINE)
        super().__init__(**options)
        self.mask = mask
        # A browser that cuts what is pasted says nothing: the sentence does.
        self.widget.attrs.pop("maxlength", None)
        self.widget.attrs.pop("minlength", None)
        for validator in self.validators:
            if isinstance(validator, MinLengthValidator | MaxLengthValidator):
                validator.message = self.error_messages[validator.code]

    def to_python(self, value: Any) -> str:
        """Return one clean line."""
        return texts.clean_line(super().to_python(value) or "")

    def validate(self, value: str) -> None:
        """
        Check the mask.

        :raises ValidationError: if the answer does not fit it, or is missing.
        """
        super().validate(value)
        if value and self.mask and not re.fullmatch(_pattern(self.mask), value):
            raise ValidationError(self.error_messages["mask"] % {"mask": self.mask}, code="mask")


class ParagraphField(LineField):
    """Several lines of text."""

    widget = forms.Textarea

    def __init__(self, *, rows: int = 4, **options: Any) -> None:
        options.setdefault("max_length", LONGEST_TEXT)
        options.setdefault("widget", forms.Textarea({"rows": rows}))
        super().__init__(**options)

    def to_python(self, value: Any) -> str:
        """Return clean lines."""
        lines = str(forms.CharField.to_python(self, value) or "").splitlines()
        return "\n".join(texts.clean_line(line) for line in lines).strip()


class AddressField(ParagraphField):
    """A postal address, as it is written on an envelope."""

    default_error_messages = {"lines": _("Une adresse tient sur %(most)d lignes : celle-ci en a %(count)d.")}

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.Textarea({"rows": 3, "autocomplete": "street-address"}))
        super().__init__(**options)

    def validate(self, value: str) -> None:
        """
        Check that it fits an envelope.

        :raises ValidationError: if it has too many lines, or is missing.
        """
        super().validate(value)
        count = len(value.splitlines())
        if count > MOST_LINES:
            raise ValidationError(self.error_messages["lines"] % {"most": MOST_LINES, "count": count}, code="lines")


class MailField(forms.EmailField):
    """An e-mail address."""

    default_error_messages = {"invalid": _("Saisissez une adresse électronique complète, par exemple nom@exemple.fr.")}

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.EmailInput({"autocomplete": "email", "spellcheck": "false"}))
        super().__init__(max_length=254, **options)

    def to_python(self, value: Any) -> str:
        """Return it without what is invisible."""
        return texts.clean_line(super().to_python(value) or "")


class NumberField(QuantityField):
    """A positive number that goes by steps."""

    default_error_messages = {"step": _("Saisissez un multiple de %(step)s, par exemple %(near)s.")}

    def __init__(self, *, step: Decimal | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.step = step

    def validate(self, value: Decimal | None) -> None:
        """
        Check the step, which counts from zero.

        :raises ValidationError: if the number is between two steps, beyond a limit, or missing.
        """
        super().validate(value)
        if value is not None and self.step and value % self.step:
            near = money.quantity(value // self.step * self.step or self.step)
            said = self.error_messages["step"] % {"step": money.quantity(self.step), "near": near}
            raise ValidationError(said, code="step")


class DayField(forms.DateField):
    """A day that a calendar could hold."""

    widget = DayInput
    input_formats = ["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"]
    default_error_messages = {
        "invalid": _("Saisissez une date qui existe, par exemple 25/11/2026."),
        "minimum": _("Saisissez une date à partir du %(limit)s."),
        "maximum": _("Saisissez une date jusqu’au %(limit)s."),
    }

    def __init__(self, *, minimum: date | None = None, maximum: date | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.minimum, self.maximum = minimum, maximum

    def to_python(self, value: Any) -> date | None:
        """
        Read a day.

        :raises ValidationError: if it is written with other digits than ours, or does not exist.
        """
        if isinstance(value, str) and not value.strip().isascii():
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)

    def validate(self, value: date | None) -> None:
        """
        Check the limits.

        :raises ValidationError: if the day is beyond one, or missing.
        """
        super().validate(value)
        if value is None:
            return
        if not OLDEST <= value <= LATEST:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if self.minimum is not None and value < self.minimum:
            raise ValidationError(
                self.error_messages["minimum"] % {"limit": dates.format_short(self.minimum)}, code="minimum"
            )
        if self.maximum is not None and value > self.maximum:
            raise ValidationError(
                self.error_messages["maximum"] % {"limit": dates.format_short(self.maximum)}, code="maximum"
            )


class HourInput(forms.TimeInput):
    """The browser's own clock; a typed « 14 h 30 » is read too."""

    input_type = "time"


class HourField(forms.TimeField):
    """A time of the day."""

    default_error_messages = {"invalid": _("Saisissez une heure qui existe, par exemple 14:30.")}

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", HourInput(format="%H:%M"))
        super().__init__(**options)

    def to_python(self, value: Any) -> time | None:
        """
        Read ``14:30``, ``14h30``, ``14 h``.

        :raises ValidationError: if it is not a time.
        """
        if value in self.empty_values or isinstance(value, time):
            return value or None
        match = re.fullmatch(r"([0-9]{1,2})\s*[h:]\s*([0-9]{2})?(?::00)?", str(value).strip().lower(), re.ASCII)
        if match is None or int(match[1]) > 23 or int(match[2] or 0) > 59:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return time(int(match[1]), int(match[2] or 0))


class PeriodInput(forms.MultiWidget):
    """Two days, each with its name."""

    template_name = "ui/period_input.html"
    use_fieldset = True

    def __init__(self) -> None:
        super().__init__([DayInput(), DayInput()])

    def decompress(self, value: Any) -> list[Any]:
        """Return the two days of a stored answer."""
        return [value.get("from"), value.get("to")] if isinstance(value, dict) else [None, None]


class PeriodField(forms.Field):
    """From one day to another, both included: ``{"from": …, "to": …}``."""

    widget = PeriodInput
    default_error_messages = {
        "first": _("Premier jour : %(error)s"),
        "last": _("Dernier jour : %(error)s"),
        "half": _("Donnez les deux jours, le premier et le dernier."),
        "order": _("Le dernier jour vient avant le premier : vérifiez les deux dates."),
    }

    def __init__(self, *, minimum: date | None = None, maximum: date | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.day = DayField(minimum=minimum, maximum=maximum, required=False)

    def clean(self, value: Any) -> dict[str, date] | None:
        """
        Read two days.

        :raises ValidationError: if one is wrong or missing, or if they are the wrong way round.
        """
        sent = value if isinstance(value, list) else [None, None]
        first, last = self._day(sent[0], "first"), self._day(sent[1], "last")
        if first is None and last is None:
            self.validate(None)
            return None
        if first is None or last is None:
            raise ValidationError(self.error_messages["half"], code="half")
        if last < first:
            raise ValidationError(self.error_messages["order"], code="order")
        return {"from": first, "to": last}

    def _day(self, value: Any, which: str) -> date | None:
        try:
            day: date | None = self.day.clean(value)
        except ValidationError as error:
            raise ValidationError(self.error_messages[which] % {"error": error.messages[0]}, code=which) from error
        return day


class PhoneField(forms.CharField):
    """A telephone number: French ones are written by pairs, the others begin with +."""

    default_error_messages = {
        "invalid": _(
            "Saisissez un numéro à dix chiffres, par exemple 06 12 34 56 78 ; un numéro étranger commence par +."
        )
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.TextInput({"type": "tel", "autocomplete": "tel"}))
        super().__init__(**options)

    def to_python(self, value: Any) -> str:
        """
        Read a number, whatever separates its digits.

        :raises ValidationError: if it has too few digits, too many, or something else.
        """
        given = _bare(super().to_python(value)).replace("+330", "+33", 1)
        digits = re.sub(r"^00", "+", given)
        digits = re.sub(r"^\+33(?=[1-9])", "0", digits)
        if re.fullmatch(r"0[1-9][0-9]{8}", digits):
            return " ".join(digits[n : n + 2] for n in range(0, 10, 2))
        if digits and not re.fullmatch(r"\+(?!33)[1-9][0-9]{6,14}", digits):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return digits


class _CheckedField(forms.CharField):
    """A number with a check in itself, kept without its spaces."""

    standard: Any
    group: Sequence[int]

    def to_python(self, value: Any) -> str:
        """
        Read a number, whatever separates its characters.

        :raises ValidationError: with what is wrong: its length, a character, or a slip of the pen.
        """
        given = _bare(super().to_python(value)).upper()
        if not given:
            return ""
        try:
            # The library takes digits of other scripts for ours.
            return str(self.standard.validate(given)) if given.isascii() else self._refuse("invalid")
        except numbers.InvalidChecksum:
            return self._refuse("slip")
        except numbers.ValidationError:
            return self._refuse("invalid")

    def prepare_value(self, value: Any) -> Any:
        """Show groups that an eye can follow; leave what a person typed."""
        return grouped(value, self.group) if isinstance(value, str) and re.fullmatch(r"[A-Z0-9]+", value) else value

    def _refuse(self, code: str) -> str:
        raise ValidationError(self.error_messages[code], code=code)


class IbanField(_CheckedField):
    """A bank account, from any country that has IBANs."""

    standard, group = iban, (4,)
    default_error_messages = {
        "invalid": _(
            "Ce n’est pas un IBAN : recopiez-le de votre RIB, il commence par FR76 et compte 27 caractères en France."
        ),
        "slip": _("Un caractère de cet IBAN est faux : recopiez-le de votre RIB, quatre par quatre."),
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.TextInput({"autocomplete": "off", "spellcheck": "false"}))
        super().__init__(max_length=60, **options)


class SiretField(_CheckedField):
    """The number of an establishment: 14 digits."""

    standard, group = siret, (3, 3, 3, 5)
    default_error_messages = {
        "invalid": _("Un SIRET compte 14 chiffres : les 9 du SIREN, puis les 5 de l’établissement."),
        "slip": _("Un chiffre de ce SIRET est faux : recopiez-le de l’avis de situation de l’Insee."),
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", UnitInput(whole=True))
        super().__init__(max_length=40, **options)


class SeveralField(forms.MultipleChoiceField):
    """Boxes to tick."""

    widget = forms.CheckboxSelectMultiple
    default_error_messages = {
        "required": _("Cochez au moins une case."),
        "invalid_choice": _("« %(value)s » n’est pas dans la liste : cochez parmi les choix proposés."),
    }


def grouped(text: str, sizes: Sequence[int]) -> str:
    """Cut a long number in groups; the last size goes on to the end."""
    parts, rest, waiting = [], text, list(sizes)
    while rest:
        size = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        parts.append(rest[:size])
        rest = rest[size:]
    return " ".join(parts)


def _bare(value: Any) -> str:
    return _PUNCTUATION.sub("", texts.clean_line(str(value or "")))


def _pattern(mask: str) -> str:
    """Turn a mask into a pattern that takes a time in proportion to the answer: it repeats nothing."""
    shapes = {"A": r"[^\W\d_]", "9": "[0-9]", "?": "."}
    return "".join(shapes.get(letter, re.escape(letter)) for letter in mask)
