"""Say of each receipt what it counts for, and of each anomaly what it is about."""

from django.db import migrations

COUNT = """
    INSERT INTO payments_allocation (receipt_id, invoice_id, entry_id, cents, at, actor, reason)
    SELECT id, invoice_id, entry_id, cents, received_at, 'migration', '' FROM payments_receipt WHERE invoice_id IS NOT NULL
"""
FILE = """
    UPDATE payments_anomaly AS anomaly SET
        cause = anomaly.kind || ':attempt:' || anomaly.attempt_id,
        invoice_id = (SELECT invoice_id FROM payments_attempt WHERE id = anomaly.attempt_id),
        receipt_id = (
            SELECT id FROM payments_receipt
            WHERE attempt_id = anomaly.attempt_id AND invoice_id IS NULL AND anomaly.kind IN ('not_due', 'different')
        ),
        outcome = CASE
            WHEN anomaly.closed_at IS NULL THEN '' WHEN anomaly.kind IN ('not_due', 'different') THEN 'kept' ELSE 'noted'
        END
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0003_receipts")]
    operations = [
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
        migrations.RunSQL(FILE, migrations.RunSQL.noop),
    ]
