"""The seven steps of the mission. Each plays one part, checks what it gave, and leaves notes for the next."""

import time
from collections.abc import Callable

from obole.billing.models import Invoice
from obole.lib import money
from obole_demo import mails
from obole_demo.tour.browser import Difference
from obole_demo.tour.people import Cast, sign_in

CARD_ACCEPTED, CARD_REFUSED = "4970 1000 0000 0055", "4970 1000 0000 0113"
CHALLENGE = "123456"
MEALS = 12
TOTAL = MEALS * 325 + 2 * 200
PATIENCE_SECONDS = 30
PDF = b"%PDF-1."
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def configure(cast: Cast) -> str:
    """The administrator makes a régie, a prestation with its dispositif, and a type de facture."""
    admin, mark = cast.admin, cast.mark
    sign_in(admin, "admin@demo.example")
    bank = {
        "payfip-client_number": "012345",
        "payfip-mode": "W",
        "payfip-service_url": f"{cast.bank}/tpa/services/securite",
        "payfip-payment_page_url": f"{cast.bank}/tpa/paiementws.web",
        "confirm_production": "on",
    }
    regie = {"name": f"Régie de la visite {mark}", "code": mark, "description": "Faite par la visite guidée.", **bank}
    admin.get("/crm/parametrage/regies/nouvelle/").submit("Tester ces réglages", regie).expect("012345")
    admin.submit("Enregistrer", regie).expect(regie["name"])
    admin.get("/crm/parametrage/prestations/nouvelle/").submit("Enregistrer", {"name": f"Stages {mark}"}).expect(
        f"Stages {mark}"
    )
    admin.get("/crm/parametrage/dispositifs/nouveau/")
    scheme = {
        "service": admin.option("service", f"Stages {mark}"),
        "name": f"Stage de voile {mark}",
        "description": "Une semaine à la base nautique.",
    }
    admin.submit("Enregistrer", scheme).expect(scheme["name"])
    cast.notes["scheme"] = admin.url
    _describe_form(cast)
    _describe_pricing(cast)
    _describe_type(cast)
    return f"régie {mark}, « Stage de voile {mark} », a type de facture"


def apply(cast: Cast) -> str:
    """A citizen opens an account, finds the dispositif, fills the form, and is corrected once."""
    citizen, mark = cast.citizen, cast.mark
    email = f"visite.{mark.lower()}@demo.example"
    account = {
        "email": email,
        "first_name": "Ariane",
        "last_name": f"Visite-{mark}",
        "password1": f"voile-{mark}-2026",
        "password2": f"voile-{mark}-2026",
    }
    citizen.get("/compte/signup/").submit("Créer mon compte", account)
    citizen.submit("Confirmer", {"code": mails.code_sent_to(email)})
    citizen.get("/demarches/").follow(f"Stage de voile {mark}")
    citizen.get(citizen.url + "demande/")
    wrong = {"Prénom de l’enfant": "Zoé", "Niveau": "Débutant", "Séance": "-3"}
    citizen.submit("Envoyer ma demande", wrong, files={"Certificat médical": ("certificat.png", PNG, "image/png")})
    citizen.expect("Séance")
    citizen.submit("Envoyer ma demande", {**wrong, "Séance": str(MEALS)}).expect("DOS-", money.euros(MEALS * 325))
    cast.notes |= {"email": email, "dossier": citizen.url}
    citizen.get("/mes-demarches/").expect(f"Stage de voile {mark}")
    return f"dossier submitted by {email}, wrong quantity refused, file kept"


