"""Hand the series of numbers over to the régies, and give the avoir that it lacks to each invoice that was cancelled."""

from collections import Counter
from zoneinfo import ZoneInfo

from django.db import migrations


def write_credit_notes(apps, schema_editor):
    invoice, credit_note = apps.get_model("billing", "Invoice"), apps.get_model("billing", "CreditNote")
    series, entry = apps.get_model("regies", "Series"), apps.get_model("regies", "Entry")
    alias = schema_editor.connection.alias
    booked = dict(entry.objects.using(alias).filter(cause_kind="cancellation").values_list("cause_key", "booked_at"))
    cancelled = invoice.objects.using(alias).filter(state="cancelled", credit_note=None).select_related("regie")
    given = Counter()
    # An avoir belongs to the year in Paris, as the product numbers it.
    paris = ZoneInfo("Europe/Paris")
    for one in sorted(cancelled, key=lambda one: (booked[str(one.pk)], one.pk)):
        at = booked[str(one.pk)]
        year = at.astimezone(paris).year
        given[one.regie_id, year] += 1
        sequence = given[one.regie_id, year]
        credit_note.objects.using(alias).create(
            invoice=one, regie=one.regie, year=year, sequence=sequence, cents=one.total_cents, reason="other", comment=one.reason,
            number=f"{one.regie.code}-AV-{year}-{sequence:06d}", issued_at=at, issued_by="migration",
        )  # fmt: skip
    for (regie_id, year), last in given.items():
        series.objects.using(alias).create(regie_id=regie_id, kind="credit_note", year=year, last=last)


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_credit_notes"), ("regies", "0003_series")]
    operations = [
        migrations.RunSQL(
            "INSERT INTO regies_series (regie_id, kind, year, last) SELECT regie_id, 'invoice', year, last FROM billing_numberseries",
            migrations.RunSQL.noop,
        ),
        migrations.RunPython(write_credit_notes, migrations.RunPython.noop),
    ]
