"""The words of each mail before a town changes them. Liquid: {{ variable }} only, checked when saved."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

BASE = frozenset({"nom", "ville", "service", "telephone", "horaires"})
INVOICE = BASE | {"numero", "libelle", "montant", "reste_du", "echeance", "url", "regie"}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of mail: its name on the screen, what it may mention, its words."""

    label: str | Promise
    variables: frozenset[str]
    subject: str
    body: str


SIGNATURE = "\n\n{{ service }}\n{{ telephone }} {{ horaires }}"

KINDS: dict[str, Kind] = {
    "dossier_received": Kind(
        label=_("Dossier reçu"),
        variables=BASE | {"reference", "dispositif", "url"},
        subject="Votre demande {{ reference }} est enregistrée",
        body="Bonjour {{ nom }},\n\nNous avons bien reçu votre demande « {{ dispositif }} », dossier {{ reference }}. "
        "Un agent va l’examiner.\n\nSuivre ma demande : {{ url }}" + SIGNATURE,
    ),
    "dossier_incomplete": Kind(
        label=_("Complément demandé"),
        variables=BASE | {"reference", "dispositif", "url", "motif"},
        subject="Votre demande {{ reference }} est à compléter",
        body="Bonjour {{ nom }},\n\nIl manque un élément à votre demande « {{ dispositif }} » :\n\n{{ motif }}\n\n"
        "Compléter ma demande : {{ url }}" + SIGNATURE,
    ),
    "dossier_accepted": Kind(
        label=_("Dossier accepté"),
        variables=BASE | {"reference", "dispositif", "url", "motif"},
        subject="Votre demande {{ reference }} est acceptée",
        body="Bonjour {{ nom }},\n\nVotre demande « {{ dispositif }} » est acceptée. {{ motif }}\n\n"
        "Voir ma demande : {{ url }}" + SIGNATURE,
    ),
    "dossier_rejected": Kind(
        label=_("Dossier refusé"),
        variables=BASE | {"reference", "dispositif", "url", "motif"},
        subject="Votre demande {{ reference }} n’a pas pu être acceptée",
        body="Bonjour {{ nom }},\n\nNous ne pouvons pas donner une suite favorable à votre demande « {{ dispositif }} » :\n\n"
        "{{ motif }}\n\nVoir ma demande : {{ url }}" + SIGNATURE,
    ),
    "invoice_deposited": Kind(
        label=_("Facture déposée"),
        variables=INVOICE,
        subject="Votre facture {{ numero }} est disponible",
        body="Bonjour {{ nom }},\n\nVotre facture n° {{ numero }} ({{ libelle }}) est disponible dans votre espace : "
        "{{ montant }}, à régler avant le {{ echeance }}.\n\nConsulter et payer ma facture : {{ url }}\n\n"
        "Nous ne vous demanderons jamais vos coordonnées bancaires par courriel." + SIGNATURE,
    ),
    "invoice_cancelled": Kind(
        label=_("Facture annulée"),
        variables=INVOICE | {"avoir", "motif"},
        subject="Votre facture {{ numero }} est annulée",
        body="Bonjour {{ nom }},\n\nVotre facture n° {{ numero }} ({{ libelle }}, {{ montant }}) est annulée par l’avoir "
        "n° {{ avoir }}.\nMotif : {{ motif }}\n\nVous n’avez rien à payer pour cette facture. Si vous l’aviez déjà réglée, la "
        "somme reçue sera imputée sur une autre de vos factures ou vous sera remboursée.\n\nVoir l’avoir : {{ url }}"
        + SIGNATURE,
    ),
    "payment_receipt": Kind(
        label=_("Paiement reçu"),
        variables=INVOICE | {"date", "heure", "moyen", "precisions", "autorisation", "reference", "paye", "solde"},
        subject="Paiement reçu : facture {{ numero }}",
        body="Bonjour {{ nom }},\n\nNous avons bien reçu votre paiement de {{ paye }} le {{ date }} à {{ heure }} "
        "({{ precisions }}). {{ solde }}\n\n"
        "Le reçu est joint et reste disponible dans votre espace : {{ url }}" + SIGNATURE,
    ),
    "payment_refused": Kind(
        label=_("Paiement refusé"),
        variables=INVOICE | {"date"},
        subject="Votre paiement n’a pas abouti",
        body="Bonjour {{ nom }},\n\nVotre banque n’a pas autorisé le paiement de la facture {{ numero }} le {{ date }}. "
        "Aucune somme n’a été débitée par nos services. La facture reste à régler avant le {{ echeance }} : {{ url }}"
        + SIGNATURE,
    ),
    "payment_surplus": Kind(
        label=_("Paiement en trop"),
        variables=INVOICE | {"date", "paye", "reference"},
        subject="Votre paiement du {{ date }} est arrivé en trop",
        body="Bonjour {{ nom }},\n\nNous avons bien reçu {{ paye }} le {{ date }} (référence {{ reference }}) pour la facture "
        "n° {{ numero }}, mais cette somme n’y était plus due. Elle n’est pas perdue : un agent va l’imputer sur une autre de vos "
        "factures ou la faire rembourser par le comptable public. Vous n’avez rien à faire.\n\nVoir ma facture : {{ url }}"
        + SIGNATURE,
    ),
    "payment_reversed": Kind(
        label=_("Paiement rejeté"),
        variables=INVOICE | {"date", "paye", "moyen", "motif"},
        subject="Votre paiement du {{ date }} a été rejeté",
        body="Bonjour {{ nom }},\n\nVotre banque nous a informés du rejet de votre paiement de {{ paye }} du {{ date }} ({{ moyen }}). "
        "Motif : {{ motif }}\n\nLa facture n° {{ numero }} est de nouveau à régler avant le {{ echeance }} : {{ reste_du }}.\n\n"
        "Consulter et payer ma facture : {{ url }}\n\nEn cas de difficulté, contactez {{ service }} : des solutions existent."
        + SIGNATURE,
    ),
    "payment_refunded": Kind(
        label=_("Remboursement effectué"),
        variables=INVOICE | {"paye"},
        subject="Votre remboursement de {{ paye }}",
        body="Bonjour {{ nom }},\n\nLe comptable public a remboursé la somme de {{ paye }}, reçue pour la facture n° {{ numero }}. "
        "Elle paraîtra sur votre compte dans quelques jours.\n\nVoir ma facture : {{ url }}" + SIGNATURE,
    ),
    "reminder_1": Kind(
        label=_("Relance 1"),
        variables=INVOICE,
        subject="Votre facture {{ numero }} reste à régler",
        body="Bonjour {{ nom }},\n\nSauf erreur de notre part, nous n’avons pas reçu le règlement de votre facture n° {{ numero }} "
        "({{ reste_du }}), dont la date limite était le {{ echeance }}. Il s’agit peut-être d’un oubli : vous pouvez la payer en "
        "deux minutes ici : {{ url }}\n\nSi vous avez déjà payé, merci de ne pas tenir compte de ce message.\n\n"
        "En cas de difficulté, contactez {{ service }} : des solutions existent." + SIGNATURE,
    ),
    "reminder_2": Kind(
        label=_("Relance 2"),
        variables=INVOICE,
        subject="Deuxième rappel : facture {{ numero }} en attente de règlement",
        body="Bonjour {{ nom }},\n\nMalgré notre précédent message, la somme de {{ reste_du }} reste due pour la facture "
        "n° {{ numero }} ({{ libelle }}), dont la date limite était le {{ echeance }}. Vous pouvez la payer ici : {{ url }}\n\n"
        "Si vous avez déjà payé, merci de ne pas tenir compte de ce message. Si le montant vous semble inexact, "
        "dites-le-nous." + SIGNATURE,
    ),
    "reminder_3": Kind(
        label=_("Relance 3"),
        variables=INVOICE,
        subject="Dernier rappel avant transmission au comptable public : facture {{ numero }}",
        body="Bonjour {{ nom }},\n\nSans règlement, votre facture n° {{ numero }} ({{ reste_du }}, échue le {{ echeance }}) sera "
        "transmise au comptable public, qui vous adressera un avis des sommes à payer et en poursuivra le recouvrement. Elle ne "
        "pourra alors plus être réglée auprès de la régie {{ regie }}.\n\nPayer ma facture : {{ url }}\n\n"
        "Si vous avez déjà payé, merci de ne pas tenir compte de ce message." + SIGNATURE,
    ),
}
