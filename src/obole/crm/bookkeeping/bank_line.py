"""One line of the bank: what it seems to be, what a person says that it is, and undoing that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy

from obole.bank_statements import operations, queries, states, wording
from obole.bank_statements.models import BankLine, Match
from obole.bank_statements.rules.pool import fingerprint
from obole.cash_desk.models import Deposit
from obole.crm.bookkeeping.line_tables import line_badge, proposal_of
from obole.crm.shared.ledger_entries import entry_rows
from obole.crm.shared.pages import conflict_response, regies_acted_on, render_page
from obole.directory.access import AgentRequest, for_agents
from obole.directory.rules import Right
from obole.lib import dates, money
from obole.lib.actors import Actor
from obole.lib.states import ForbiddenTransition
from obole.payments import operations as payments
from obole.payments.models import Receipt
from obole.regies.models import Entry, Regie
from obole.remittances.models import Remittance

SHOWN = 200


class AcceptForm(forms.Form):
    """What the person saw of the proposal."""

    seen = forms.CharField(widget=forms.HiddenInput)


class ReceiptsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Receipts to tick, each with what tells it from the others."""

    def label_from_instance(self, obj: Receipt) -> str:
        """Write the amount, the day, the means, the number, and who paid."""
        who = obj.invoice.payer.display_name if obj.invoice else obj.payer_name
        words = (money.euros(obj.cents), dates.format_short(dates.day_of(obj.received_at)), obj.get_means_display())
        return " – ".join(part for part in (*words, obj.number, who) if part)


class ChooseForm(forms.Form):
    """Which receipts a line is."""

    receipts = ReceiptsField(
        label=gettext_lazy("Encaissements"),
        queryset=Receipt.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Cochez au moins un encaissement.")},
    )

    def __init__(self, *args: Any, line: BankLine, text: str, **options: Any) -> None:
        super().__init__(*args, **options)
        offered = queries.candidates(line, text=text)
        rows = Receipt.objects.filter(pk__in=[item.pk for item in offered]).select_related("invoice__payer")
        self.fields["receipts"].queryset = rows.order_by("-received_at", "-id")  # type: ignore[attr-defined]
        self.is_empty = not offered


class ClassifyForm(forms.Form):
    """Who paid, as far as the label says."""

    payer_name = forms.CharField(label=gettext_lazy("Payé par"), required=False, max_length=120)
    reference = forms.CharField(
        label=gettext_lazy("Référence"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("Le libellé du virement si vous n’écrivez rien."),
    )


class SlipForm(forms.Form):
    """Which remise a credit is, which versement a debit is."""

    slip = forms.TypedChoiceField(
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choisissez-en un."),
            "invalid_choice": gettext_lazy("Ce choix n’est plus possible : la banque le montre déjà ailleurs."),
        },
    )

    def __init__(self, *args: Any, line: BankLine, **options: Any) -> None:
        super().__init__(*args, **options)
        proposed = _slip(None, line)
        found = [slip for slip in queries.slips(line) if slip != proposed]
        self.is_empty = not found
        field = self.fields["slip"]
        field.label = _("Remises de ce montant") if line.cents > 0 else _("Versements de ce montant")
        field.choices = [(item.pk, _slip_name(item)) for item in found]  # type: ignore[attr-defined]


def _slip_name(slip: Deposit | Remittance) -> str:
    at = slip.prepared_at if isinstance(slip, Deposit) else slip.signed_at
    what = (slip.get_kind_display(),) if isinstance(slip, Deposit) else ()
    return " – ".join((slip.number, dates.format_short(dates.day_of(at)), *what, slip.get_state_display()))


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=gettext_lazy("Motif"),
        max_length=300,
        error_messages={"required": gettext_lazy("Écrivez pourquoi : qui relira les comptes le lira.")},
    )


