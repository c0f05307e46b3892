"""The words of a mail, checked before they are saved."""

from collections.abc import Iterable

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from obole.mailing import rules
from obole.mailing.defaults import Kind

LONGEST_SUBJECT = 200


def usable(text: str, variables: Iterable[str]) -> str:
    """
    Return ``text`` if it can be filled.

    :raises ValidationError: with a sentence that says what to change.
    """
    try:
        rules.check("", text, frozenset(variables))
    except rules.BadTemplate as error:
        raise ValidationError(str(error), code="template") from error
    return text


class MailForm(forms.Form):
    """The subject and the body of one kind of mail."""

    subject = forms.CharField(label=_("Objet"), max_length=LONGEST_SUBJECT)
    body = forms.CharField(label=_("Texte"), max_length=rules.LONGEST_SOURCE, widget=forms.Textarea({"rows": 14}))

    def __init__(self, *args: object, kind: Kind, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.kind = kind

    def clean_subject(self) -> str:
        """Check the subject's variables."""
        return usable(self.cleaned_data["subject"], self.kind.variables)

    def clean_body(self) -> str:
        """Check the body's variables; line breaks are kept as the outbox writes them."""
        return usable(self.cleaned_data["body"].replace("\r\n", "\n"), self.kind.variables)
