"""
The builder of a dispositif's form: a draft that is changed at leisure, then published; dossiers keep their version.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from obole.audit_log import queries as audit_log
from obole.catalogue import operations, queries
from obole.catalogue.fields import HOLDERS, FieldKind, FormField
from obole.catalogue.forms import checking, condition_texts, editing, rows
from obole.catalogue.forms.questionnaire import Questionnaire
from obole.catalogue.models import FormDraft, FormVersion, Scheme
from obole.crm.form_editor.forms import FieldForm
from obole.crm.shared import form_pricing_gaps
from obole.crm.shared.pages import conflict_response, render_page
from obole.crm.shared.settings_pages import back_to
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.dossiers.models import Dossier
from obole.lib import dates

DEFAULTS: dict[str, dict[str, Any]] = {FieldKind.DECIMAL: {"decimals": 2}, FieldKind.SECTION: {"required": False}}


@dataclass(frozen=True)
class EditorSession:
    """A form that is being looked at: the draft if there is one, else the version in force."""

    scheme: Scheme
    draft: FormDraft | None
    version: FormVersion | None

    @property
    def fields(self) -> tuple[FormField, ...]:
        """Its fields."""
        shown = self.draft or self.version
        return shown.form_fields if shown else ()

    @property
    def revision(self) -> int:
        """What a change of it must name."""
        return self.draft.revision if self.draft else 0

    @property
    def taken(self) -> set[str]:
        """The keys that no new field may have."""
        return queries.past_keys(self.scheme) | {field.key for field in self.fields}


@for_agents(Right.CONFIGURE)
def form_fields(request: AgentRequest, pk: int) -> HttpResponse:
    """Show the fields, in their order, and the form as the citizen sees it."""
    work = _work(pk)
    labels = condition_texts.labels_of(work.fields)
    context = {
        "work": work,
        "rows": [_row(field, labels) for field in work.fields],
        "problems": checking.check(work.fields) if work.draft else [],
        "preview": Questionnaire(fields=work.fields),
        "versions": _versions(work.scheme),
        "dossier_count": Dossier.objects.filter(scheme=work.scheme).count(),
        "back": back_to("settings_scheme", work.scheme.name, pk),
    }
    return render_page(request, "crm/form_editor/fields.html", context)


@for_agents(Right.CONFIGURE)
@require_POST
def form_change(request: AgentRequest, pk: int) -> HttpResponse:
    """Move a field, copy it or take it away."""
    work = _work(pk)
    verb, key = next(((verb, request.POST[verb]) for verb in CHANGES if verb in request.POST), ("", ""))
    if editing.find(work.fields, key) is None:
        return _moved(request, pk)
    return _keep(request, work, CHANGES[verb](work, key), to=f"#champ-{key}" if verb != "retirer" else "#champs")


@for_agents(Right.CONFIGURE)
def form_field(request: AgentRequest, pk: int, key: str) -> HttpResponse:
    """Change a field; ``?type=`` shows what another kind of it would be."""
    work = _work(pk)
    field = editing.find(work.fields, key)
    if field is None:
        raise Http404(key)
    return _edit(request, work, replace(field, kind=_kind(request, field.kind)), after="")


@for_agents(Right.CONFIGURE)
def form_field_new(request: AgentRequest, pk: int) -> HttpResponse:
    """Choose a kind of field, then describe it."""
    work, after = _work(pk), request.GET.get("apres", "")
    kind = _kind(request, "")
    if not kind:
        context = {"work": work, "kinds": FieldKind.choices, "after": after, "back": _back(work)}
        return render_page(request, "crm/form_editor/kinds.html", context)
    near = editing.find(work.fields, after)
    group = ""
    if near is not None and kind not in {FieldKind.GROUP, FieldKind.SECTION}:
        group = near.key if near.kind == FieldKind.GROUP else near.group
    return _edit(
        request, work, FormField(key="", label="", kind=kind, group=group, **DEFAULTS.get(kind, {})), after=after
    )


@for_agents(Right.CONFIGURE)
@require_POST
def form_publish(request: AgentRequest, pk: int) -> HttpResponse:
    """Make the draft the form in force."""
    revision = _revision(request)
    try:
        done = operations.publish_draft(scheme_id=pk, revision=revision, actor=request.actor, at=dates.now())
    except Scheme.DoesNotExist as error:
        raise Http404(pk) from error
    except operations.DraftMoved:
        return _moved(request, pk)
    except ValidationError as error:
        messages.error(request, _("Le formulaire n’est pas publié : %(why)s") % {"why": " ".join(error.messages)})
        return redirect("crm:settings_form", pk)
    said = _("la version %(number)d du formulaire est publiée. Les dossiers déjà déposés gardent la leur.")
    messages.success(request, said % {"number": done.number})
    form_pricing_gaps.warn(request, done.scheme)
    return redirect("crm:settings_scheme", pk)


@for_agents(Right.CONFIGURE)
@require_POST
def form_discard(request: AgentRequest, pk: int) -> HttpResponse:
    """Give the draft up."""
    try:
        operations.discard_draft(scheme_id=pk, revision=_revision(request), actor=request.actor, at=dates.now())
    except Scheme.DoesNotExist as error:
        raise Http404(pk) from error
    except operations.DraftMoved:
        return _moved(request, pk)
    messages.success(request, _("Vos modifications sont abandonnées : le formulaire publié reste en service."))
    return redirect("crm:settings_form", pk)


@for_agents(Right.CONFIGURE)
def form_preview(request: AgentRequest, pk: int, number: int = 0) -> HttpResponse:
    """Try the form that is being worked on, or look at one of its versions; nothing of what is typed is kept."""
    work = _work(pk)
    version = get_object_or_404(FormVersion, scheme=work.scheme, number=number) if number else None
    data, _files = rows.change_rows(request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = Questionnaire(data, fields=version.form_fields if version else work.fields)
    is_asked = request.method == "POST" and rows.is_row_request(request.POST)
    right = not is_asked and form.is_bound and form.is_valid()
    if is_asked:
        form.forgive()
    context = {"work": work, "version": version, "form": form, "right": right, "back": _back(work)}
    return render_page(request, "crm/form_editor/preview.html", context)


def _edit(request: AgentRequest, work: EditorSession, field: FormField, *, after: str) -> HttpResponse:
    form = FieldForm(request.POST if request.method == "POST" else None, field=field, form=work.fields)
    if request.method == "POST" and form.is_valid():
        made = form.described()
        made = made if made.key else replace(made, key=editing.new_key(made.label, work.taken))
        return _keep(request, work, editing.put(work.fields, made, after=after), to=f"#champ-{made.key}")
    context = {"work": work, "form": form, "field": field, "after": after, "kinds": _kinds(field), "back": _back(work)}
    return render_page(request, "crm/form_editor/field.html", context)


def _keep(request: AgentRequest, work: EditorSession, fields: Sequence[FormField], *, to: str) -> HttpResponse:
    pk = work.scheme.pk
    try:
        operations.edit_form(
            scheme_id=pk, fields=fields, revision=_revision(request), actor=request.actor, at=dates.now()
        )
    except operations.DraftMoved:
        return _moved(request, pk)
    return redirect(reverse("crm:settings_form", args=[pk]) + to)


def _work(pk: int) -> EditorSession:
    scheme = get_object_or_404(Scheme, pk=pk)
    return EditorSession(scheme, queries.form_draft(scheme), queries.current_form(scheme))


def _revision(request: HttpRequest) -> int:
    said = request.POST.get("revision", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else -1


def _moved(request: HttpRequest, pk: int) -> HttpResponse:
    said = _("Ce formulaire a changé entre-temps : rien n’a été enregistré. Regardez où il en est avant de continuer.")
    return conflict_response(request, said, reverse("crm:settings_form", args=[pk]))


def _kind(request: HttpRequest, known: str) -> str:
    said = request.GET.get("type", "")
    return said if said in FieldKind.values else known


def _kinds(field: FormField) -> list[tuple[str, str]]:
    """Return the kinds that a field may become: what holds others stays so."""
    return (
        []
        if field.is_holder or not field.key
        else [(item.value, str(item.label)) for item in FieldKind if item not in HOLDERS]
    )


def _back(work: EditorSession) -> object:
    return back_to("settings_form", _("Formulaire"), work.scheme.pk)


def _row(field: FormField, labels: Mapping[str, str]) -> dict[str, object]:
    return {
        "field": field,
        "kind": FieldKind(field.kind).label if field.kind in FieldKind.values else field.kind,
        "when": " ".join(
            said
            for said in (condition_texts.shown_if(field, labels), condition_texts.required_if(field, labels))
            if said
        ),
    }


def _versions(scheme: Scheme) -> list[dict[str, object]]:
    """Return the versions, newest first, with who published each."""
    said = audit_log.about(scheme).filter(verb="scheme.publish_form")
    who = {record.details.get("version"): record.actor for record in said}
    counts = dict(Dossier.objects.filter(scheme=scheme).order_by().values_list("form").annotate(n=Count("id")))
    versions = FormVersion.objects.filter(scheme=scheme).order_by("-number")
    return [
        {"version": version, "actor": who.get(version.number, ""), "dossiers": counts.get(version.pk, 0)}
        for version in versions
    ]


def _copied(work: EditorSession, key: str) -> list[FormField]:
    return editing.duplicate(work.fields, key, work.taken, label=_("%(label)s (copie)"))


CHANGES: dict[str, Callable[[EditorSession, str], list[FormField]]] = {
    "monter": lambda work, key: editing.move(work.fields, key, down=False),
    "descendre": lambda work, key: editing.move(work.fields, key, down=True),
    "dupliquer": _copied,
    "retirer": lambda work, key: editing.remove(work.fields, key),
}
