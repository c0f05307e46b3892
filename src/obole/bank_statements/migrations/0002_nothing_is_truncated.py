"""What refuses to be deleted row by row refuses to be emptied (see ``audit_log``)."""

from django.db import migrations

KEPT = ("statement", "bankline", "match", "matchedreceipt", "listedpayment", "acceptancerun")
REFUSE = [
    f"CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON bank_statements_{name} EXECUTE FUNCTION obole_refuse_truncate()"
    for name in KEPT
]


class Migration(migrations.Migration):
    dependencies = [("audit_log", "0004_nothing_is_truncated"), ("bank_statements", "0001_initial")]

    operations = [migrations.RunSQL(REFUSE)]
