"""What PayFiP says, as tables: its words and ours."""

from dataclasses import dataclass
from enum import StrEnum

from obole.gateways.base import Limits, SettingField, Status, gettext_noop

WORDS = {
    "P": Status.PAID_BY_CARD,
    "V": Status.PAID_BY_DEBIT,
    "R": Status.REFUSED,
    "Z": Status.REFUSED,
    "A": Status.ABANDONED,
}
"""The letter of ``resultrans``. Any other letter (a means of payment to come) is ``Status.UNKNOWN``."""

PAYMENT_CODES = {"P5": Status.PENDING, "P1": Status.MISSING}
"""The functional errors that tell something of a payment. Any other one is ``Status.UNKNOWN``."""

LIMITS = Limits(
    min_cents=100,
    # The ceiling is told as « 100 000 € » but the field holds seven digits: 99 999,99 € is the most that can be sent.
    max_cents=9_999_999,
    email_max_length=80,
    window_minutes=15,
)
EMAIL_MIN_LENGTH = 6
URL_MAX_LENGTH = 250
LABEL_MAX_LENGTH = 99


class Action(StrEnum):
    """Who can do something about an error."""

    SETTINGS = "settings"
    """The régie's settings, or its contract with the DGFiP."""
    PAYER = "payer"
    """What the payer gave."""
    BUG = "bug"
    """Our own fault: it should have been stopped before it was sent."""
    RESTART = "restart"
    """A new payment must be created."""
    WAIT = "wait"
    """Nobody: the same question will have an answer later."""


@dataclass(frozen=True)
class Advice:
    """What to do about an error code. The sentence is a French message id."""

    action: Action
    sentence: str


_SETTINGS = gettext_noop(
    "PayFiP refuse un réglage de la régie : vérifiez-le avec votre correspondant moyens de paiement (DDFiP)."
)

ERRORS = {
    "S1": Advice(
        Action.SETTINGS, gettext_noop("Le mode (test, activation ou production) n’est pas accepté pour ce client.")
    ),
    "T1": Advice(Action.SETTINGS, gettext_noop("Le numéro client PayFiP est mal écrit.")),
    "T2": Advice(Action.SETTINGS, gettext_noop("PayFiP ne connaît pas ce numéro client : vérifiez-le avec la DDFiP.")),
    "T4": Advice(
        Action.SETTINGS, gettext_noop("Ce client n’a pas accès au service web : demandez son activation à la DDFiP.")
    ),
    "T9": Advice(Action.SETTINGS, gettext_noop("PayFiP refuse le certificat de l’adresse de notification.")),
    **{code: Advice(Action.SETTINGS, _SETTINGS) for code in ("T3", "T5", "T6", "T7", "T8", "T10")},
    "N1": Advice(Action.SETTINGS, gettext_noop("PayFiP refuse l’adresse de notification.")),
    "D1": Advice(Action.SETTINGS, gettext_noop("PayFiP refuse l’adresse de retour.")),
    "A1": Advice(Action.PAYER, gettext_noop("L’adresse électronique du payeur est obligatoire.")),
    "A2": Advice(Action.PAYER, gettext_noop("PayFiP refuse l’adresse électronique du payeur.")),
    "M1": Advice(Action.BUG, gettext_noop("Le montant est mal écrit.")),
    "M3": Advice(Action.BUG, gettext_noop("Le montant est inférieur à 1 €.")),
    "M5": Advice(Action.BUG, gettext_noop("Le montant dépasse le plafond de PayFiP.")),
    "R3": Advice(Action.BUG, gettext_noop("La référence de la dette est mal écrite.")),
    "P1": Advice(Action.RESTART, gettext_noop("PayFiP ne connaît pas, ou plus, cette opération.")),
    "P3": Advice(Action.RESTART, gettext_noop("Cette opération a déjà servi : un nouveau paiement doit être créé.")),
    "P4": Advice(
        Action.RESTART, gettext_noop("Cette opération a plus de 15 minutes : un nouveau paiement doit être créé.")
    ),
    "P5": Advice(Action.WAIT, gettext_noop("PayFiP ne connaît pas encore le résultat.")),
    "999": Advice(Action.WAIT, gettext_noop("PayFiP est en panne : la question sera posée de nouveau.")),
}
"""The codes seen by those who use the service. Its full list is not public: others exist."""

_PLAIN_URL = r"https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~%/\-]*)?"
_PLAIN_URL_HELP = gettext_noop("Une adresse complète de la banque, qui commence par https://, sans « ? » ni « # ».")

FIELDS = (
    SettingField(
        name="client_number",
        label=gettext_noop("Numéro client PayFiP"),
        help=gettext_noop(
            "Six chiffres exactement, zéros de tête compris ; il est sur la convention signée avec la DGFiP."
        ),
        pattern="[0-9]{6}",
        example="006382",
    ),
    SettingField(
        name="mode",
        label=gettext_noop("Mode"),
        help=gettext_noop(
            "« Test » d’abord, puis « Activation » pour les premiers paiements réels, enfin « Production »."
        ),
        choices={"T": gettext_noop("Test"), "X": gettext_noop("Activation"), "W": gettext_noop("Production")},
        default="T",
        example="T",
    ),
    SettingField(
        name="service_url",
        label=gettext_noop("Adresse du service web"),
        help=_PLAIN_URL_HELP,
        pattern=_PLAIN_URL,
        is_address=True,
        default="https://www.payfip.gouv.fr/tpa/services/securite",
        example="https://www.payfip.gouv.fr/tpa/services/securite",
    ),
    SettingField(
        name="payment_page_url",
        label=gettext_noop("Adresse de la page de paiement"),
        help=_PLAIN_URL_HELP,
        pattern=_PLAIN_URL,
        is_address=True,
        default="https://www.payfip.gouv.fr/tpa/paiementws.web",
        example="https://www.payfip.gouv.fr/tpa/paiementws.web",
    ),
)
