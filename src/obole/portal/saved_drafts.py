"""An application that is put aside as it is typed, and gone on with later, its files too."""

from dataclasses import asdict

from django.core import signing
from django.http import QueryDict

from obole.dossiers.forms.application import ApplicationForm
from obole.dossiers.forms.kept_files import TOKEN, KeptFileField
from obole.dossiers.models import ApplicationDraft
from obole.dossiers.uploads import StoredUpload

LATER = "plus_tard"
"""The name of the button."""
TYPED = ("answer_",)


def typed_values(data: QueryDict) -> dict[str, list[str]]:
    """Return what each control of the form held, right or wrong."""
    return {name: data.getlist(name) for name in data if name.startswith(TYPED) and not name.endswith(TOKEN)}


def kept_files(form: ApplicationForm) -> dict[str, StoredUpload]:
    """Return the files that the page holds, checked and stored, by the name of their control."""
    held = {name: field.widget.kept for name, field in form.fields.items() if isinstance(field, KeptFileField)}
    return {name: kept for name, kept in held.items() if kept is not None}


def as_post_data(sketch: ApplicationDraft, blank: ApplicationForm) -> QueryDict:
    """Return what the page would send if it had just been typed: its files with a token of today."""
    data = QueryDict(mutable=True)
    for name, values in sketch.typed.items():
        data.setlist(name, values)
    again = ApplicationForm(data, {}, asked=blank.asked, owner=blank.owner, at=blank.at)
    for name, stored in sketch.files.items():
        field = again.fields.get(name)
        if isinstance(field, KeptFileField):
            data[name + TOKEN] = signing.dumps(asdict(StoredUpload(**stored)), salt=field.salt)
    return data
