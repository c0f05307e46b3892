"""The words of each mail before a town changes them. Liquid: {{ variable }} only, checked when saved."""

from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from obole.lib.french_spaces import with_french_spaces

BASE = frozenset({"nom", "ville", "la_ville", "a_la_ville", "de_la_ville", "service", "telephone", "horaires"})
PARTS = frozenset({"numero", "libelle", "montant", "reste_du", "echeance"})
INVOICE = BASE | PARTS | {"url", "regie", "comptable", "date_transmission"}
REMINDER = INVOICE | {"relance_1_le", "relance_precedente_le"}
"""When the first reminder, and the one before this one, were sent; nothing where there was none."""


SEVERAL = BASE | {"nombre", "factures", "total_du", "regie", "comptable", "url"}
"""A mail about several invoices: how many, each on its line, and what they come to."""


@dataclass(frozen=True, kw_only=True)
class MailKind:
    """One kind of mail: its name on the screen, what it may mention, its words."""

    label: str | Promise
    variables: frozenset[str]
    subject: str
    body: str


SIGNATURE = "\n\n{{ service }}\n{{ telephone }} {{ horaires }}"

_UNSIGNED: dict[str, MailKind] = {
    "dossier_received": MailKind(
        label=_("Dossier reçu"),
        variables=BASE | {"reference", "dispositif", "url"},
        subject="Votre demande {{ reference }} est enregistrée",
        body=(
            "Bonjour {{ nom }},\n\nNous avons bien reçu votre demande « {{ dispositif }} », dossier {{ reference }}. "
            "Un agent va l’examiner.\n\nSuivre ma demande : {{ url }}"
        ),
    ),
    "dossier_incomplete": MailKind(
        label=_("Complément demandé"),
        variables=BASE | {"reference", "dispositif", "url", "motif"},
        subject="Votre demande {{ reference }} est à compléter",
        body=(
            "Bonjour {{ nom }},\n\nIl manque un élément à votre demande « {{ dispositif }} » :\n\n{{ motif }}\n\n"
            "Compléter ma demande : {{ url }}"
        ),
    ),
    "dossier_accepted": MailKind(
        label=_("Dossier accepté"),
        variables=BASE | {"reference", "dispositif", "url", "motif"},
        subject="Votre demande {{ reference }} est acceptée",
        body=(
            "Bonjour {{ nom }},\n\nVotre demande « {{ dispositif }} » est acceptée. {{ motif }}\n\n"
            "Voir ma demande : {{ url }}"
        ),
    ),
    "dossier_rejected": MailKind(
        label=_("Dossier refusé"),
        variables=BASE | {"reference", "dispositif", "url", "motif"},
        subject="Votre demande {{ reference }} n’a pas pu être acceptée",
        body=(
            "Bonjour {{ nom }},\n\nNous ne pouvons pas donner une suite favorable à votre demande « {{ dispositif }} »"
            " :\n\n{{ motif }}\n\nVoir ma demande : {{ url }}"
        ),
    ),
    "dossier_reopened": MailKind(
        label=_("Dossier refusé, puis repris"),
        variables=BASE | {"reference", "dispositif", "url", "motif"},
        subject="Votre demande {{ reference }} est de nouveau examinée",
        body=(
            "Bonjour {{ nom }},\n\nNous avions refusé votre demande « {{ dispositif }} ». Nous revenons sur ce refus"
            " : elle est de nouveau à l’examen.\n\n{{ motif }}\n\nVoir ma demande : {{ url }}"
        ),
    ),
    "invoice_deposited": MailKind(
        label=_("Facture déposée"),
        variables=INVOICE,
        subject="Votre facture {{ numero }} est disponible",
        body=(
            "Bonjour {{ nom }},\n\nVotre facture n° {{ numero }} ({{ libelle }}) est disponible dans votre espace : "
            "{{ montant }}, à régler avant le {{ echeance }}.\n\nConsulter et payer ma facture : {{ url }}\n\n"
            "Nous ne vous demanderons jamais vos coordonnées bancaires par courriel."
        ),
    ),
    "invoice_cancelled": MailKind(
        label=_("Facture annulée"),
        variables=INVOICE | {"avoir", "motif"},
        subject="Votre facture {{ numero }} est annulée",
        body=(
            "Bonjour {{ nom }},\n\nVotre facture n° {{ numero }} ({{ libelle }}, {{ montant }}) est annulée par l’avoir"
            " n° {{ avoir }}.\nMotif : {{ motif }}\n\nVous n’avez rien à payer pour cette facture. Si vous l’aviez déjà"
            " réglée, la somme reçue sera imputée sur une autre de vos factures ou vous sera remboursée.\n\nVoir"
            " l’avoir : {{ url }}"
        ),
    ),
    "invoice_replaced": MailKind(
        label=_("Facture annulée et refaite"),
        variables=INVOICE | {"remplacee", "motif"},
        subject="Votre facture {{ remplacee }} est remplacée par la {{ numero }}",
        body=(
            "Bonjour {{ nom }},\n\nVotre facture n° {{ remplacee }} est annulée ; vous n’avez rien à payer pour elle.\n"
            "Motif : {{ motif }}\n\nLa facture n° {{ numero }} ({{ libelle }}) la remplace : {{ montant }}, à régler"
            " au plus tard le {{ echeance }}.\n\nVoir et payer ma facture : {{ url }}"
        ),
    ),
    "letter_notice": MailKind(
        label=_("Facture, sur papier"),
        variables=INVOICE,
        subject="Votre facture {{ numero }}",
        body=(
            "Bonjour {{ nom }},\n\nVous trouverez avec cette lettre votre facture n° {{ numero }} ({{ libelle }}) : "
            "{{ montant }}, à régler avant le {{ echeance }}. Elle dit comment la payer.\n\nPour recevoir vos"
            " factures par courriel, communiquez-nous votre adresse électronique."
        ),
    ),
    "letter_credit_note": MailKind(
        label=_("Avoir, sur papier"),
        variables=INVOICE | {"avoir", "motif"},
        subject="Votre facture {{ numero }} est annulée",
        body=(
            "Bonjour {{ nom }},\n\nVotre facture n° {{ numero }} ({{ libelle }}, {{ montant }}) est annulée par l’avoir"
            " n° {{ avoir }}, joint à cette lettre.\nMotif : {{ motif }}\n\nVous n’avez rien à payer pour cette"
            " facture. Si vous l’aviez déjà réglée, la somme reçue sera imputée sur une autre de vos factures ou vous"
            " sera remboursée."
        ),
    ),
    "invoice_transferred": MailKind(
        label=_("Facture transmise au comptable public"),
        variables=INVOICE | {"date", "adresse_comptable", "telephone_comptable"},
        subject="Votre facture {{ numero }} est transmise au comptable public",
        body=(
            "Bonjour {{ nom }},\n\nVotre facture n° {{ numero }} ({{ libelle }}) n’a pas été réglée dans les délais."
            " Le {{ date }}, la somme de {{ reste_du }} a été transmise au comptable public, qui vous adressera un"
            " avis des sommes à payer et en poursuit désormais le recouvrement. Elle ne peut plus être réglée auprès"
            " de la régie {{ regie }}, ni en ligne sur notre site.\n\nPour payer, attendez cet avis : il dit comment"
            " faire. Pour une question ou une demande de délai :\n{{ comptable }}\n{{ adresse_comptable }}\n{{"
            " telephone_comptable }}\n\nSi vous avez déjà payé, merci de ne pas tenir"
            " compte de ce message.\n\nVoir ma facture : {{ url }}"
        ),
    ),
    "invoice_returned": MailKind(
        label=_("Facture revenue à la régie"),
        variables=INVOICE | {"motif"},
        subject="Votre facture {{ numero }} est de nouveau à régler auprès de la régie",
        body=(
            "Bonjour {{ nom }},\n\nVotre facture n° {{ numero }} ({{ libelle }}) avait été transmise au comptable"
            " public à tort. Cette transmission est annulée. Motif : {{ motif }}\n\nLa somme de {{ reste_du }} est"
            " de nouveau à régler auprès de la régie {{ regie }}, avant le {{ echeance }}.\n\nConsulter et payer ma"
            " facture : {{ url }}"
        ),
    ),
    "dispute_answered": MailKind(
        label=_("Réponse à une erreur signalée"),
        variables=INVOICE | {"signalement", "reponse"},
        subject="Votre signalement sur la facture {{ numero }}",
        body=(
            "Bonjour {{ nom }},\n\nVous nous avez signalé une erreur sur votre facture n° {{ numero }} ({{ libelle }})"
            " :\n\n« {{ signalement }} »\n\nNotre réponse :\n\n{{ reponse }}\n\nVoir ma facture : {{ url }}"
        ),
    ),
    "agreement_made": MailKind(
        label=_("Échéancier convenu"),
        variables=INVOICE | {"echeancier"},
        subject="Votre échéancier pour la facture {{ numero }}",
        body=(
            "Bonjour {{ nom }},\n\nComme convenu, vous réglez en plusieurs fois les {{ reste_du }} qui restent à payer"
            " de votre facture n° {{ numero }} ({{ libelle }}) :\n\n{{ echeancier }}\n\nNous vous rappellerons"
            " chaque paiement quelques jours avant. Tant que vous les respectez, cette facture ne sera ni relancée ni"
            " transmise au comptable public.\n\nPayer, ou revoir l’échéancier : {{ url }}\n\nEn cas de difficulté,"
            " contactez {{ service }} avant la date prévue."
        ),
    ),
    "instalment_soon": MailKind(
        label=_("Échéancier : paiement à venir"),
        variables=INVOICE | {"echeance_du", "a_payer", "delai"},
        subject="Facture {{ numero }} : {{ a_payer }} à payer le {{ echeance_du }}",
        body=(
            "Bonjour {{ nom }},\n\nSelon l’échéancier convenu pour votre facture n° {{ numero }} ({{ libelle }}),"
            " {{ a_payer }} sont à payer le {{ echeance_du }}. Il reste {{ reste_du }} en tout.\n\nPayer ce montant :"
            " {{ url }}\n\nSi vous avez déjà payé, merci de ne pas tenir compte de ce message."
        ),
    ),
    "instalment_late": MailKind(
        label=_("Échéancier : paiement en retard"),
        variables=INVOICE | {"echeance_du", "a_payer", "delai"},
        subject="Facture {{ numero }} : le paiement du {{ echeance_du }} n’est pas arrivé",
        body=(
            "Bonjour {{ nom }},\n\nSauf erreur de notre part, nous n’avons pas reçu le paiement prévu le"
            " {{ echeance_du }} par l’échéancier de votre facture n° {{ numero }} ({{ libelle }}). Il y a {{ a_payer }}"
            " à régler au plus tard le {{ delai }} : après ce jour, l’échéancier est rompu et tout ce qui reste est"
            " dû, soit {{ reste_du }}.\n\nPayer ce montant : {{ url }}\n\nSi vous avez déjà payé, merci de ne pas"
            " tenir compte de ce message. En cas de difficulté, contactez {{ service }} : des solutions existent."
        ),
    ),
    "agreement_broken": MailKind(
        label=_("Échéancier rompu"),
        variables=INVOICE,
        subject="L’échéancier de votre facture {{ numero }} est rompu",
        body=(
            "Bonjour {{ nom }},\n\nUn paiement prévu par l’échéancier de votre facture n° {{ numero }} ({{ libelle }})"
            " n’est pas arrivé. L’échéancier est rompu : les {{ reste_du }} qui restent sont à payer maintenant.\n\n"
            "Payer ma facture : {{ url }}\n\nSans règlement, cette facture sera relancée puis transmise au comptable"
            " public. En cas de difficulté, contactez {{ service }} : des solutions existent."
        ),
    ),
    "payment_receipt": MailKind(
        label=_("Paiement reçu"),
        variables=INVOICE | {"date", "heure", "moyen", "precisions", "autorisation", "reference", "paye", "solde"},
        subject="Paiement reçu : facture {{ numero }}",
        body=(
            "Bonjour {{ nom }},\n\nNous avons bien reçu votre paiement de {{ paye }} le {{ date }} à {{ heure }} "
            "({{ precisions }}). {{ solde }}\n\n"
            "Le reçu est joint et reste disponible dans votre espace.\n\nVoir ma facture : {{ url }}"
        ),
    ),
    "payment_refused": MailKind(
        label=_("Paiement refusé"),
        variables=INVOICE | {"date"},
        subject="Votre paiement n’a pas abouti",
        body=(
            "Bonjour {{ nom }},\n\nVotre banque n’a pas autorisé le paiement de la facture {{ numero }} le {{ date }}."
            " Aucune somme n’a été débitée par nos services. La facture reste à régler avant le {{ echeance }}.\n\n"
            "Payer ma facture : {{ url }}"
        ),
    ),
    "due_date_changed": MailKind(
        label=_("Échéance reportée"),
        variables=INVOICE,
        subject="Votre facture {{ numero }} est à payer avant le {{ echeance }}",
        body=(
            "Bonjour {{ nom }},\n\nLa date limite de votre facture n° {{ numero }} ({{ libelle }}) change : vous pouvez"
            " régler {{ reste_du }} jusqu’au {{ echeance }}. Cette date remplace celle qui est imprimée sur la facture"
            " ; le montant ne change pas.\n\nPayer ma facture : {{ url }}"
        ),
    ),
    "payment_surplus": MailKind(
        label=_("Paiement en trop"),
        variables=INVOICE | {"date", "paye", "reference"},
        subject="Votre paiement du {{ date }} est arrivé en trop",
        body=(
            "Bonjour {{ nom }},\n\nNous avons bien reçu {{ paye }} le {{ date }} (référence {{ reference }}) pour la"
            " facture n° {{ numero }}, mais cette somme n’y était plus due. Elle n’est pas perdue : un agent va"
            " l’imputer sur une autre de vos factures ou la faire rembourser par le comptable public. Vous n’avez rien"
            " à faire.\n\nVoir ma facture : {{ url }}"
        ),
    ),
    "payment_different": MailKind(
        label=_("Paiement à vérifier"),
        variables=INVOICE | {"date", "paye", "reference"},
        subject="Votre paiement du {{ date }} est bien arrivé : nous le vérifions",
        body=(
            "Bonjour {{ nom }},\n\nNous avons bien reçu {{ paye }} le {{ date }} (référence {{ reference }}) pour la"
            " facture n° {{ numero }}, mais ce paiement ne correspond pas à ce qui restait à régler. Il n’est pas"
            " perdu : un agent le vérifie. Ne payez pas une seconde fois : vous n’avez rien à faire.\n\nVoir ma"
            " facture : {{ url }}"
        ),
    ),
    "payment_too_late": MailKind(
        label=_("Paiement d’une facture transmise"),
        variables=INVOICE | {"date", "paye", "reference"},
        subject="Votre paiement du {{ date }} est arrivé après la transmission de votre facture",
        body=(
            "Bonjour {{ nom }},\n\nNous avons bien reçu {{ paye }} le {{ date }} (référence {{ reference }}) pour la"
            " facture n° {{ numero }}, mais elle était déjà transmise au comptable public. Cette somme n’est pas"
            " perdue : un agent va la reverser au comptable, qui la comptera sur ce que vous devez, ou vous la faire"
            " rembourser. Si vous recevez entre-temps un avis des sommes à payer, joignez-y ce message.\n\nVoir ma"
            " facture : {{ url }}"
        ),
    ),
    "payment_reversed": MailKind(
        label=_("Paiement rejeté"),
        variables=INVOICE | {"date", "paye", "moyen", "motif"},
        subject="Votre paiement du {{ date }} a été rejeté",
        body=(
            "Bonjour {{ nom }},\n\nVotre banque nous a informés du rejet de votre paiement de {{ paye }} du {{ date }}"
            " ({{ moyen }}). Motif : {{ motif }}\n\nLa facture n° {{ numero }} est de nouveau à régler avant le {{"
            " echeance }} : {{ reste_du }}.\n\nConsulter et payer ma facture : {{ url }}\n\nEn cas de difficulté,"
            " contactez {{ service }} : des solutions existent."
        ),
    ),
    "quittance_cancelled": MailKind(
        label=_("Quittance annulée"),
        variables=INVOICE | {"date", "paye", "moyen", "motif", "quittance"},
        subject="La quittance {{ quittance }} est annulée",
        body=(
            "Bonjour {{ nom }},\n\nLa quittance n° {{ quittance }} du {{ date }} ({{ paye }}, {{ moyen }}), pour votre"
            " facture n° {{ numero }}, est annulée : elle ne vaut plus paiement. Motif : {{ motif }}\n\nLa facture est"
            " de nouveau à régler avant le {{ echeance }} : {{ reste_du }}.\n\nSi vous avez bien remis cette somme, ne"
            " payez pas une seconde fois : contactez {{ service }} avec votre quittance.\n\nVoir ma facture : {{ url }}"
        ),
    ),
    "payment_refunded": MailKind(
        label=_("Remboursement effectué"),
        variables=INVOICE | {"paye"},
        subject="Votre remboursement de {{ paye }}",
        body=(
            "Bonjour {{ nom }},\n\nLe comptable public a remboursé la somme de {{ paye }}, reçue pour la facture n° {{"
            " numero }}. Elle paraîtra sur votre compte dans quelques jours.\n\nVoir ma facture : {{ url }}"
        ),
    ),
    "payment_handed_over": MailKind(
        label=_("Paiement reversé au comptable public"),
        variables=INVOICE | {"paye"},
        subject="Votre paiement de {{ paye }} est reversé au comptable public",
        body=(
            "Bonjour {{ nom }},\n\nLa somme de {{ paye }}, reçue pour la facture n° {{ numero }} après sa"
            " transmission, a été reversée au comptable public, qui la compte sur ce que vous devez. Pour savoir ce"
            " qu’il reste à payer, adressez-vous au comptable indiqué sur votre avis des sommes à payer.\n\nVoir ma"
            " facture : {{ url }}"
        ),
    ),
    "reminder_before": MailKind(
        label=_("Rappel avant l’échéance"),
        variables=REMINDER,
        subject="Votre facture {{ numero }} est à régler avant le {{ echeance }}",
        body=(
            "Bonjour {{ nom }},\n\nVotre facture n° {{ numero }} ({{ libelle }}) est à régler avant le {{ echeance }}"
            " : il reste {{ reste_du }} à payer.\n\nPayer ma facture : {{ url }}\n\nSi vous avez déjà payé, merci de"
            " ne pas tenir compte de ce message."
        ),
    ),
    "reminder_1": MailKind(
        label=_("Relance 1"),
        variables=REMINDER,
        subject="Votre facture {{ numero }} reste à régler",
        body=(
            "Bonjour {{ nom }},\n\nSauf erreur de notre part, nous n’avons pas reçu le règlement de votre facture n° {{"
            " numero }} ({{ reste_du }}), dont la date limite était le {{ echeance }}. Il s’agit peut-être d’un oubli :"
            " deux minutes suffisent pour la payer.\n\nPayer ma facture : {{ url }}\n\nSi vous avez déjà payé, merci"
            " de ne pas tenir compte de ce message.\n\nEn cas de difficulté, contactez {{ service }} : des solutions"
            " existent."
        ),
    ),
    "reminder_2": MailKind(
        label=_("Relance 2"),
        variables=REMINDER,
        subject="Deuxième rappel : facture {{ numero }} en attente de règlement",
        body=(
            "Bonjour {{ nom }},\n\nMalgré notre {% if relance_precedente_le != '' %}message du {{ relance_precedente_le"
            " }}{% else %}précédent message{% endif %}, la somme de {{ reste_du }} reste due pour la facture"
            " n° {{ numero }} ({{ libelle }}), dont la date limite était le {{ echeance }}.\n\nPayer ma facture :"
            " {{ url }}\n\nSi vous avez déjà payé, merci de ne pas tenir compte de ce message. Si le montant vous"
            " semble inexact, dites-le-nous."
        ),
    ),
    "reminder_3": MailKind(
        label=_("Relance 3"),
        variables=REMINDER,
        subject="Dernier rappel avant transmission au comptable public : facture {{ numero }}",
        body=(
            "Bonjour {{ nom }},\n\nSans règlement au plus tard le {{ date_transmission }}, votre facture n° {{"
            " numero }} ({{ reste_du }}, échue le {{ echeance }}) sera transmise au comptable public{% if comptable"
            " != '' %} ({{ comptable }}){% endif %}, qui vous adressera un avis des sommes à payer et en poursuivra"
            " le recouvrement. Elle ne pourra alors plus être réglée auprès de la régie {{ regie }}.\n\nPayer ma"
            " facture : {{ url }}\n\nSi vous avez déjà payé, merci de ne pas tenir compte de ce message."
        ),
    ),
    "reminder_many": MailKind(
        label=_("Relance de plusieurs factures"),
        variables=SEVERAL,
        subject="{{ nombre }} factures restent à régler : {{ total_du }}",
        body=(
            "Bonjour {{ nom }},\n\nSauf erreur de notre part, nous n’avons pas reçu le règlement de {{ nombre }} de vos"
            " factures :\n\n{{ factures }}\n\nCela fait {{ total_du }} à régler, ensemble ou une à une.\n\nPayer mes"
            " factures : {{ url }}\n\nSi vous avez déjà payé, merci de ne pas tenir compte de ce message.\n\n"
            "En cas de difficulté, contactez {{ service }} : des solutions existent."
        ),
    ),
}


KINDS = {
    name: replace(kind, subject=with_french_spaces(kind.subject), body=with_french_spaces(kind.body + SIGNATURE))
    for name, kind in _UNSIGNED.items()
}
