"""« Tarification par fichier »: a pricing tried before it is published, and its versions to be downloaded."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _, gettext_lazy

from obole.catalogue import operations, queries
from obole.catalogue.models import PricingVersion, Scheme
from obole.configuration.rules import text
from obole.crm.shared import form_pricing_gaps, pricing_changes
from obole.crm.shared.pages import render_page
from obole.crm.shared.settings_pages import back_to, sent_values
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.pricing.diff import pricing_diff
from obole.pricing.model.parts import Pricing
from obole.pricing.model.problems import Refused
from obole.pricing.text import codec
from obole.ui.bodies import takes_files

MOST_BYTES = 1_000_000
"""A hundred times a large town's grid."""


class PricingForm(forms.Form):
    """
    A file, or its text. What a file holds is put in the text, so that whatever is wrong can be mended on the page.
    """

    file = forms.FileField(
        label=gettext_lazy("Fichier"),
        required=False,
        widget=forms.FileInput({"accept": ".json,application/json"}),
        help_text=gettext_lazy(
            "Un fichier .json, comme celui qui se télécharge ici. Il prend la place du texte ci-dessous."
        ),
    )
    content = forms.CharField(
        label=gettext_lazy("Contenu"),
        required=False,
        strip=False,
        widget=forms.Textarea(
            {"rows": 18, "class": "code", "spellcheck": "false", "autocomplete": "off", "wrap": "off"}
        ),
    )
    replaces = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=10**9)

    def __init__(self, data: Any = None, files: Any = None, *, number: int) -> None:
        self._unreadable = ""
        upload: UploadedFile[bytes] | None = (files or {}).get("file")
        self._sent = None if data is None else data.copy()
        if self._sent is not None and upload is not None:
            self._sent["content"] = self._text(upload) or data.get("content", "")
        # The file was read: it is not sent back, its text is.
        super().__init__(self._sent, initial={"replaces": number})
        self.described: Any = None

    def _text(self, upload: "UploadedFile[bytes]") -> str:
        if (upload.size or 0) > MOST_BYTES:
            self._unreadable = _("Ce fichier est trop lourd : 1 Mo au plus.")
            return ""
        content: bytes = upload.read()
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            self._unreadable = _("Ce fichier n’est pas du texte en UTF-8 : est-ce bien le bon ?")
            return ""

    def clean(self) -> None:
        """Read the JSON; where it cannot be read is said by line and column."""
        super().clean()
        if self._unreadable:
            self.add_error("file", self._unreadable)
            return
        content = self.cleaned_data.get("content", "")
        if len(content) > MOST_BYTES:
            self.add_error("content", _("Ce texte est trop long : un million de caractères au plus."))
            return
        try:
            self.described = text.read(content.encode())
        except Refused as refusal:
            for problem in refusal.problems:
                self.add_error(
                    "content", f"{problem.path}\u00a0: {problem.message}" if problem.path else problem.message
                )

    def shows(self, number: int) -> None:
        """Make the page speak of this version from now on: the one in force."""
        if self._sent is not None:
            self._sent["replaces"] = str(number)


def as_text(pricing: Pricing) -> str:
    """Write a pricing for people to read and mend, in the order of its description."""
    return json.dumps(codec.as_dict(pricing), ensure_ascii=False, indent=2) + "\n"


@takes_files(megabytes=12)
@for_agents(Right.CONFIGURE)
def pricing(request: AgentRequest, pk: int) -> HttpResponse:
    """Try a pricing: all that is wrong with it, or all that it would change; then publish it."""
    scheme = get_object_or_404(Scheme, pk=pk)
    current = queries.current_pricing(scheme)
    form = PricingForm(**sent_values(request), number=current.number if current else 0)
    if request.method == "POST" and form.is_valid() and "publier" in request.POST:
        try:
            return _publish(request, scheme, form, current)
        except Refused:
            form.add_error(None, _("Rien n’est publié : corrigez d’abord ce qui suit."))
        except operations.PricingMoved:
            form.add_error(
                None, _("Une autre version a été publiée entre-temps : relisez ce qui change, puis publiez.")
            )
    tried = _try(form, current) if form.described is not None else {"problems": [], "difference": None}
    form.shows(current.number if current else 0)
    context = {"form": form, "scheme": scheme, "current": current}
    back = back_to("settings_pricing", _("Tarification"), scheme.pk)
    return render_page(request, "crm/pricing_editor/file.html", {**context, **tried, "back": back})


@for_agents(Right.CONFIGURE)
def pricing_file(request: AgentRequest, pk: int) -> HttpResponse:
    """Give a version as the file that can be published again."""
    version = get_object_or_404(PricingVersion.objects.select_related("scheme"), pk=pk)
    text = as_text(queries.compiled_pricing_of(version).pricing)
    answer = HttpResponse(text, content_type="application/json; charset=utf-8")
    name = f"tarification-{slugify(version.scheme.name)}-v{version.number}.json"
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer


def _publish(request: AgentRequest, scheme: Scheme, form: PricingForm, before: PricingVersion | None) -> HttpResponse:
    seen = form.cleaned_data["replaces"]
    done = operations.publish_pricing(
        scheme_id=scheme.pk, described=form.described, actor=request.actor, at=dates.now(), replaces=seen
    )
    if before is not None and done.pk == before.pk:
        said = _("rien n’a changé : la version %(number)d reste en service.")
    else:
        said = _("la version %(number)d de la tarification est publiée. Les factures déjà émises gardent la leur.")
    messages.success(request, said % {"number": done.number})
    form_pricing_gaps.warn(request, scheme)
    return redirect("crm:settings_pricing", scheme.pk)


def _try(form: PricingForm, current: PricingVersion | None) -> dict[str, Any]:
    """Read and check what was sent: its problems, or what it changes."""
    try:
        read = operations.read_pricing(form.described)
    except Refused as refusal:
        return {"problems": refusal.problems, "difference": None}
    before = queries.compiled_pricing_of(current).pricing if current else Pricing()
    return {"problems": [], "difference": pricing_changes.version_rows(pricing_diff.diff_pricings(before, read))}