@dataclass(frozen=True)
class Step:
    """Something that may be done with a line now."""

    action: str
    title: str
    text: str
    button: str
    form: forms.Form | None = None
    main: bool = False


@for_agents(Right.MONEY)
def bank_line(request: AgentRequest, pk: int, line_pk: int) -> HttpResponse:
    """Show a line, and do what is asked."""
    regie = get_object_or_404(Regie.objects.seen_by(request.agent), pk=pk)
    line = get_object_or_404(BankLine.objects.filter(regie=regie).select_related("statement"), pk=line_pk)
    acts = regie.pk in regies_acted_on(request)
    steps = _steps(line, request, acts=acts)
    if request.method == "POST":
        if not acts:
            raise Http404
        done = _do(request, line, steps)
        if done is not None:
            return done
    return render_page(request, "crm/bookkeeping/bank_line.html", _context(request, regie, line, steps))


def _context(request: AgentRequest, regie: Regie, line: BankLine, steps: list[Step]) -> dict[str, Any]:
    told = list(queries.matches(line))
    standing = next((match for match in told if match.undone_at is None), None)
    receipts = list(queries.receipts_of(standing)[: SHOWN + 1]) if standing else _proposed(line)
    ids = [pk for match in told for pk in (match.entry_id, match.undone_entry_id) if pk]
    entries = Entry.objects.filter(pk__in=ids).prefetch_related("lines").order_by("number")
    return {
        "regie": regie,
        "line": line,
        "pill": line_badge(line),
        "steps": steps,
        "search": request.GET.get("q", ""),
        "proposal": proposal_of(line),
        "match": standing,
        "slip": _slip(standing, line),
        "why": _why(standing) if standing else "",
        "undone": [(match, _why(match)) for match in told if match.undone_at],
        "receipts": receipts[:SHOWN],
        "more": len(receipts) > SHOWN,
        "entries": entry_rows(entries),
    }


def _slip(match: Match | None, line: BankLine) -> Deposit | Remittance | None:
    """Return the remise or the versement that a line is, or seems to be."""
    if match is not None:
        return match.deposit or match.remittance
    said = line.proposal or {}
    if said.get("deposit"):
        return Deposit.objects.filter(pk=said["deposit"]).first()
    return Remittance.objects.filter(pk=said["remittance"]).first() if said.get("remittance") else None


def _why(match: Match) -> str:
    return wording.reason(match.why["why"], match.why["words"])


def _proposed(line: BankLine) -> list[Receipt]:
    ids = line.proposal["receipts"] if line.proposal else []
    rows = Receipt.objects.filter(pk__in=ids).select_related("invoice", "attempt", "reversal")
    return list(rows.order_by("received_at", "id")[: SHOWN + 1])


def _steps(line: BankLine, request: AgentRequest, *, acts: bool) -> list[Step]:
    if not acts:
        return []
    sent = request.POST if request.method == "POST" else None

    def options(action: str) -> dict[str, Any]:
        return {"data": sent if sent and sent.get("action") == action else None, "auto_id": f"id_{action}_%s"}

    if states.UNDO.allows(line):
        text = _("Ce qui a été écrit pour cette ligne est écrit en sens inverse, et elle est de nouveau à rapprocher.")
        return [Step("undo", _("Défaire"), text, _("Défaire le rapprochement"), ReasonForm(**options("undo")))]
    if states.REOPEN.allows(line):
        return [Step("reopen", _("Reprendre"), _("La ligne est de nouveau à rapprocher."), _("Reprendre la ligne"))]
    return _open_steps(line, request.GET.get("q", ""), options) if states.MATCH.allows(line) else []


def _open_steps(line: BankLine, text: str, options: Callable[[str], dict[str, Any]]) -> list[Step]:
    steps = []
    if line.proposal:
        form = AcceptForm(**options("accept"), initial={"seen": fingerprint(line.proposal)})
        steps.append(Step("accept", _("Accepter"), proposal_of(line), _("Accepter"), form, main=True))
    chosen = ChooseForm(**options("choose"), line=line, text=text)
    slip = SlipForm(**options("slip"), line=line)
    if not slip.is_empty:
        said = _("Ce qui a été remis à la banque est crédité d’un coup, avec ses chèques ou ses espèces.")
        if line.cents < 0:
            said = _("La somme signée quitte le compte DFT : elle n’est plus en recettes versées.")
        title = _("Une remise à la banque") if line.cents > 0 else _("Un versement au comptable")
        steps.append(Step("slip", title, said, _("Rapprocher"), slip))
    if line.cents > 0:
        said = _("Cochez ceux qui font cette ligne : leur somme doit être son montant, au centime près.")
        steps.append(Step("choose", _("Choisir les encaissements"), said, _("Rapprocher ces encaissements"), chosen))
        said = _("Personne ne sait de quelle facture il s’agit : la somme reçoit un numéro de quittance et une tâche.")
        unknown = ClassifyForm(**options("classify"))
        steps.append(Step("classify", _("Recettes à classer"), said, _("Mettre en recettes à classer"), unknown))
    else:
        said = _("L’encaissement choisi est repris : ce qu’il payait est de nouveau à payer, son payeur est prévenu.")
        steps.append(Step("choose", _("Rejet ou impayé"), said, _("Rapprocher ce rejet"), chosen))
        said = _("La banque a pris une commission : elle attend en dépenses à régulariser.")
        steps.append(Step("fees", _("Commission de la banque"), said, _("C’est une commission")))
    said = _("La ligne n’est l’affaire de personne ici : elle reste listée, avec son motif.")
    ignored = ReasonForm(**options("ignore"))
    return [*steps, Step("ignore", _("Laisser de côté"), said, _("Laisser de côté"), ignored)]


def _do(request: AgentRequest, line: BankLine, steps: list[Step]) -> HttpResponse | None:
    """Do what was sent; None if its form must be shown again."""
    step = next((step for step in steps if step.action == request.POST.get("action")), None)
    if step is None:
        sentence = _("Cette ligne a changé entre-temps : rien n’a été enregistré. Regardez où elle en est.")
        return conflict_response(request, sentence, request.path)
    if step.form is not None and not step.form.is_valid():
        return None
    try:
        _act(line.pk, step.action, step.form.cleaned_data if step.form else {}, actor=request.actor)
    except ForbiddenTransition:
        sentence = _("Cette ligne a changé entre-temps : rien n’a été enregistré. Regardez où elle en est.")
        return conflict_response(request, sentence, request.path)
    except (operations.NotMatched, operations.AccountTooLow, operations.NotUndone) as refusal:
        return conflict_response(request, str(refusal), request.path)
    except payments.MoneyNotTaken:
        return conflict_response(request, _("La régie est désactivée : elle ne peut rien encaisser."), request.path)
    messages.success(request, _("c’est enregistré."))
    return redirect("crm:bank_line", pk=line.regie_id, line_pk=line.pk)


def _act(line_id: int, action: str, given: Mapping[str, Any], *, actor: Actor) -> None:
    who: dict[str, Any] = {"line_id": line_id, "actor": actor, "at": dates.now()}
    if action == "accept":
        operations.accept_line(seen=given["seen"], **who)
    elif action == "choose":
        operations.choose_receipts(receipt_ids=[item.pk for item in given["receipts"]], **who)
    elif action == "slip":
        operations.choose_slip(slip_id=given["slip"], **who)
    elif action == "classify":
        operations.classify_line(payer_name=given["payer_name"], reference=given["reference"], **who)
    elif action == "fees":
        operations.mark_fees(**who)
    elif action == "ignore":
        operations.ignore_line(reason=given["reason"], **who)
    elif action == "reopen":
        operations.reopen_line(**who)
    else:
        operations.undo_match(reason=given["reason"], **who)
