"""The mails about an invoice that a type de facture words in its own way; its reminders are worded by its plan."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from obole.billing.rules.reminder_plan import LONGEST_SUBJECT
from obole.mailing import rules as mail_rules
from obole.mailing.default_templates import KINDS as EVERY_KIND

KINDS = {
    name: kind for name, kind in EVERY_KIND.items() if "numero" in kind.variables and not name.startswith("reminder")
}


def check(kept: Any) -> None:
    """
    Check the words of a type before they are kept: ``{"invoice_deposited": {"subject": …, "body": …}}``.

    :raises django.core.exceptions.ValidationError: with a sentence for each thing to mend.
    """
    if not _has_their_shape(kept):
        raise ValidationError(_("Les courriels d’un type sont, pour chaque modèle, un objet et un texte."))
    if problems := [said for name, words in kept.items() for said in _wrong(name, words)]:
        raise ValidationError(problems)


def in_lines(kept: Mapping[str, Mapping[str, str]]) -> str:
    """Write the words of a type, a mail after the other, to be compared line by line."""
    return "\n".join(
        f"{KINDS[name].label if name in KINDS else name}\n{words['subject']}\n{words['body']}"
        for name, words in sorted(kept.items())
    )


def _has_their_shape(kept: Any) -> bool:
    return isinstance(kept, dict) and all(
        isinstance(words, dict)
        and set(words) == {"subject", "body"}
        and all(isinstance(said, str) and said.strip() for said in words.values())
        for words in kept.values()
    )


def _wrong(name: str, words: Mapping[str, str]) -> Iterator[str]:
    if name not in KINDS:
        yield _("Le courriel « %(name)s » n’existe pas, ou ne se règle pas par type de facture.") % {"name": name}
        return
    if len(words["subject"]) > LONGEST_SUBJECT:
        yield _("L’objet est trop long : %(most)s caractères au plus.") % {"most": LONGEST_SUBJECT}
    try:
        mail_rules.check(words["subject"], words["body"], KINDS[name].variables)
    except mail_rules.BadTemplate as error:
        yield f"{KINDS[name].label}\u00a0: {error}"
