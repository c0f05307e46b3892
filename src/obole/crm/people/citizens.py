"""Usagers: who they are, what they asked for, what they owe and paid."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from obole.audit_log.models import Access
from obole.billing import queries as invoice_queries
from obole.billing.models import Invoice
from obole.crm.dossiers.dossier_table import DossierTable
from obole.crm.invoices.invoice_table import InvoiceTable
from obole.crm.money import payer_counter
from obole.crm.people import likeness
from obole.crm.shared import journal, scopes
from obole.crm.shared.pages import render_page
from obole.crm.shared.settings_pages import save
from obole.crm.shared.sidebar import sees_money
from obole.directory import operations as directory, queries
from obole.directory.access import AgentRequest, for_agents
from obole.directory.models import Citizen
from obole.directory.rules import Right
from obole.dossiers import queries as dossiers
from obole.lib import dates
from obole.mailing import operations as mailing, queries as mails
from obole.payments import display_status, queries as payments
from obole.personal_data import queries as personal_data
from obole.ui.forms import DayInput, NameField

FIRST_YEAR = 1900


class CitizenForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A citizen's names and ways to be reached. It is only read: the room writes."""

    class Meta:
        model = Citizen
        fields = (
            *("kind", "civility", "first_name", "last_name", "birth_date"),
            *("organisation", "email", "phone", "address", "language"),
        )
        field_classes = {"first_name": NameField, "last_name": NameField, "organisation": NameField}
        widgets = {"address": forms.Textarea(attrs={"rows": 3}), "birth_date": DayInput}
        help_texts = {
            "birth_date": gettext_lazy("Facultative : elle distingue deux personnes du même nom."),
            "email": gettext_lazy(
                "Sans adresse, l’usager ne reçoit aucun courriel : remettez-lui la facture sur papier."
            ),
            "organisation": gettext_lazy("Pour une association ou une entreprise."),
            "language": gettext_lazy(
                "En anglais partent les textes d’origine, traduits : pas ceux que vous avez écrits."
            ),
        }

    def clean(self) -> dict[str, Any]:
        """
        Ask an association or a company for its name, and refuse a birth that cannot be.

        :raises ValidationError: at the field.
        """
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        born = cleaned.get("birth_date")
        if born and not FIRST_YEAR <= born.year <= dates.day_of(dates.now()).year:
            raise ValidationError({"birth_date": gettext_lazy("Vérifiez l’année de naissance.")})
        if cleaned.get("kind") in (Citizen.Kind.ASSOCIATION, Citizen.Kind.COMPANY) and not cleaned.get("organisation"):
            raise ValidationError(
                {"organisation": gettext_lazy("Donnez la raison sociale, ou choisissez le profil « Particulier ».")}
            )
        return cleaned


