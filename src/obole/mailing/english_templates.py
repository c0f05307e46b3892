"""The original words of each mail for who reads English: the kinds, variables and buttons of the French ones."""

from dataclasses import dataclass

from obole.mailing.default_templates import SIGNATURE


@dataclass(frozen=True, kw_only=True)
class EnglishWords:
    """What a kind of mail says in English."""

    subject: str
    body: str


_IGNORE = "If you have already paid, please ignore this message."
_HELP = "If you are in difficulty, contact {{ service }}: there are solutions."

_UNSIGNED: dict[str, tuple[str, str]] = {
    "dossier_received": (
        "Your application {{ reference }} is registered",
        "Dear {{ nom }},\n\nWe have received your application “{{ dispositif }}”, file {{ reference }}. An agent"
        " will review it.\n\nFollow my application: {{ url }}",
    ),
    "dossier_incomplete": (
        "Your application {{ reference }} needs completing",
        "Dear {{ nom }},\n\nSomething is missing from your application “{{ dispositif }}”:\n\n{{ motif }}\n\n"
        "Complete my application: {{ url }}",
    ),
    "dossier_accepted": (
        "Your application {{ reference }} is accepted",
        "Dear {{ nom }},\n\nYour application “{{ dispositif }}” is accepted. {{ motif }}\n\n"
        "See my application: {{ url }}",
    ),
    "dossier_rejected": (
        "Your application {{ reference }} could not be accepted",
        "Dear {{ nom }},\n\nWe are unable to accept your application “{{ dispositif }}”:\n\n{{ motif }}\n\n"
        "See my application: {{ url }}",
    ),
    "dossier_reopened": (
        "Your application {{ reference }} is being reviewed again",
        "Dear {{ nom }},\n\nWe had refused your application “{{ dispositif }}”. We are going back on this refusal: it"
        " is under review again.\n\n{{ motif }}\n\nSee my application: {{ url }}",
    ),
    "invoice_deposited": (
        "Your invoice {{ numero }} is available",
        "Dear {{ nom }},\n\nYour invoice No. {{ numero }} ({{ libelle }}) is available in your account: {{ montant }},"
        " to be paid by {{ echeance }}.\n\nSee and pay my invoice: {{ url }}\n\nWe will never ask you for your bank"
        " details by e-mail.",
    ),
    "invoice_cancelled": (
        "Your invoice {{ numero }} is cancelled",
        "Dear {{ nom }},\n\nYour invoice No. {{ numero }} ({{ libelle }}, {{ montant }}) is cancelled by credit note"
        " No. {{ avoir }}.\nReason: {{ motif }}\n\nYou have nothing to pay for this invoice. If you had already paid"
        " it, the money will be counted towards another of your invoices or refunded to you.\n\nSee the credit note:"
        " {{ url }}",
    ),
    "invoice_replaced": (
        "Your invoice {{ remplacee }} is replaced by {{ numero }}",
        "Dear {{ nom }},\n\nYour invoice No. {{ remplacee }} is cancelled: you have nothing to pay for it.\nReason:"
        " {{ motif }}\n\nInvoice No. {{ numero }} ({{ libelle }}) stands for it: {{ montant }}, to be paid by"
        " {{ echeance }}.\n\nSee and pay my invoice: {{ url }}",
    ),
    "letter_notice": (
        "Your invoice {{ numero }}",
        "Dear {{ nom }},\n\nWith this letter you will find your invoice No. {{ numero }} ({{ libelle }}):"
        " {{ montant }}, to be paid by {{ echeance }}. It says how to pay it.\n\nTo receive your invoices by e-mail,"
        " give us your e-mail address.",
    ),
    "letter_credit_note": (
        "Your invoice {{ numero }} is cancelled",
        "Dear {{ nom }},\n\nYour invoice No. {{ numero }} ({{ libelle }}, {{ montant }}) is cancelled by credit note"
        " No. {{ avoir }}, enclosed with this letter.\nReason: {{ motif }}\n\nYou have nothing to pay for this invoice."
        " If you had already paid it, the money will be counted towards another of your invoices or refunded to you.",
    ),
    "invoice_transferred": (
        "Your invoice {{ numero }} has been passed to the public accountant",
        "Dear {{ nom }},\n\nYour invoice No. {{ numero }} ({{ libelle }}) was not paid in time. On {{ date }}, the sum"
        " of {{ reste_du }} was passed to the public accountant (comptable public), who will send you a notice of"
        " what is due (avis des sommes à payer) and is now in charge of recovering it. It can no longer be paid to the"
        " régie {{ regie }}, nor online on our site.\n\nTo pay, wait for that notice: it says how. For a question, or"
        " to ask for more time:\n{{ comptable }}\n{{ adresse_comptable }}\n{{ telephone_comptable }}\n\n"
        + _IGNORE
        + "\n\nSee my invoice: {{ url }}",
    ),
    "invoice_returned": (
        "Your invoice {{ numero }} is to be paid to the régie again",
        "Dear {{ nom }},\n\nYour invoice No. {{ numero }} ({{ libelle }}) had been passed to the public accountant"
        " (comptable public) by mistake. This has been undone. Reason: {{ motif }}\n\nThe sum of {{ reste_du }} is to"
        " be paid to the régie {{ regie }} again, by {{ echeance }}.\n\nSee and pay my invoice: {{ url }}",
    ),
    "dispute_answered": (
        "What you reported about invoice {{ numero }}",
        "Dear {{ nom }},\n\nYou reported an error on your invoice No. {{ numero }} ({{ libelle }}):\n\n"
        "“{{ signalement }}”\n\nOur answer:\n\n{{ reponse }}\n\nSee my invoice: {{ url }}",
    ),
    "agreement_made": (
        "Your payment plan for invoice {{ numero }}",
        "Dear {{ nom }},\n\nAs agreed, you are paying in several times the {{ reste_du }} left to pay of your"
        " invoice No. {{ numero }} ({{ libelle }}):\n\n{{ echeancier }}\n\nWe will remind you of each payment a few"
        " days before. As long as you keep to them, there will be no reminder of this invoice, and it will not be"
        " passed to the public accountant (comptable public).\n\nPay, or see the plan again: {{ url }}\n\nIf you are"
        " in difficulty, contact {{ service }} before the day that was agreed.",
    ),
    "instalment_soon": (
        "Invoice {{ numero }}: {{ a_payer }} to pay on {{ echeance_du }}",
        "Dear {{ nom }},\n\nUnder the payment plan agreed for your invoice No. {{ numero }} ({{ libelle }}),"
        " {{ a_payer }} is to be paid on {{ echeance_du }}. In all, {{ reste_du }} is left to pay.\n\nPay this"
        " amount: {{ url }}\n\n" + _IGNORE,
    ),
    "instalment_late": (
        "Invoice {{ numero }}: the payment of {{ echeance_du }} has not arrived",
        "Dear {{ nom }},\n\nUnless we are mistaken, we have not received the payment due on {{ echeance_du }} under the"
        " payment plan of your invoice No. {{ numero }} ({{ libelle }}). {{ a_payer }} is to be paid by {{ delai }} at"
        " the latest: after that day the plan is broken and all that is left is due, that is {{ reste_du }}.\n\nPay"
        " this amount: {{ url }}\n\n" + _IGNORE + " " + _HELP,
    ),
    "agreement_broken": (
        "The payment plan of your invoice {{ numero }} is broken",
        "Dear {{ nom }},\n\nA payment due under the payment plan of your invoice No. {{ numero }} ({{ libelle }}) has"
        " not arrived. The plan is broken: the {{ reste_du }} left to pay is due now.\n\nPay my invoice:"
        " {{ url }}\n\nIf it is not paid, you will be sent reminders, then this invoice will be passed to the public"
        " accountant (comptable public). " + _HELP,
    ),
    "payment_receipt": (
        "Payment received: invoice {{ numero }}",
        "Dear {{ nom }},\n\nWe have received your payment of {{ paye }} on {{ date }} at {{ heure }}"
        " ({{ precisions }}). {{ solde }}\n\nThe receipt is attached, and stays available in your account.\n\n"
        "See my invoice: {{ url }}",
    ),
    "payment_refused": (
        "Your payment did not go through",
        "Dear {{ nom }},\n\nYour bank did not authorise the payment of invoice {{ numero }} on {{ date }}. We took no"
        " money. The invoice is still to be paid by {{ echeance }}.\n\nPay my invoice: {{ url }}",
    ),
    "due_date_changed": (
        "Your invoice {{ numero }} is to be paid by {{ echeance }}",
        "Dear {{ nom }},\n\nThe due date of your invoice No. {{ numero }} ({{ libelle }}) changes: you can pay"
        " {{ reste_du }} until {{ echeance }}. This date replaces the one that is printed on the invoice; the amount"
        " does not change.\n\nPay my invoice: {{ url }}",
    ),
    "payment_surplus": (
        "Your payment of {{ date }} was not needed",
        "Dear {{ nom }},\n\nWe have received {{ paye }} on {{ date }} (reference {{ reference }}) for invoice"
        " No. {{ numero }}, but this money was no longer due. It is not lost: an agent will count it towards another"
        " of your invoices, or have it refunded by the public accountant (comptable public). You have nothing to do."
        "\n\nSee my invoice: {{ url }}",
    ),
    "payment_different": (
        "Your payment of {{ date }} has arrived: we are checking it",
        "Dear {{ nom }},\n\nWe have received {{ paye }} on {{ date }} (reference {{ reference }}) for invoice"
        " No. {{ numero }}, but this payment does not match what was left to pay. It is not lost: an agent is checking"
        " it. Do not pay a second time: you have nothing to do.\n\nSee my invoice: {{ url }}",
    ),
    "payment_too_late": (
        "Your payment of {{ date }} arrived after your invoice was passed on",
        "Dear {{ nom }},\n\nWe have received {{ paye }} on {{ date }} (reference {{ reference }}) for invoice"
        " No. {{ numero }}, but it had already been passed to the public accountant (comptable public). This money is"
        " not lost: an agent will hand it to the public accountant, who will count it towards what you owe, or have it"
        " refunded to you. If you receive a notice of what is due (avis des sommes à payer) in the meantime, enclose"
        " this message with it.\n\nSee my invoice: {{ url }}",
    ),
    "payment_reversed": (
        "Your payment of {{ date }} was rejected",
        "Dear {{ nom }},\n\nYour bank has told us that your payment of {{ paye }} of {{ date }} ({{ moyen }}) was"
        " rejected. Reason: {{ motif }}\n\nInvoice No. {{ numero }} is to be paid again by {{ echeance }}:"
        " {{ reste_du }}.\n\nSee and pay my invoice: {{ url }}\n\n" + _HELP,
    ),
    "quittance_cancelled": (
        "Receipt {{ quittance }} is cancelled",
        "Dear {{ nom }},\n\nReceipt (quittance) No. {{ quittance }} of {{ date }} ({{ paye }}, {{ moyen }}), for your"
        " invoice No. {{ numero }}, is cancelled: it no longer counts as payment. Reason: {{ motif }}\n\nThe invoice is"
        " to be paid again by {{ echeance }}: {{ reste_du }}.\n\nIf you did hand over this money, do not pay a second"
        " time: contact {{ service }} with your receipt.\n\nSee my invoice: {{ url }}",
    ),
    "payment_refunded": (
        "Your refund of {{ paye }}",
        "Dear {{ nom }},\n\nThe public accountant (comptable public) has refunded {{ paye }}, received for invoice"
        " No. {{ numero }}. It will appear on your account in a few days.\n\nSee my invoice: {{ url }}",
    ),
    "payment_handed_over": (
        "Your payment of {{ paye }} is handed to the public accountant",
        "Dear {{ nom }},\n\nThe sum of {{ paye }}, received for invoice No. {{ numero }} after it was passed on, has"
        " been handed to the public accountant (comptable public), who counts it towards what you owe. To know what is"
        " left to pay, write to the public accountant named on your notice of what is due (avis des sommes à payer)."
        "\n\nSee my invoice: {{ url }}",
    ),
    "reminder_before": (
        "Your invoice {{ numero }} is to be paid by {{ echeance }}",
        "Dear {{ nom }},\n\nYour invoice No. {{ numero }} ({{ libelle }}) is to be paid by {{ echeance }}:"
        " {{ reste_du }} is left to pay.\n\nPay my invoice: {{ url }}\n\n" + _IGNORE,
    ),
    "reminder_1": (
        "Your invoice {{ numero }} is still to be paid",
        "Dear {{ nom }},\n\nUnless we are mistaken, we have not received the payment of your invoice No. {{ numero }}"
        " ({{ reste_du }}), which was due by {{ echeance }}. You may have forgotten it: two minutes are enough to pay"
        " it.\n\nPay my invoice: {{ url }}\n\n" + _IGNORE + "\n\n" + _HELP,
    ),
    "reminder_2": (
        "Second reminder: invoice {{ numero }} is waiting for payment",
        "Dear {{ nom }},\n\nDespite our {% if relance_precedente_le != '' %}message of {{ relance_precedente_le }}"
        "{% else %}previous message{% endif %}, the sum of {{ reste_du }} is still due for invoice No. {{ numero }}"
        " ({{ libelle }}), which was due by {{ echeance }}.\n\nPay my invoice: {{ url }}\n\n"
        + _IGNORE
        + " If the amount seems wrong to you, tell us.",
    ),
    "reminder_3": (
        "Last reminder before the public accountant: invoice {{ numero }}",
        "Dear {{ nom }},\n\nUnless it is paid by {{ date_transmission }} at the latest, your invoice No. {{ numero }}"
        " ({{ reste_du }}, which was due by {{ echeance }}) will be passed to the public accountant (comptable public)"
        "{% if comptable != '' %}, {{ comptable }}{% endif %}, who will send you a notice of what is due (avis des"
        " sommes à payer) and will be in charge of recovering it. It will then no longer be possible to pay it to the"
        " régie {{ regie }}.\n\nPay my invoice: {{ url }}\n\n" + _IGNORE,
    ),
    "reminder_many": (
        "{{ nombre }} invoices are still to be paid: {{ total_du }}",
        "Dear {{ nom }},\n\nUnless we are mistaken, we have not received the payment of {{ nombre }} of your invoices:"
        "\n\n{{ factures }}\n\nThis makes {{ total_du }} to pay, together or one by one.\n\nPay my invoices:"
        " {{ url }}\n\n" + _IGNORE + "\n\n" + _HELP,
    ),
}

ENGLISH = {name: EnglishWords(subject=subject, body=body + SIGNATURE) for name, (subject, body) in _UNSIGNED.items()}