def review(cast: Cast) -> str:
    """An agent asks for a complement, the citizen answers, the agent accepts and generates the invoice."""
    agent, citizen = cast.agent, cast.citizen
    sign_in(agent, "agent@demo.example")
    agent.get(f"/crm/dossiers/?q={cast.mark}").follow("DOS-")
    dossier = agent.url
    agent.submit("Prendre en charge").get(dossier).follow("Demander un complément")
    agent.submit("Envoyer la demande de complément", {"reason": "Quel est le niveau exact ?"})
    citizen.get(cast.notes["dossier"]).expect("Quel est le niveau exact ?").follow("Compléter ma demande")
    citizen.submit("Renvoyer ma demande", {"Niveau": "Confirmé"})
    agent.get(dossier).follow("Accepter").submit("Accepter la demande", {})
    agent.get(dossier).follow("Factures")
    extra = {"Location de combinaison": "2"}
    agent.submit("Recalculer", extra).expect(money.euros(TOTAL))
    agent.submit("Générer la facture", extra).expect(f"{cast.mark}-", money.plain(TOTAL))
    invoice = _invoice_of(cast)
    cast.notes |= {
        "number": invoice.number or "",
        "invoice": f"/mes-factures/{invoice.public_id}/",
        "pk": str(invoice.pk),
    }
    _expect_sequence(invoice)
    return f"invoice {invoice.number}, {money.euros(TOTAL)}, due"


def see(cast: Cast) -> str:
    """The citizen finds the invoice, its lines, its PDF and the mail that announced it."""
    citizen, number = cast.citizen, cast.notes["number"]
    citizen.get("/mes-factures/").expect(
        "Factures en attente de paiement", number, money.euros(TOTAL), "Payer maintenant"
    )
    citizen.get(cast.notes["invoice"]).expect(number, "Séance", "Location de combinaison", money.euros(TOTAL))
    first, second = (citizen.bytes_of(f"{cast.notes['invoice']}facture.pdf") for _try in range(2))
    if not first.startswith(PDF) or first != second:
        raise Difference("the invoice's PDF is not a PDF, or changes when it is read again")
    wait_for_mail(cast, f"Votre facture {number} est disponible")
    return f"listed, detailed, PDF of {len(first) // 1024} KiB served twice the same, mail sent"


def pay(cast: Cast) -> str:
    """The citizen is refused, gives up, then pays; the régie is credited once and the receipt is mailed."""
    citizen = cast.citizen
    go_to_bank(cast, CARD_REFUSED, TOTAL)
    citizen.follow("Retourner sur le site du créancier").expect("refus")
    _press_pay(cast)
    citizen.submit("Abandonner").expect("Aucune somme n’a été débitée")
    citizen.get("/mes-factures/").expect("Payer maintenant")
    go_to_bank(cast, CARD_ACCEPTED, TOTAL)
    citizen.follow("Retourner sur le site du créancier").expect(money.euros(TOTAL))
    citizen.get(citizen.url)
    citizen.get("/mes-factures/").expect("Factures payées", cast.notes["number"])
    citizen.get(cast.notes["invoice"]).expect("Payée")
    receipt = _until(lambda: citizen.get(cast.notes["invoice"]).link("Reçu"), "the receipt is on the invoice's page")
    if not citizen.bytes_of(receipt).startswith(PDF):
        raise Difference("the receipt is not a PDF")
    wait_for_mail(cast, f"Paiement reçu : facture {cast.notes['number']}")
    return "refused, abandoned, then paid once; receipt kept and mailed"


def follow(cast: Cast) -> str:
    """Agents find the invoice in the list, its whole story, and the money in the régie's ledger."""
    agent, admin, number = cast.agent, cast.admin, cast.notes["number"]
    agent.get(f"/crm/factures/?q={number}&sort=-total_cents").expect(number, "Payée").follow(number)
    agent.expect("Paiement refusé", "Paiement abandonné", "Paiement accepté", "Facture émise et déposée", "Courriel")
    if "échange brut" in agent.text:
        raise Difference("an agent without the right reads the bank's raw exchanges")
    agent.get(f"/crm/transactions/?q={number}").expect("Acceptée", "Refusée").get("/crm/regies/", status=403)
    export = agent.bytes_of(f"/crm/factures/export.csv?q={number}").decode("utf-8-sig")
    if number not in export or ";" not in export:
        raise Difference(f"the export does not hold {number}")
    admin.get(f"/crm/factures/{cast.notes['pk']}/").expect("échange brut", "cartes en instance", "recettes à verser")
    admin.get("/crm/regies/").follow(f"Régie de la visite {cast.mark}").expect("cartes en instance", money.plain(TOTAL))
    admin.get(f"/crm/transactions/?q={number}").expect("Acceptée", "Refusée", "Abandonnée")
    sign_in(cast.regisseur, "regisseur@demo.example").get(admin.url).expect("Transactions")
    if f"Régie de la visite {cast.mark}" in cast.regisseur.text:
        raise Difference("a régisseur reads the name of a régie that is not theirs")
    return f"{money.euros(TOTAL)} in « cartes en instance » and in « recettes à verser », story complete, export read"


