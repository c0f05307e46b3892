"""Which article of the agents' guide tells about which screen, and where the articles are."""

from pathlib import Path

from django.conf import settings
from django.urls import reverse

INDEX = "README"
ARTICLES: dict[str, tuple[str, ...]] = {
    INDEX: ("guide", "home"),
    "compter": ("attendance", "planning"),
    "campagnes": ("campaign",),
    "annuler-et-refaire": ("credit_note_pdf", "draft", "invoice_cancel", "invoice_redo"),
    "attester": ("attestations", "citizen_account_pdf", "citizen_attestation", "citizen_documents"),
    "caisse": ("cash_", "deposit", "drawer"),
    "chercher": ("bulk_action", "citizens", "drop_view", "list_layout", "save_view", "search"),
    "cloturer": ("closing",),
    "configurer": ("settings",),
    "droits": ("settings_agent_rights", "settings_api_key", "settings_journal", "settings_retention"),
    "echeancier-et-cautions": ("carried", "caution", "part"),
    "encaisser": ("receipt", "take_"),
    "formulaires": ("settings_form", "settings_scheme"),
    "fusionner": ("citizen_merge",),
    "instruire": ("attachment", "citizen", "dossier", "generate_invoice"),
    "livres": ("book_", "regie", "regies"),
    "rapprocher": ("bank_", "reconciliation", "regularisations", "statement"),
    "recouvrer": ("agreement", "dispute", "hold", "outstanding", "titres", "transmission"),
    "relancer": ("invoice_remind", "letters", "reminder_results", "settings_type_reminders"),
    "rembourser": ("refund",),
    "remise-de-service": ("handover",),
    "se-connecter": ("profile", "settings_agent"),
    "suivre-une-facture": ("attempt", "exchange", "invoice", "message", "receipt_pdf"),
    "tarifer": ("settings_pricing", "settings_simulator"),
    "traiter": ("task", "unmatched"),
    "verser": ("remittance", "settings_regie_act"),
}
"""For each article, how the names of its screens begin; the longest beginning wins."""
_BEGINNINGS = {beginning: article for article, beginnings in ARTICLES.items() for beginning in beginnings}
PACKED = settings.PACKAGE / "crm" / "guide"
"""Where an installed package has them (see setup.py)."""
TYPED = settings.PACKAGE.parents[1] / "docs" / "agents"
"""Where a checkout has them."""


def folder() -> Path:
    """Return where the articles are."""
    return PACKED if PACKED.exists() else TYPED


def article_of(screen: str) -> str:
    """Return the article about a screen, by the name of its address; the index where there is none."""
    told = [beginning for beginning in _BEGINNINGS if screen.startswith(beginning)]
    return _BEGINNINGS[max(told, key=len)] if told else INDEX


def address_of(article: str) -> str:
    """Return the address of an article."""
    return reverse("crm:guide") if article == INDEX else reverse("crm:guide_article", args=[article])
