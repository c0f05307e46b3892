"""The seventh step: who is late is reminded, once, and never after having paid."""

from datetime import timedelta

from obole.billing.models import Invoice
from obole.lib import dates
from obole.reminders import operations as reminders
from obole.reminders.models import Reminder
from obole_demo.tour.browser import Difference
from obole_demo.tour.people import Cast
from obole_demo.tour.steps import CARD_ACCEPTED, go_to_bank, wait_for_mail


def remind(cast: Cast) -> str:
    """
    A second invoice becomes late: the citizen is reminded with the type's own words, pays, and hears no more of it.

    Nobody waits two days for a tour: the reminder is decided as if it were the day after tomorrow, for this invoice
    only.
    """
    agent, citizen = cast.agent, cast.citizen
    agent.get(f"/crm/dossiers/?q={cast.mark}").follow("DOS-").follow("Factures")
    again = {"Location de combinaison": "1", "Facturer tout de même": "on"}
    agent.submit("Recalculer", again).submit("Générer la facture", again)
    invoice = Invoice.objects.filter(payer__email=cast.notes["email"]).order_by("-sequence")[0]
    if invoice.sequence != 2:
        raise Difference(f"the second invoice of the régie has the rank {invoice.sequence}")
    at = dates.now() + timedelta(days=2)
    for _twice in range(2):
        reminders.remind(invoice_id=invoice.pk, at=at)
    wait_for_mail(cast, f"Pensez à votre facture {invoice.number}")
    cast.notes["invoice"] = f"/mes-factures/{invoice.public_id}/"
    go_to_bank(cast, CARD_ACCEPTED, invoice.total_cents)
    citizen.follow("Retourner sur le site du créancier")
    citizen.get(cast.notes["invoice"]).expect("Payée")
    reminders.remind(invoice_id=invoice.pk, at=at + timedelta(days=30))
    if Reminder.objects.filter(invoice=invoice).count() != 1:
        raise Difference("the invoice was not reminded exactly once")
    return f"{invoice.number} reminded once with the type's own words, then paid; nothing more is sent"
