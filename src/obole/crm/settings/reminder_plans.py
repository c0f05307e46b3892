"""The plan of reminders of a type de facture: its steps, each with its words, and what they give on real dates."""

from collections import Counter
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms.formsets import formset_factory
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy

from obole.billing import operations as billing
from obole.billing.models import Invoice, InvoiceType
from obole.billing.rules import reminder_plan
from obole.billing.rules.reminder_plan import MOST_STEPS, Step
from obole.crm.settings.mail_samples import SeenInvoiceField, hides_the_rest, preview, show_invoices_of, variables
from obole.crm.shared import charts
from obole.crm.shared.pages import render_page
from obole.crm.shared.settings_forms import SettingsForm
from obole.crm.shared.settings_pages import back_to, save, sent_values
from obole.directory import queries as directory
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates
from obole.mailing import operations as mail_operations, queries as mailing, rules as mail_rules
from obole.mailing.default_templates import KINDS, REMINDER
from obole.mailing.rules import sms as wording
from obole.reminders.queries import simulation
from obole.ui.forms import DayInput, EurosField, UnitInput
from obole.ui.plots import GroupedPlot

BEFORE, AFTER = "before", "after"
WHEN = [(AFTER, gettext_lazy("après l’échéance")), (BEFORE, gettext_lazy("avant l’échéance"))]
LISTED = 25


class StepForm(forms.Form):
    """One reminder; without a number of days it is none, and a known one that loses them is taken away."""

    days = forms.IntegerField(
        label=gettext_lazy("Jours"),
        min_value=0,
        max_value=reminder_plan.FARTHEST,
        required=False,
        widget=UnitInput(whole=True),
        error_messages={"invalid": gettext_lazy("Écrivez un nombre de jours, par exemple 7.")},
    )
    when = forms.ChoiceField(label=gettext_lazy("Quand"), choices=WHEN, initial=AFTER)
    subject = forms.CharField(label=gettext_lazy("Objet"), required=False, max_length=reminder_plan.LONGEST_SUBJECT)
    body = forms.CharField(
        label=gettext_lazy("Texte"),
        required=False,
        max_length=mail_rules.LONGEST_SOURCE,
        widget=forms.Textarea({"rows": 8}),
    )

    sms = forms.CharField(
        label=gettext_lazy("SMS, en plus"),
        required=False,
        max_length=reminder_plan.LONGEST_SMS,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy(
            "À qui a un portable, à côté du courriel ou de la lettre. Par exemple : {{ ville }} : votre facture"
            " {{ numero }} de {{ reste_du }} reste à payer. Détail dans votre espace."
        ),
    )

    mark_optional = False

    @property
    def step(self) -> Step | None:
        """What was typed, as a step; nothing without a number of days."""
        typed = self.cleaned_data
        if typed.get("days") is None:
            return None
        days = -typed["days"] if typed["when"] == BEFORE else typed["days"]
        body, text = (typed[name].replace("\r\n", "\n") for name in ("body", "sms"))
        return Step(days, typed["subject"], body, text)

    def clean(self) -> None:
        """Check the words, at the field where they stand; words without a day would be lost."""
        super().clean()
        typed = self.cleaned_data
        if (
            typed.get("days") is None
            and "days" not in self.errors
            and any(typed.get(name) for name in ("subject", "body", "sms"))
        ):
            self.add_error("days", _("Dites combien de jours : sinon ce texte ne servirait à rien."))
        step = self.step if not self.errors else None
        if step is not None:
            for sentence in reminder_plan.wrong_words(step):
                self.add_error("body", sentence)
            for sentence in reminder_plan.wrong_sms(step):
                self.add_error("sms", sentence)


StepFormSet = formset_factory(StepForm, extra=1, max_num=MOST_STEPS + 1)


class PlanForm(SettingsForm):
    """What holds for all the reminders of a type, and the day of an invoice to simulate."""

    reminder_minimum_cents = EurosField(
        label=gettext_lazy("Ne pas relancer en dessous de"),
        minimum=0,
        help_text=gettext_lazy("La facture reste due. 0 : toute somme est relancée."),
    )
    issued_on = forms.DateField(label=gettext_lazy("Simuler une facture émise le"), widget=DayInput, required=False)
    sample_invoice = SeenInvoiceField(label=gettext_lazy("Remplir les textes avec la facture n°"))

    class Meta:
        model = InvoiceType
        fields = (
            "reminder_open_days_only",
            "reminder_outside_school_holidays",
            "reminder_first_hour",
            "reminder_last_hour",
            "reminder_minimum_cents",
            "reminder_together",
            "reminder_joins_invoice",
        )


