"""What a price is made from: what is asked, what comes several times, what is computed."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _, gettext_lazy

from obole.catalogue.forms.pricing_match import KINDS
from obole.crm.pricing_editor.forms.base import NOTHING, FormulaField, PartForm, choice
from obole.lib import texts
from obole.pricing.model.parts import AskedOf, Group, Question, QuestionKind, Value
from obole.ui.forms import QuantityField

MOST_ROWS = 200


class QuestionForm(PartForm):
    """An answer that the price depends on."""

    section, title = "questions", gettext_lazy("Donnée")

    def controls(self) -> dict[str, forms.Field]:
        """Return the controls of a question."""
        part: Question | None = self.part
        groups = [("", NOTHING), *((group.key, group.label) for group in self.pricing.groups)]
        return {
            "kind": choice(_("La réponse est"), part.kind if part else QuestionKind.NUMBER, KINDS.items()),
            "asked_of": choice(
                _("Remplie par"),
                part.asked_of if part else AskedOf.AGENT,
                [(AskedOf.CITIZEN, _("l’usager")), (AskedOf.AGENT, _("l’agent"))],
                help_text=_("Une question du formulaire se reprend depuis la page de la tarification."),
            ),
            "group": choice(_("Bloc répété"), part.group if part else "", groups, required=False),
            "required": forms.BooleanField(
                label=_("Réponse obligatoire"), required=False, initial=part.required if part else False
            ),
            "decimals": QuantityField(
                label=_("Chiffres après la virgule"),
                required=False,
                maximum=Decimal(3),
                initial=part.decimals if part else 0,
            ),
            "maximum": QuantityField(
                label=_("Au plus"),
                required=False,
                decimals=3,
                initial=part.maximum if part else None,
                help_text=_("Pour un nombre : au-delà, la saisie est refusée."),
            ),
            "choices": forms.CharField(
                label=_("Choix"),
                required=False,
                max_length=5000,
                initial="\n".join(part.choices) if part else "",
                widget=forms.Textarea({"rows": 4}),
                help_text=_("Pour une liste : un par ligne."),
            ),
        }

    def clean_choices(self) -> tuple[str, ...]:
        """Read one choice a line, each once."""
        lines = [texts.clean_line(line)[:120] for line in self.cleaned_data["choices"].splitlines()]
        choices = tuple(dict.fromkeys(line for line in lines if line))
        if self.cleaned_data.get("kind") == QuestionKind.CHOICE and not choices:
            raise ValidationError(_("C’est une liste : donnez au moins un choix, un par ligne."))
        return choices

    def tells_apart(self, other: Any) -> bool:
        """A first name of a child and one of an adult may have one label."""
        return bool(other.group == self.data.get("group", ""))

    def described(self) -> Question:
        """Return the question."""
        given, is_number = self.cleaned_data, self.cleaned_data["kind"] == QuestionKind.NUMBER
        return Question(
            key=self.new_key,
            label=given["label"],
            kind=QuestionKind(given["kind"]),
            asked_of=AskedOf(given["asked_of"]),
            group=given["group"],
            required=given["required"],
            decimals=int(given["decimals"] or 0) if is_number else 0,
            minimum=self.part.minimum if self.part and is_number else None,
            maximum=given["maximum"] if is_number else None,
            choices=given["choices"] if given["kind"] == QuestionKind.CHOICE else (),
        )


class GroupForm(PartForm):
    """Answers that come several times: one row a child."""

    section, title = "groups", gettext_lazy("Bloc répété")

    def label_of_label(self) -> str:
        """The rows are named after it."""
        return _("Comment s’appelle une ligne, par exemple Enfant")

    def controls(self) -> dict[str, forms.Field]:
        """Return the controls of a group."""
        part: Group | None = self.part
        inside = [question for question in self.pricing.questions if part and question.group == part.key]
        names = [("", _("son rang")), *((item.key, item.label) for item in inside if item.kind == QuestionKind.TEXT)]
        return {
            "name": choice(
                _("Ce qui nomme une ligne sur la facture"), part.name if part else "", names, required=False
            ),
            "most": QuantityField(
                label=_("Lignes au plus"),
                minimum=Decimal(1),
                maximum=Decimal(MOST_ROWS),
                initial=part.most if part else 20,
            ),
        }

    def described(self) -> Group:
        """Return the group."""
        given = self.cleaned_data
        return Group(key=self.new_key, label=given["label"], name=given["name"], most=int(given["most"]))


class ValueForm(PartForm):
    """A formula with a name, for quantities, grids and other formulas."""

    section, title = "values", gettext_lazy("Valeur calculée")

    def controls(self) -> dict[str, forms.Field]:
        """Return the controls of a value."""
        part: Value | None = self.part
        groups = [
            ("", _("une fois pour toutes")),
            *((group.key, _("à chaque ligne : %(label)s") % {"label": group.label}) for group in self.pricing.groups),
        ]
        return {
            "of": FormulaField(label=_("Formule"), pricing=self.pricing, initial=part.of if part else None),
            "group": choice(_("Se calcule"), part.group if part else "", groups, required=False),
        }

    def described(self) -> Value:
        """Return the value."""
        given = self.cleaned_data
        return Value(key=self.new_key, label=given["label"], of=given["of"], group=given["group"])