def _describe_form(cast: Cast) -> None:
    admin = cast.admin
    admin.get(cast.notes["scheme"]).follow("formulaire")
    plans = (
        ("Texte court", {"label": "Prénom de l’enfant"}),
        ("Choix dans une liste", {"label": "Niveau", "choices": "Débutant\nConfirmé"}),
        ("Pièce à joindre", {"label": "Certificat médical"}),
    )
    for kind, plan in plans:
        admin.follow("Ajouter un champ").follow(kind).submit("Enregistrer", plan)
    admin.submit("Publier ce formulaire")


def _describe_pricing(cast: Cast) -> None:
    plans = (
        {"label": "Séance", "unit": "séance", "cents": "3,25", "maximum": "20", "asked_of": "citizen"},
        {"label": "Location de combinaison", "unit": "jour", "cents": "2,00", "maximum": "10", "asked_of": "agent"},
    )
    vote = {"deliberation": "2026-12", "voted_on": "2026-01-15", "effect": "2026-02-01"}
    admin = cast.admin
    for plan in plans:
        admin.get(cast.notes["scheme"]).follow("Construire la tarification").follow("Un prix par quantité")
        admin.submit("Préparer cette tarification", {**plan, **vote})
    admin.submit("Publier cette tarification").expect("Séance", "Location de combinaison")
    admin.get(cast.notes["scheme"]).follow("formulaire").submit("Publier ce formulaire")


def _describe_type(cast: Cast) -> None:
    admin, mark = cast.admin, cast.mark
    admin.get("/crm/parametrage/types/nouveau/")
    values = {
        "name": f"Stage {mark}",
        "regie": admin.option("regie", f"Régie de la visite {mark}"),
        "payment_term": "0",
        "schemes": admin.box("schemes", f"Stage de voile {mark}"),
        "heading": "Stages sportifs",
    }
    admin.submit("Enregistrer", values).expect(f"Stage {mark}").follow("Plan de relance")
    # One day after the due date, with its own words; the two other steps of every new type are taken away.
    step = {
        "steps-0-days": "1",
        "steps-0-subject": "Pensez à votre facture {{ numero }}",
        "steps-0-body": "Il reste {{ reste_du }} à régler : {{ url }}",
        "steps-1-days": "",
        "steps-2-days": "",
        "reminder_first_hour": "0",
        "reminder_last_hour": "24",
    }
    admin.submit("Enregistrer", step).expect("est enregistré", "1 jour après l’échéance")


def _press_pay(cast: Cast) -> None:
    cast.citizen.get(cast.notes["invoice"]).submit("Payer maintenant").expect("Choisir un moyen de paiement")


def go_to_bank(cast: Cast, card: str, cents: int) -> None:
    """Press the button, type a card on the bank's page, and confirm."""
    _press_pay(cast)
    citizen = cast.citizen.follow("Carte bancaire")
    amount = f"Payer {money.euros(cents)}"
    citizen.submit(amount, {"numero": card, "expiration": "12/30", "cryptogramme": "123"}).submit(
        "Confirmer", {"code": CHALLENGE}
    )


def _invoice_of(cast: Cast) -> Invoice:
    return Invoice.objects.get(payer__email=cast.notes["email"])


def _expect_sequence(invoice: Invoice) -> None:
    if invoice.sequence != 1:
        raise Difference(f"the first invoice of a new régie has the rank {invoice.sequence}")


def wait_for_mail(cast: Cast, subject: str) -> None:
    """Look in the CRM until the worker has dealt with a mail."""
    _until(lambda: cast.agent.get("/crm/courriels/").link(subject), f"the mail « {subject} » is in Courriels")


def _until(look: Callable[[], str], what: str) -> str:
    """Look until the worker has done it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return look()
        except Difference:
            if time.monotonic() > deadline:
                raise Difference(f"after {PATIENCE_SECONDS} seconds, still not true: {what}") from None
        time.sleep(0.3)
