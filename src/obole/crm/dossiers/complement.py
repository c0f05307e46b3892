"""« Demander un complément »: what is missing in the whole application, or in one of its answers."""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _, gettext_lazy

from obole.catalogue.fields import FilledBy
from obole.dossiers import queries
from obole.dossiers.models import Dossier

LONGEST_REQUEST = 200


class ComplementForm(forms.Form):
    """A word for the whole, and one for each answer that is to be mended: one of them at least."""

    reason = forms.CharField(
        label=gettext_lazy("Ce qui manque"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("L’usager le lit dans le courriel et dans son espace."),
    )

    def __init__(self, data: Any = None, *, dossier: Dossier) -> None:
        super().__init__(data)
        self._keys = {}
        for part in queries.answer_sections(dossier, by=FilledBy.CITIZEN):
            for answered in part.answers:
                name = f"champ-{answered.field.key}"
                self._keys[name] = answered.field.key
                self.fields[name] = forms.CharField(
                    label=answered.field.label, required=False, max_length=LONGEST_REQUEST
                )

    @property
    def of_answers(self) -> list[BoundField]:
        """The fields of the answers, in the order of the form."""
        return [self[name] for name in self._keys]

    @property
    def asks_of_one(self) -> bool:
        """Tell whether something is written about one answer, or is wrong there."""
        return any(field.value() or field.errors for field in self.of_answers)

    def clean(self) -> dict[str, Any]:
        """Return what the operation takes."""
        given = super().clean() or {}
        requests = {key: given[name] for name, key in self._keys.items() if given.get(name)}
        if not requests and not given.get("reason") and not self.errors:
            self.add_error("reason", _("Écrivez un motif : sans lui, l’usager ne comprendrait pas."))
        return {"reason": given.get("reason", ""), "requests": requests}
