"""A table of cells read as a statement, or as PayFiP's list of payments, once each fact has its column."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from django.utils.translation import gettext as _, gettext_lazy

from obole.bank_statements.rules import csv_files
from obole.bank_statements.rules.csv_files import Row, Table
from obole.bank_statements.rules.readings import (
    LONGEST_LABEL,
    LONGEST_REFERENCE,
    Reading,
    ReadLine,
    ReadPayment,
    Unreadable,
)
from obole.lib import money, texts

ACCOUNT_FACTS = {
    "day": gettext_lazy("Date de l’opération"),
    "value_day": gettext_lazy("Date de valeur"),
    "label": gettext_lazy("Libellé"),
    "label2": gettext_lazy("Suite du libellé"),
    "details": gettext_lazy("Référence"),
    "cents": gettext_lazy("Montant, avec son signe"),
    "debit": gettext_lazy("Débit"),
    "credit": gettext_lazy("Crédit"),
    "balance": gettext_lazy("Solde après l’opération"),
}
PAYFIP_FACTS = {
    "reference": gettext_lazy("Référence de la dette (refdet)"),
    "cents": gettext_lazy("Montant"),
    "day": gettext_lazy("Date du paiement"),
    "authorisation": gettext_lazy("Numéro d’autorisation"),
    "credited_on": gettext_lazy("Date du versement au compte"),
    "remittance": gettext_lazy("Numéro de remise"),
}
NEEDED = {"account": ("day", "label"), "payfip": ("reference", "cents", "day")}
FACTS = {"account": ACCOUNT_FACTS, "payfip": PAYFIP_FACTS}
GUESSES = {
    "day": ("date operation", "date d operation", "date de l operation", "date comptable", "date du paiement", "date"),
    "value_day": ("date valeur", "date de valeur", "valeur"),
    "label": ("libelle", "libelle operation", "libelle de l operation", "nature de l operation", "operation", "motif"),
    "label2": ("libelle complementaire", "complement", "informations complementaires", "detail"),
    "details": ("reference", "ref", "reference operation"),
    "cents": ("montant", "montant en euros", "montant eur", "montant net"),
    "debit": ("debit", "debit euros", "debit eur"),
    "credit": ("credit", "credit euros", "credit eur"),
    "balance": ("solde", "solde apres operation", "solde progressif"),
    "reference": ("refdet", "reference de la dette", "reference dette", "reference"),
    "authorisation": ("numero d autorisation", "numauto", "n autorisation", "autorisation"),
    "credited_on": ("date de versement", "date versement", "date de remise", "date du versement"),
    "remittance": ("numero de remise", "remise", "n remise"),
}


def guess(kind: str, table: Table) -> dict[str, str]:
    """Return the columns that most banks would mean, by their titles: a person looks at them before they serve."""
    found: dict[str, str] = {}
    by_name = {texts.fold(title): title for title in reversed(table.titles)}
    for fact in FACTS[kind]:
        title = next((by_name[word] for word in GUESSES[fact] if word in by_name), None)
        if title is not None and title not in found.values():
            found[fact] = title
    if "debit" in found and "credit" in found:
        found.pop("cents", None)
    return found


def missing(kind: str, columns: Mapping[str, str]) -> list[str]:
    """Return what a layout must still say, by name."""
    lacking = [name for name in NEEDED[kind] if not columns.get(name)]
    if kind == "account" and not columns.get("cents") and not (columns.get("debit") and columns.get("credit")):
        lacking.append("cents")
    return lacking


def read(kind: str, table: Table, columns: Mapping[str, str], *, today: date) -> Reading:
    """
    Read a table through its layout.

    :raises Unreadable: at the first line that cannot be.
    """
    rows = csv_files.rows_of(table, columns)
    dated = [at for at, row in enumerate(rows) if row.said["day"]]
    if not dated:
        raise Unreadable(_("Aucune ligne n’a de date : vérifiez la colonne choisie pour la date."))
    # What follows the last day is a total or a notice.
    told, after = rows[: dated[-1] + 1], len(rows) - dated[-1] - 1
    return _payments(told, after) if kind == "payfip" else _account(told, after, today=today)


def _account(rows: Sequence[Row], after: int, *, today: date) -> Reading:
    lines = [_line(row, today=today) for row in rows]
    kept = tuple(line for line in lines if line.cents)
    if not kept:
        raise Unreadable(_("Aucune ligne n’a de montant : vérifiez la colonne choisie pour le montant."))
    opening, closing = _balances(rows, lines) if "balance" in rows[0].said else (None, None)
    days = [line.day for line in lines]
    return Reading(
        form="csv",
        lines=kept,
        first_day=min(days),
        last_day=max(days),
        opening_cents=opening,
        closing_cents=closing,
        left_out=len(lines) - len(kept) + after,
    )


def _line(row: Row, *, today: date) -> ReadLine:
    day = _day(row)
    if day > today + timedelta(days=1):
        raise Unreadable(
            _("Ligne %(n)d : cette opération est dans l’avenir. Vérifiez la colonne choisie pour la date.")
            % {"n": row.number}
        )
    label = " ".join(part for part in (row.said["label"], row.said.get("label2", "")) if part)
    return ReadLine(
        number=row.number,
        day=day,
        value_day=row.day("value_day"),
        cents=_signed(row),
        label=label[:LONGEST_LABEL] or _("sans libellé"),
        details=row.said.get("details", "")[:LONGEST_LABEL],
    )


def _signed(row: Row) -> int:
    if "debit" not in row.said or "credit" not in row.said:
        return row.cents("cents")
    debit, credit = row.cents("debit"), row.cents("credit")
    if debit and credit:
        raise Unreadable(
            _("Ligne %(n)d : un débit et un crédit à la fois. Vérifiez les colonnes choisies.") % {"n": row.number}
        )
    if credit < 0:
        raise Unreadable(
            _("Ligne %(n)d : un crédit négatif. Choisissez plutôt la colonne d’un montant avec son signe.")
            % {"n": row.number}
        )
    # Some banks write debits with their sign, in a column of their own.
    return credit - abs(debit)


def _day(row: Row) -> date:
    day = row.day("day")
    if day is None:
        raise Unreadable(
            _("Ligne %(n)d : pas de date. Complétez-la, ou exportez de nouveau le fichier.") % {"n": row.number}
        )
    return day


def _balances(rows: Sequence[Row], lines: Sequence[ReadLine]) -> tuple[int, int]:
    """Return the balances before and after the lines, which may begin by the newest."""
    said = [row.cents("balance") for row in rows]
    for newest_first in (lines[0].day > lines[-1].day, lines[0].day >= lines[-1].day):
        step = -1 if newest_first else 1
        moved, balances = [line.cents for line in lines][::step], said[::step]
        wrong = _first_break(moved, balances)
        if wrong is None:
            return balances[0] - moved[0], balances[-1]
        number = [line.number for line in lines][::step][wrong]
    raise Unreadable(
        _(
            "Ligne %(n)d : le solde ne suit pas de la ligne d’avant et du montant. Vérifiez les colonnes choisies, ou"
            " exportez de nouveau le relevé : une ligne manque peut-être."
        )
        % {"n": number}
    )


def _first_break(moved: Sequence[int], balances: Sequence[int]) -> int | None:
    for at in range(1, len(moved)):
        if balances[at - 1] + moved[at] != balances[at]:
            return at
    return None


def _payments(rows: Sequence[Row], after: int) -> Reading:
    payments = tuple(_payment(row) for row in rows)
    days = [payment.day for payment in payments]
    return Reading(form="csv", payments=payments, first_day=min(days), last_day=max(days), left_out=after)


def _payment(row: Row) -> ReadPayment:
    cents, reference = row.cents("cents"), row.said["reference"]
    if cents <= 0:
        raise Unreadable(
            _("Ligne %(n)d : le montant d’un paiement est de %(cents)s. Retirez cette ligne, ou vérifiez la colonne.")
            % {"n": row.number, "cents": money.euros(cents)}
        )
    if not reference:
        raise Unreadable(_("Ligne %(n)d : pas de référence. Vérifiez la colonne choisie.") % {"n": row.number})
    return ReadPayment(
        number=row.number,
        day=_day(row),
        cents=cents,
        reference=reference[:LONGEST_REFERENCE],
        authorisation=row.said.get("authorisation", "")[:LONGEST_REFERENCE],
        credited_on=row.day("credited_on"),
        remittance=row.said.get("remittance", "")[:LONGEST_REFERENCE],
    )
