"""What people type in each kind of question: mended where it can be, else refused with a sentence that says how to."""

from datetime import date, time
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from obole.catalogue.fields import FieldKind, FormField
from obole.catalogue.forms import questions
from obole.catalogue.models import FormVersion
from obole.ui import fields

K = FieldKind


def one(kind: str, **more: Any) -> FormField:
    return FormField(key="a", label="Question", kind=kind, **more)


def read(field: FormField, typed: Any) -> Any:
    """Return what is kept of what was typed."""
    return questions.to_json(field, questions.control(field).clean(typed))


@pytest.mark.parametrize(
    ("field", "typed", "kept", "told"),
    [
        (one(K.AMOUNT), "1 234,5", "1234.50", "1 234,50 €"),
        (one(K.AMOUNT), "1\u202f234.56 €", "1234.56", "1 234,56 €"),
        (one(K.AMOUNT), "0", "0.00", "0,00 €"),
        (one(K.DECIMAL, decimals=2), "1,5", "1.5", "1,5"),
        (one(K.DECIMAL, decimals=2), "1.5", "1.5", "1,5"),
        (one(K.DECIMAL, decimals=3, step="0.25"), "1 200,75", "1200.75", "1200,75"),
        (one(K.NUMBER), " 1 200 ", 1200, "1200"),
        (one(K.NUMBER), "0", 0, "0"),
        (one(K.DATE), "25/11/2026", "2026-11-25", "25/11/2026"),
        (
            one(K.PERIOD),
            ["2026-11-25", "01/12/2026"],
            {"from": "2026-11-25", "to": "2026-12-01"},
            "du 25/11/2026 au 01/12/2026",
        ),
        (
            one(K.PERIOD),
            ["2026-11-25", "2026-11-25"],
            {"from": "2026-11-25", "to": "2026-11-25"},
            "du 25/11/2026 au 25/11/2026",
        ),
        (one(K.TIME), "14h30", "14:30", "14 h 30"),
        (one(K.TIME), "8 H", "08:00", "08 h 00"),
        (one(K.TIME), "00:00", "00:00", "00 h 00"),
        (
            one(K.SEVERAL, choices=("Cuisine", "Vaisselle")),
            ["Vaisselle", "Cuisine"],
            ["Vaisselle", "Cuisine"],
            "Vaisselle, Cuisine",
        ),
        (one(K.PHONE), "+33 (0)6.12-34 56 78", "06 12 34 56 78", "06 12 34 56 78"),
        (one(K.PHONE), "0033612345678", "06 12 34 56 78", "06 12 34 56 78"),
        (one(K.PHONE), "+32 475 12 34 56", "+32475123456", "+32475123456"),
        (
            one(K.IBAN),
            "fr14 2004 1010 0505 0001 3m02 606",
            "FR1420041010050500013M02606",
            "FR14 2004 1010 0505 0001 3M02 606",
        ),
        (one(K.SIRET), "732 829 320 00074", "73282932000074", "732 829 320 00074"),
        # La Poste has establishments whose number does not follow the common check.
        (one(K.SIRET), "356 000 000 49837", "35600000049837", "356 000 000 49837"),
        (one(K.EMAIL), " Maud@Exemple.fr\u200b ", "Maud@Exemple.fr", "Maud@Exemple.fr"),
        (
            one(K.ADDRESS),
            "3 rue des Halles\r\n\u202e99999  Valbourg\x00",
            "3 rue des Halles\n99999 Valbourg",
            "3 rue des Halles\n99999 Valbourg",
        ),
        (one(K.TEXT), "e\u0301t\u00e9 🏊 \u2067שלום\u2069", "\u00e9t\u00e9 🏊 שלום", "\u00e9t\u00e9 🏊 שלום"),
        (one(K.TEXT, mask="AA-999-AA"), "ab-123-CD", "ab-123-CD", "ab-123-CD"),
        (one(K.YES_NO), "no", "no", "Non"),
        (one(K.TEXT, mask="9.(?"), "1.(x", "1.(x", "1.(x"),
    ],
)
def test_what_is_typed_is_kept_and_told(field: FormField, typed: Any, kept: Any, told: str) -> None:
    assert read(field, typed) == kept
    assert questions.to_text(field, kept).replace("\u00a0", " ").replace("\u202f", " ") == told
    # What is kept can be shown again in its control, and sent again unchanged.
    control = questions.control(field, initial=kept)
    again = control.prepare_value(control.initial)
    widget = control.widget
    if isinstance(widget, fields.PeriodInput):
        again = widget.decompress(again)
    elif isinstance(again, date | time):
        again = widget.format_value(again)
    assert questions.to_json(field, control.clean(again)) == kept


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        (one(K.AMOUNT), "12€50", "un montant en euros"),
        (one(K.AMOUNT), "1e5", "un montant en euros"),
        (one(K.AMOUNT), "-3", "montant en euros"),
        (one(K.AMOUNT), "１２", "un montant en euros"),
        (one(K.AMOUNT), "1,234", "un montant en euros"),
        (one(K.AMOUNT), "NaN", "un montant"),
        (one(K.AMOUNT, maximum="100"), "100,01", "au plus 100,00 €"),
        (one(K.AMOUNT, minimum="0.5"), "0,49", "au moins 0,50 €"),
        (one(K.DECIMAL, decimals=1), "1,55", "au plus 1 chiffre"),
        (one(K.DECIMAL, decimals=2), "1e400", "en chiffres"),
        (one(K.DECIMAL, decimals=2, step="0.25"), "1,3", "multiple de 0,25, par exemple 1,25"),
        (one(K.NUMBER), "１２", "en chiffres"),
        (one(K.NUMBER), "1,5", "nombre entier"),
        (one(K.NUMBER, maximum="20"), "21", "inférieur ou égal à 20"),
        (one(K.NUMBER), "1\x002", "en chiffres"),
        (one(K.DATE), "2026-02-30", "date qui existe"),
        (one(K.DATE), "２０２６-11-25", "date qui existe"),
        (one(K.DATE, minimum="2026-09-01"), "2026-08-31", "à partir du 01/09/2026"),
        (one(K.DATE, maximum="2026-09-01"), "2026-09-02", "jusqu’au"),
        (one(K.PERIOD), ["2026-11-25", ""], "les deux jours"),
        (one(K.PERIOD), ["2026-11-26", "2026-11-25"], "vient avant le premier"),
        (one(K.PERIOD), ["hier", "2026-11-25"], "Premier jour : Saisissez une date"),
        (one(K.PERIOD), ["", ""], "obligatoire"),
        (one(K.PERIOD), "2026", "obligatoire"),
        (one(K.TIME), "25:00", "heure qui existe"),
        (one(K.TIME), "１４:00", "heure qui existe"),
        (one(K.SEVERAL, choices=("A",)), ["A", "B"], "« B » n’est pas dans la liste"),
        (one(K.SEVERAL, choices=("A",)), [], "Cochez au moins"),
        (one(K.PHONE), "06 12 34 56 7", "dix chiffres"),
        (one(K.PHONE), "06 12 34 56 78 9", "dix chiffres"),
        (one(K.PHONE), "０６12345678", "dix chiffres"),
        (one(K.PHONE), "+33 1", "dix chiffres"),
        (one(K.PHONE), "06 12 34 56 78; DROP", "dix chiffres"),
        (one(K.IBAN), "FR14 2004 1010 0505 0001 3M02 607", "Un caractère de cet IBAN est faux"),
        (one(K.IBAN), "FR76", "Ce n’est pas un IBAN"),
        (one(K.IBAN), "FR１4 2004 1010 0505 0001 3M02 606", "Ce n’est pas un IBAN"),
        (one(K.IBAN), "\x00", "obligatoire"),
        (one(K.SIRET), "732 829 320 00075", "Un chiffre de ce SIRET est faux"),
        (one(K.SIRET), "732829320", "compte 14 chiffres"),
        (one(K.SIRET), "７3282932000074", "compte 14 chiffres"),
        (one(K.EMAIL), "maud@", "nom@exemple.fr"),
        (one(K.EMAIL), "a b@c.fr", "nom@exemple.fr"),
        (one(K.TEXT, mask="AA-999-AA"), "1B-123-CD", "sous la forme AA-999-AA"),
        (one(K.TEXT, mask="99999"), "１２３４５", "sous la forme 99999"),
        (one(K.TEXT, shortest=5), "abc", "au moins 5 caractères : cette réponse en a 3"),
        (one(K.TEXT, longest=3), "abcd", "au plus 3 caractères"),
        (one(K.TEXT), "x" * 301, "au plus 300 caractères : cette réponse en a 301"),
        (one(K.TEXT), "\u202e\x00 \u200b", "obligatoire"),
        (one(K.ADDRESS), "1\n2\n3\n4\n5\n6\n7", "tient sur 6 lignes : celle-ci en a 7"),
        (one(K.YES_NO), "peut-être", "choix valide"),
    ],
)
def test_what_cannot_be_read_is_refused_with_how_to_mend_it(field: FormField, typed: Any, sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read(field, typed)
    assert sentence in " ".join(refused.value.messages).replace("\u00a0", " ")


@pytest.mark.parametrize("kind", [item for item in K if item not in {K.FILE, K.GROUP, K.SECTION}])
def test_an_empty_answer_that_may_be_is_kept_as_nothing(kind: str) -> None:
    field = one(kind, required=False, choices=("A",))
    for nothing in ("", None):
        assert read(field, [nothing, nothing] if kind == K.PERIOD else nothing or []) is None
    assert questions.to_text(field, None) == ""


@pytest.mark.parametrize("kind", list(K))
@pytest.mark.parametrize("odd", ["x", 3, ["a", 1], {"from": "x"}, True, "1e400"])
def test_an_answer_of_another_kind_is_told_without_breaking(kind: str, odd: Any) -> None:
    """A form that was filled before its question changed of kind is still read."""
    assert isinstance(questions.to_text(one(kind), odd), str)


def test_a_mask_takes_no_more_time_for_a_long_answer() -> None:
    """It is no regular expression of the administrator's: none of its letters repeats."""
    with pytest.raises(ValidationError):
        read(one(K.TEXT, mask="(A+)+$" * 40), "a" * 300)


def test_what_came_later_to_fields_is_not_written_where_nobody_set_it() -> None:
    assert one(K.TEXT).as_dict() == {
        "key": "a",
        "label": "Question",
        "kind": "text",
        "required": True,
        "help": "",
        "choices": [],
    }
    full = one(K.FILE, file_types=("pdf",), megabytes=2, shown_if={"kind": "all", "of": []})
    assert FormField(**full.as_dict()) == full
    assert FormVersion(fields=[full.as_dict()]).form_fields == (full,)