class DeathForm(forms.Form):
    """When somebody died, and to whom letters go."""

    deceased_on = forms.DateField(label=gettext_lazy("Date du décès"), widget=DayInput)
    correspondent = forms.CharField(
        label=gettext_lazy("Correspondant"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Nom et adresse du notaire ou d’un héritier : ils remplacent l’adresse de la fiche."),
    )


MOST = 50


@for_agents(Right.READ)
def citizen(request: AgentRequest, pk: int) -> HttpResponse:
    """Show a citizen's file; one that was merged leads to the one that stays, for who may see that one."""
    moved = Citizen.objects.filter(pk=pk).exclude(merged_into=None).first()
    if moved is not None:
        return redirect("crm:citizen", pk=_seen(request, queries.last_file(moved).pk).pk)
    one = _seen(request, pk)
    journal.keep(request, Access.Verb.CITIZEN, one)
    mine_seen = Invoice.objects.of_payer(one).seen_by(request.agent)
    invoices = display_status.with_progress(
        mine_seen.select_related("type", "payer", "dossier").order_by("-issued_at", "-id")
    )
    hidden = ("payer", "regie", "period", "received_cents", "paid_at")
    mine = list(dossiers.dossiers_to_list(request.agent).filter(citizen=one).order_by("-submitted_at", "-id")[:MOST])
    context = {
        "citizen": one,
        **_acts(request, one),
        "due_cents": invoice_queries.sums(mine_seen).due,
        "invoices": InvoiceTable(
            list(invoices[:MOST]), today=dates.day_of(dates.now()), exclude=hidden, orderable=False
        ),
        "dossiers": DossierTable(mine, exclude=("citizen",), orderable=False),
        "receipts": payments.receipts_from(one).filter(invoice__in=mine_seen)[:MOST],
        "merged": personal_data.merged_into(one),
        "most": MOST,
    }
    return render_page(request, "crm/people/citizen.html", context)


def _acts(request: AgentRequest, citizen: Citizen) -> dict[str, Any]:
    """Return what the agent may do about somebody: change the file, write, open a dossier, take what they owe."""
    return {
        "mark": mails.mark_of(citizen.email),
        "holds": scopes.citizens_handled_by(request.agent, Citizen.objects.filter(pk=citizen.pk)).exists(),
        "may_apply": request.agent.may(Right.REVIEW) and not citizen.deceased_on,
        "owed_to": payer_counter.regies_owed(request, citizen) if sees_money(request.agent) else [],
    }


@for_agents(Right.REVIEW)
def citizen_new(request: AgentRequest) -> HttpResponse:
    """Open the file of somebody at the counter, who has no account."""
    form = CitizenForm(request.POST or None)
    valid = request.method == "POST" and form.is_valid()
    alike = likeness.found(request, form.instance) if valid else []
    if valid and likeness.are_told_apart(request, alike):
        made = directory.register_citizen(values=form.cleaned_data, actor=request.actor, at=dates.now())
        messages.success(request, _("la fiche est ouverte."))
        return redirect("crm:citizen", pk=made.pk)
    context = {"form": form, "citizen": None, "alike": alike, "asked_before": "told" in request.POST}
    return render_page(request, "crm/people/citizen_form.html", context)


@for_agents(Right.REVIEW)
def citizen_edit(request: AgentRequest, pk: int) -> HttpResponse:
    """Change a citizen's name, address or ways to be reached."""
    one = _held(request, pk)
    form = CitizenForm(request.POST or None, instance=one)
    if request.method == "POST" and form.is_valid():
        directory.update_citizen(citizen_id=pk, values=form.cleaned_data, actor=request.actor, at=dates.now())
        messages.success(request, _("la fiche est à jour. Les factures déjà émises gardent l’ancienne adresse."))
        return redirect("crm:citizen", pk=pk)
    return render_page(
        request, "crm/people/citizen_form.html", {"form": form, "citizen": _held(request, pk), "alike": []}
    )


@for_agents(Right.REVIEW)
def citizen_death(request: AgentRequest, pk: int) -> HttpResponse:
    """Record a death: no mail leaves any more, and what is owed stays due."""
    known = _held(request, pk)
    form = DeathForm(request.POST or None)
    if request.method == "POST" and save(form, lambda: _record_death(request, form, pk)):
        messages.success(request, _("le décès est noté : plus aucun courriel ne part, la dette reste."))
        return redirect("crm:citizen", pk=pk)
    return render_page(request, "crm/people/citizen_death.html", {"form": form, "citizen": known})


def _record_death(request: AgentRequest, form: DeathForm, pk: int) -> Citizen:
    return directory.record_death(citizen_id=pk, actor=request.actor, at=dates.now(), **form.cleaned_data)


@for_agents(Right.REVIEW)
@require_POST
def renew_claim_code(request: AgentRequest, pk: int) -> HttpResponse:
    """
    Give another code to a file without account; the one before is worth nothing any more.

    :raises Http404: for a file that has its account.
    """
    known = _held(request, pk)
    if known.user_id is not None:
        raise Http404
    directory.renew_claim_code(citizen_id=known.pk, actor=request.actor, at=dates.now())
    messages.success(request, _("le code est remplacé : celui des factures déjà émises ne sert plus."))
    return redirect("crm:citizen", pk=pk)


@for_agents(Right.REVIEW)
@require_POST
def citizen_trust(request: AgentRequest, pk: int) -> HttpResponse:
    """Let mails leave again to somebody, since the agent says that their address is good."""
    known = _held(request, pk)
    if mailing.trust_address(address=known.email, actor=request.actor, at=dates.now()):
        messages.success(request, _("les prochains courriels à %(to)s partiront.") % {"to": known.email})
    return redirect("crm:citizen", pk=pk)


def _held(request: AgentRequest, pk: int) -> Citizen:
    """Return somebody whose file the agent may change."""
    return get_object_or_404(scopes.citizens_handled_by(request.agent, Citizen.objects.select_related("user")), pk=pk)


def _seen(request: AgentRequest, pk: int) -> Citizen:
    return get_object_or_404(scopes.citizens_seen_by(request.agent, Citizen.objects.select_related("user")), pk=pk)
