"""« Export et import »: the configuration as a file, shown whole before anything is written."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _, gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from obole.billing.models import InvoiceType
from obole.catalogue.models import Scheme
from obole.configuration import operations, queries
from obole.configuration.rules import text
from obole.configuration.rules.entity_types import Tree
from obole.configuration.rules.text import MOST_BYTES
from obole.crm.settings import import_preview
from obole.crm.shared.pages import render_page
from obole.crm.shared.settings_pages import sent_values, settings_home
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.pricing.model.problems import Refused
from obole.ui.bodies import takes_files

LONGEST_PASTED = 1_000_000


class ImportForm(forms.Form):
    """A file is read where it is; a text stays on the page, to be mended there."""

    file = forms.FileField(
        label=gettext_lazy("Fichier"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput({"accept": ".json,application/json"}),
        help_text=gettext_lazy(
            "Un fichier .json, comme ceux qui se téléchargent ici : 5 Mo au plus. Il prend la place du texte."
        ),
    )
    content = forms.CharField(
        label=gettext_lazy("Contenu"),
        required=False,
        strip=False,
        widget=forms.Textarea(
            {"rows": 10, "class": "code", "spellcheck": "false", "autocomplete": "off", "wrap": "off"}
        ),
        help_text=gettext_lazy("Ou collez ici le texte du fichier : un million de caractères au plus."),
    )

    def clean_file(self) -> "UploadedFile[bytes] | None":
        """
        Refuse what nobody would read.

        :raises ValidationError: if the file is too heavy.
        """
        upload: UploadedFile[bytes] | None = self.cleaned_data["file"]
        if upload is not None and (upload.size or 0) > MOST_BYTES:
            raise forms.ValidationError(_("Ce fichier est trop lourd : 5 Mo au plus."))
        return upload

    def clean_content(self) -> str:
        """
        Refuse what should be a file.

        :raises ValidationError: if the text is too long.
        """
        content: str = self.cleaned_data["content"]
        if len(content) > LONGEST_PASTED:
            raise forms.ValidationError(_("Ce texte est trop long pour être collé : choisissez plutôt le fichier."))
        return content

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two."""
        given = self.cleaned_data
        if not self.errors and given["file"] is None and not given["content"].strip():
            self.add_error("file", _("Choisissez un fichier, ou collez son contenu."))
        return given

    def read(self) -> bytes:
        """Return what was sent."""
        upload: UploadedFile[bytes] | None = self.cleaned_data["file"]
        return self.cleaned_data["content"].encode() if upload is None else upload.read()  # type: ignore[no-any-return]


@takes_files(megabytes=12)
@for_agents(Right.CONFIGURE)
def configuration(request: AgentRequest) -> HttpResponse:
    """Say what importing a file would do, or all that is wrong with it; nothing is written."""
    form = ImportForm(**sent_values(request))
    tried = (
        import_preview.try_file(form.read())
        if request.method == "POST" and form.is_valid()
        else import_preview.ImportPreview()
    )
    was_read = form.is_bound and form.is_valid()
    return _page(request, form, tried, was_read=was_read)


@takes_files(megabytes=12)
@for_agents(Right.CONFIGURE)
@require_POST
def configuration_import(request: AgentRequest) -> HttpResponse:
    """Import the file that was shown, unless the configuration moved since."""
    content = import_preview.find(request.POST.get("kept", ""))
    if content is None:
        messages.error(request, _("ce fichier n’est plus là : choisissez-le de nouveau. Rien n’est importé."))
        return redirect("crm:settings_configuration")
    seen = request.POST.get("seen", "")
    try:
        done = operations.import_file(tree=text.read(content), seen=seen, actor=request.actor, at=dates.now())
    except Refused as refused:
        return _page(
            request, ImportForm(), import_preview.ImportPreview(problems=list(refused.problems)), was_read=True
        )
    except operations.ConfigurationMoved:
        messages.warning(
            request,
            _("La configuration a changé entre-temps : rien n’est importé. Relisez ce qui change, puis importez."),
        )
        return _page(request, ImportForm(), import_preview.try_file(content), was_read=True)
    said = ngettext("%(n)d élément créé ou modifié.", "%(n)d éléments créés ou modifiés.", len(done.changes))
    messages.success(request, said % {"n": len(done.changes)})
    return redirect("crm:settings_configuration")


@for_agents(Right.CONFIGURE)
def configuration_file(request: AgentRequest) -> HttpResponse:
    """Give the whole configuration as a file."""
    return _file(
        queries.everything_as_dict(queries.take_snapshot()),
        f"obole-configuration-{dates.day_of(dates.now()).isoformat()}.json",
    )


@for_agents(Right.CONFIGURE)
def scheme_file(request: AgentRequest, pk: int) -> HttpResponse:
    """Give a dispositif as a file."""
    known = get_object_or_404(Scheme, pk=pk)
    return _file(queries.scheme_as_dict(queries.take_snapshot(), known), f"dispositif-{slugify(known.name)}.json")


@for_agents(Right.CONFIGURE)
def type_file(request: AgentRequest, pk: int) -> HttpResponse:
    """Give a type de facture as a file."""
    known = get_object_or_404(InvoiceType, pk=pk)
    return _file(queries.type_as_dict(queries.take_snapshot(), known), f"type-de-facture-{slugify(known.name)}.json")


def _page(
    request: AgentRequest, form: ImportForm, tried: import_preview.ImportPreview, *, was_read: bool
) -> HttpResponse:
    context = {"form": form, "tried": tried, "was_read": was_read, "back": settings_home()}
    return render_page(request, "crm/settings/configuration.html", context)


def _file(tree: Tree, name: str) -> HttpResponse:
    answer = HttpResponse(text.write(tree), content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer
