"""What may be decided now about what waits, doing it, and saying why it was refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

from obole.billing import operations as billing, queries as bills
from obole.billing.models import Invoice
from obole.crm.money.anomaly_forms import ApplyForm, GiveForm, HandOverForm, KeepForm, NoteForm, RebillForm, RefundForm
from obole.crm.money.anomaly_list import Task
from obole.directory.models import Agent
from obole.lib import dates, money
from obole.lib.actors import Actor
from obole.payments import operations as payments, queries
from obole.payments.models import Anomaly, Receipt, Refund
from obole.payments.operations import NotApplicable, SuspenseObstacle, TooMuch

MOST_CHOICES = 50
PAYEES = {"refund": Refund.Payee.PAYER, "hand_over": Refund.Payee.TREASURY}
PLAIN_REFUSALS: dict[type[Exception], Promise] = {
    payments.NotTheComptables: gettext_lazy(
        "Cette facture n’est plus chez le comptable : imputez la somme, ou remboursez-la."
    ),
    payments.CannotAct: gettext_lazy("Cet agent n’a pas de mandat pour cette régie."),
    payments.TaskEnded: gettext_lazy("Quelqu’un l’a traité entre-temps."),
}
REFUSALS: tuple[type[Exception], ...] = (
    *PLAIN_REFUSALS,
    NotApplicable,
    TooMuch,
    payments.AccountUnusable,
    payments.MoneyWaits,
    payments.NoteMissing,
    payments.SamePerson,
    billing.NotBillable,
)


@dataclass(frozen=True)
class AnomalyAction:
    """A lawful outcome, and the form that asks for it."""

    action: str
    title: str
    text: str
    button: str
    form: forms.Form


@dataclass(frozen=True)
class SearchContext:
    """What the agent is after: the words of a search, and the id of the invoice that they came from."""

    search: str = ""
    invoice: int | None = None


def actions_for(task: Task, *, looked: SearchContext, data: Mapping[str, Any] | None) -> list[AnomalyAction]:
    """Return the outcomes that are lawful now; ``data``: what was sent for one of them."""
    makers: list[Callable[..., AnomalyAction | None]] = [_hand_over, _apply, _rebill, _refund, _keep, _note, _give]
    sent = data.get("action") if data is not None else None
    made = []
    for maker in makers:
        action = maker.__name__.removeprefix("_")
        options = {"data": data if sent == action else None, "auto_id": f"id_{action}_%s"}
        offer = maker(task, looked, options)
        if offer is not None:
            made.append(offer)
    return made


def decide(task: Task, offer: AnomalyAction, *, actor: Actor, at: datetime) -> str:
    """
    Do what the form of an offer asks, and say it.

    :raises Exception: one of ``REFUSALS``.
    """
    given = offer.form.cleaned_data
    receipt = task.receipt
    who: dict[str, Any] = {"actor": actor, "at": at}
    if offer.action == "give":
        return _given(task, given["agent"], **who)
    if offer.action == "apply" and receipt:
        cents = payments.apply_receipt(
            receipt_id=receipt.pk,
            invoice_id=given["invoice"],
            cents=given["amount"],
            reason=given["reason"],
            # A key belongs to its receipt and its invoice: nobody can hand in another's.
            request_key=f"{receipt.pk}:{given['invoice']}:{given['request_key']}",
            **who,
        )
        return _("%(amount)s sont imputés sur la facture %(number)s.") % {
            "amount": money.euros(cents),
            "number": _number_of(offer.form, given["invoice"]),
        }
    if offer.action == "rebill" and receipt:
        invoice = payments.rebill_receipt(
            receipt_id=receipt.pk, invoice_id=_to_rebill(task).pk, reason=given["reason"], **who
        )
        return _("la facture est refaite sous le numéro %(number)s, et la somme y est imputée.") % {"number": invoice}
    if offer.action in PAYEES and receipt:
        payments.request_refund(
            receipt_id=receipt.pk,
            cents=given["amount"],
            reason=given["reason"],
            account=payments.PayeeAccount(iban=given["iban"], holder=given["holder"]) if "iban" in given else None,
            request_key=f"{receipt.pk}:{given['request_key']}",
            payee=PAYEES[offer.action],
            **who,
        )
        if offer.action == "hand_over":
            return _(
                "le reversement est demandé. Une autre personne doit l’approuver, puis le virement part au comptable."
            )
        return _("le remboursement est demandé. Une autre personne doit l’approuver, puis le comptable le paie.")
    note = given["reason"] if offer.action == "keep" else given["note"]
    payments.close_anomaly(anomaly_id=task.anomaly.pk, note=note, keep=offer.action == "keep", **who)
    return _("c’est noté, et gardé avec votre nom.")


def refuse(form: forms.Form, refusal: Exception) -> None:
    """Write at a form why the room refused, and how to mend it."""
    if isinstance(refusal, NotApplicable):
        too_much = refusal.why in {SuspenseObstacle.TOO_MUCH, SuspenseObstacle.CASH_LIMIT}
        field = "amount" if too_much else "invoice"
        form.add_error(field if field in form.fields else None, why_not_applied(refusal))
    elif isinstance(refusal, TooMuch):
        most = money.euros(refusal.cents)
        form.add_error("amount", _("Il n’attend que %(most)s : écrivez ce montant au plus.") % {"most": most})
    elif type(refusal) in PLAIN_REFUSALS:
        form.add_error(None, str(PLAIN_REFUSALS[type(refusal)]))
    elif isinstance(refusal, payments.MoneyWaits):
        sentence = _("De l’argent attend encore : imputez-le, demandez son remboursement, ou gardez-le avec un motif.")
        form.add_error(None, sentence)
    elif isinstance(refusal, payments.AccountUnusable):
        form.add_error("holder", _("Écrivez le nom du titulaire, comme sur son RIB."))
    elif isinstance(refusal, payments.SamePerson):
        form.add_error(None, _("Vous avez annulé cette quittance : une autre personne doit la regarder et clore."))
    elif isinstance(refusal, payments.NoteMissing):
        form.add_error(None, _("Écrivez une phrase : elle dira plus tard ce qui a été fait."))
    else:
        form.add_error(None, str(refusal))


def why_not_applied(refusal: NotApplicable) -> str:
    """Say why money was not counted for an invoice, and what to do."""
    return {
        SuspenseObstacle.OTHER_REGIE: _(
            "Cette facture est d’une autre régie : choisissez-en une de la même régie, ou demandez le remboursement."
        ),
        SuspenseObstacle.OTHER_PAYER: _(
            "Cette facture est d’un autre payeur : choisissez-en une du même, ou demandez le remboursement."
        ),
        SuspenseObstacle.NOT_DUE: _("Cette facture n’est plus à payer : choisissez-en une autre."),
        SuspenseObstacle.TOO_MUCH: (
            _("La somme et la facture permettent au plus %(most)s : écrivez ce montant au plus.")
            % {"most": money.euros(refusal.cents)}
        ),
        SuspenseObstacle.CASH_LIMIT: (
            _(
                "Au plus 300 € en espèces par facture (article 1680 du CGI) : il peut encore en être imputé %(most)s"
                " sur celle-ci, le reste sur une autre ou remboursé."
            )
            % {"most": money.euros(refusal.cents)}
        ),
        SuspenseObstacle.NOTHING_WAITS: _("Plus rien n’attend : quelqu’un a décidé entre-temps. Revenez à la liste."),
        SuspenseObstacle.OTHER_INVOICE: _(
            "Cette somme n’a pas été payée pour cette facture : imputez-la sur une facture à payer."
        ),
        SuspenseObstacle.NOT_CANCELLED: _(
            "Cette facture n’est pas annulée : imputez la somme sur une facture à payer."
        ),
    }[refusal.why]


def _apply(task: Task, looked: SearchContext, options: dict[str, Any]) -> AnomalyAction | None:
    receipt = _money(task)
    if receipt is None:
        return None
    invoices = queries.invoices_to_count(receipt, text=looked.search)[:MOST_CHOICES]
    again = bills.replacement_of(task.invoice) if task.invoice else None
    wanted = looked.invoice or (again.pk if again else None)
    form = ApplyForm(invoices=invoices, free_cents=task.free_cents, wanted=wanted, **options)
    text = _("Parmi les factures à payer du même payeur, dans la même régie.")
    if queries.payer_id_of(receipt) is None:
        text = _("Cherchez la facture dans la régie : ce qui la désigne, et pourquoi, reste écrit dans le motif.")
    return AnomalyAction("apply", _("Imputer sur une autre facture"), text, _("Imputer"), form)


def _rebill(task: Task, _looked: SearchContext, options: dict[str, Any]) -> AnomalyAction | None:
    receipt = _money(task)
    invoice = queries.invoice_to_do_again(receipt, task.anomaly.invoice) if receipt else None
    if invoice is None:
        return None
    text = _(
        "La facture %(invoice)s est annulée, et a été payée. Elle est refaite à l’identique sous un nouveau numéro, et"
        " la somme la règle."
    )
    return AnomalyAction(
        "rebill",
        _("Refaire la facture annulée"),
        text % {"invoice": invoice},
        _("Refaire la facture"),
        RebillForm(**options),
    )


def _refund(task: Task, _looked: SearchContext, options: dict[str, Any]) -> AnomalyAction | None:
    if _money(task) is None:
        return None
    form = RefundForm(initial={"amount": task.free_cents}, **options)
    text = _("Vous demandez, une autre personne approuve, le comptable paie.")
    return AnomalyAction("refund", _("Faire rembourser par le comptable"), text, _("Demander le remboursement"), form)


def _hand_over(task: Task, _looked: SearchContext, options: dict[str, Any]) -> AnomalyAction | None:
    receipt = _money(task)
    if receipt is None or not queries.came_for_the_comptable(receipt):
        return None
    reason = _("Payée à la régie après sa transmission au comptable")
    form = HandOverForm(initial={"amount": task.free_cents, "reason": reason}, **options)
    text = _(
        "La facture est chez le comptable, qui en poursuit le recouvrement : la somme lui revient. Vous demandez, une"
        " autre personne approuve, puis le régisseur la vire."
    )
    return AnomalyAction("hand_over", _("Reverser au comptable"), text, _("Demander le reversement"), form)


def _keep(task: Task, _looked: SearchContext, options: dict[str, Any]) -> AnomalyAction | None:
    if _money(task) is None or task.anomaly.closed_at is not None:
        return None
    text = _("La somme reste où elle est ; elle pourra encore être imputée ou remboursée.")
    return AnomalyAction(
        "keep", _("Garder en recettes à classer"), text, _("Garder avec ce motif"), KeepForm(**options)
    )


def _note(task: Task, _looked: SearchContext, options: dict[str, Any]) -> AnomalyAction | None:
    if _money(task) is not None or task.anomaly.closed_at is not None:
        return None
    text = ""
    if task.anomaly.kind == Anomaly.Kind.UNKNOWN_ANSWER:
        text = _(
            "Clore rend la facture à l’usager, qui pourra essayer de nouveau : assurez-vous d’abord que la banque n’a"
            " rien encaissé."
        )
    elif task.anomaly.kind == Anomaly.Kind.MISTAKE:
        text = _(
            "Une autre personne que celle qui a annulé la quittance vérifie : l’argent est-il resté en caisse, a-t-il"
            " été rendu, ou n’a-t-il jamais été reçu ? La quittance a pu être remise à l’usager."
        )
    return AnomalyAction("note", _("Noter et clore"), text, _("Noter et clore"), NoteForm(**options))


def _give(task: Task, _looked: SearchContext, options: dict[str, Any]) -> AnomalyAction | None:
    if task.anomaly.closed_at is not None:
        return None
    agents = queries.agents_to_give(task.anomaly, today=dates.day_of(dates.now()))
    form = GiveForm(agents=agents, initial={"agent": task.anomaly.assignee_id}, **options)
    text = _("Il le retrouve sous « Les miens ». Qui répond de la régie peut toujours le traiter.")
    return AnomalyAction("give", _("Confier"), text, _("Confier"), form)


def _given(task: Task, agent: Agent | None, *, actor: Actor, at: datetime) -> str:
    payments.assign_anomaly(anomaly_id=task.anomaly.pk, agent_id=agent.pk if agent else None, actor=actor, at=at)
    return _("c’est confié à %(name)s.") % {"name": agent.name} if agent else _("c’est remis à tous.")


def _number_of(form: forms.Form, invoice_id: int) -> str:
    return form.number_of(invoice_id) if isinstance(form, ApplyForm) else ""


def _money(task: Task) -> Receipt | None:
    return task.anomaly.receipt if task.free_cents > 0 else None


def _to_rebill(task: Task) -> Invoice:
    invoice = queries.invoice_to_do_again(task.receipt, task.anomaly.invoice) if task.receipt else None
    if invoice is None:
        raise NotApplicable(SuspenseObstacle.NOT_CANCELLED)
    return invoice