@dataclass(frozen=True)
class PlanPage:
    """Both forms, and the type as they would make it; as it is, while they are wrong."""

    kind: InvoiceType
    form: PlanForm
    steps: Any
    asked: InvoiceType

    @property
    def invoice(self) -> Invoice | None:
        """The invoice whose values fill the words, where one is asked for."""
        return self.form.cleaned_data.get("sample_invoice") if self.form.is_bound and self.form.is_valid() else None


@for_agents(Right.CONFIGURE)
def reminder_plan_page(request: AgentRequest, pk: int) -> HttpResponse:
    """Change the plan of a type de facture, or look at what it gives before it is kept."""
    kind = get_object_or_404(InvoiceType.objects.select_related("regie"), pk=pk)
    page = _read(request, kind)
    if request.method == "POST" and page.form.is_valid() and page.steps.is_valid():
        if "sample" in request.POST:
            return _send_sample(request, page)
        if not {"preview", "add"} & set(request.POST):
            done = save(page.form, lambda: _configure(request, page))
            if done:
                messages.success(request, _("le plan de relance de « %(name)s » est enregistré.") % {"name": done})
                return redirect("crm:settings_type_reminders", pk)
    return _show(request, page)


def _read(request: AgentRequest, kind: InvoiceType) -> PlanPage:
    form = PlanForm(**sent_values(request), instance=kind, initial={"issued_on": dates.day_of(dates.now())})
    show_invoices_of(form, request.agent)
    if request.method != "POST":
        return PlanPage(kind, form, StepFormSet(initial=_initial(kind), prefix="steps"), kind)
    steps = StepFormSet(_one_more(request), prefix="steps")
    asked = copy(kind)
    if form.is_valid() and steps.is_valid():
        for name, value in {**form.values, "reminder_steps": _typed(steps)}.items():
            setattr(asked, name, value)
        _check(form, asked)
    return PlanPage(kind, form, steps, asked if form.is_valid() and steps.is_valid() else kind)


def _typed(steps: Any) -> list[dict[str, Any]]:
    """Return the steps that were typed, as a type keeps them."""
    return reminder_plan.as_kept([form.step for form in steps if form.step is not None])


def _check(form: PlanForm, asked: InvoiceType) -> None:
    """Say what is wrong with the steps together, above the form: it is before anything is simulated."""
    try:
        reminder_plan.check(asked.reminder_steps, payment_term=asked.payment_term)
    except ValidationError as error:
        form.add_error(None, error)


def _one_more(request: AgentRequest) -> Any:
    """Return what was sent, with room for one more step where that is asked for."""
    if "add" not in request.POST:
        return request.POST
    more = request.POST.copy()
    total = more.get("steps-TOTAL_FORMS", "")
    more["steps-TOTAL_FORMS"] = str(int(total) + 1) if total.isdecimal() and len(total) <= 2 else total
    return more


def _initial(kind: InvoiceType) -> list[dict[str, Any]]:
    return [
        {
            "days": abs(step.days),
            "when": BEFORE if step.days < 0 else AFTER,
            "subject": step.subject,
            "body": step.body,
            "sms": step.sms,
        }
        for step in kind.steps
    ]


def _configure(request: AgentRequest, page: PlanPage) -> InvoiceType:
    values = {**page.form.values, "reminder_steps": page.asked.reminder_steps}
    return billing.configure_type(type_id=page.kind.pk, values=values, actor=request.actor, at=dates.now())


def _send_sample(request: AgentRequest, page: PlanPage) -> HttpResponse:
    """Send a step to who writes it, with sample values."""
    rank, to = request.POST["sample"], request.agent.user.email
    words = {str(n): mail for n, mail in enumerate(_mails(page), start=1)}.get(rank)
    if words is None:
        messages.error(request, _("Cette étape n’existe pas ou ne peut pas être remplie : corrigez-la d’abord."))
        return _show(request, page)
    kind = reminder_plan.kind_of(page.asked.steps, int(rank))
    if mail_operations.send_sample(words, kind=kind, to=to, at=dates.now()):
        messages.success(request, _("l’essai part à %(to)s.") % {"to": to})
    return _show(request, page)


