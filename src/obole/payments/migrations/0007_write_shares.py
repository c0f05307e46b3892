"""Say of each attempt that all of it is for its one invoice."""

from django.db import migrations

SHARE = """
    INSERT INTO payments_share (attempt_id, invoice_id, cents, holds)
    SELECT id, invoice_id, amount_cents, state IN ('opening', 'waiting') AND released_at IS NULL FROM payments_attempt
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0006_shares")]
    operations = [migrations.RunSQL(SHARE, migrations.RunSQL.noop)]