def _mails(page: PlanPage) -> list[mail_rules.RenderedMail | None]:
    """Return each step as a payer would read it, with the values of an invoice or those of a sample."""
    mails, steps = [], page.asked.steps
    for rank, step in enumerate(steps, start=1):
        default = mailing.template_of(reminder_plan.kind_of(steps, rank))
        mails.append(preview(step.subject or default.subject, step.body or default.body, REMINDER, page.invoice))
    return mails


@dataclass(frozen=True)
class ShownSms:
    """An SMS as it is read, how many signs it has, and how many SMS it is paid as."""

    text: str
    signs: int
    count: int


def _sms(page: PlanPage) -> list[ShownSms | None]:
    """Return the SMS of each step, with the same values as the mails."""
    found: list[ShownSms | None] = []
    for step in page.asked.steps:
        mail = preview("", step.sms, REMINDER, page.invoice) if step.sms else None
        text = wording.plain(mail.text) if mail else ""
        found.append(ShownSms(text, len(text), wording.count(text)) if text else None)
    return found


def _show(request: AgentRequest, page: PlanPage) -> HttpResponse:
    today = dates.day_of(dates.now())
    issued_on = (page.form.cleaned_data.get("issued_on") if page.form.is_bound else None) or today
    drawn = simulation.draw(page.asked, issued_on)
    steps, mails, texts = page.asked.steps, _mails(page), _sms(page)
    labels = [KINDS[reminder_plan.kind_of(steps, rank)].label for rank in range(1, len(steps) + 1)]
    shown = list(zip(labels, mails, texts, strict=True))
    rows = [(step, *shown[step.rank - 1]) for step in drawn.steps]
    context = {
        "title": _("Plan de relance – %(type)s") % {"type": page.kind},
        "back": back_to("settings_type", str(page.kind), page.kind.pk),
        "form": page.form,
        "steps": page.steps,
        "type": page.kind,
        "early": [row for row in rows if row[0].day <= drawn.due_date],
        "late": [row for row in rows if row[0].day > drawn.due_date],
        "plan": drawn,
        "sms_kept": not settings.SMS_URL and any(texts),
        "zone": directory.the_authority().school_zone,
        "silent": [step for step in steps if hides_the_rest(step.subject + step.body)],
        "variables": variables(REMINDER),
        **_coming(page, labels, today),
    }
    return render_page(request, "crm/settings/reminder_plan.html", context)


def _coming(page: PlanPage, labels: Sequence[Any], today: date) -> dict[str, Any]:
    """Return what leaves in the next days: the first ones, how many, in how many mails and letters, and their plot."""
    coming = list(simulation.upcoming(page.asked, today))
    return {
        "coming": [(one, labels[one.rank - 1]) for one in coming[:LISTED]],
        "coming_count": len(coming),
        "sendings": _sendings(coming) if page.asked.reminder_together else len(coming),
        "plot": _plot(page, coming, today) if coming else None,
    }


def _sendings(coming: Sequence[simulation.Upcoming]) -> int:
    """Count the mails and letters of these reminders, where those of a payer and a day go in one mail."""
    return len({(one.day, one.invoice.payer_id if one.invoice.payer.email else -one.invoice.pk) for one in coming})


def _plot(page: PlanPage, coming: Sequence[simulation.Upcoming], today: date) -> GroupedPlot:
    """Draw how many leave each week, with the plan in force beside the one that was typed."""
    weeks = [today + timedelta(days=7 * n) for n in range(1 + simulation.DAYS_AHEAD // 7)]
    series = {_("Ce plan"): _by_week(coming, today, len(weeks))}
    if page.asked is not page.kind:
        now = simulation.upcoming(page.kind, today)
        series = {_("Plan en vigueur"): _by_week(now, today, len(weeks)), **series}
    title = _("Relances des %(n)s prochains jours") % {"n": simulation.DAYS_AHEAD}
    return charts.by_week_side_by_side(title, weeks, series)


def _by_week(coming: Any, today: date, count: int) -> list[int]:
    found = Counter((one.day - today).days // 7 for one in coming)
    return [found[week] for week in range(count)]
