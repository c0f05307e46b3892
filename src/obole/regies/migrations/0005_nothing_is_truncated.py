"""What refuses to be deleted row by row refuses to be emptied (see ``audit_log``)."""

from django.db import migrations

REFUSE = """
    CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON regies_bankchange EXECUTE FUNCTION obole_refuse_truncate()
"""


class Migration(migrations.Migration):
    dependencies = [("audit_log", "0004_nothing_is_truncated"), ("regies", "0004_bank_changes")]

    operations = [migrations.RunSQL(REFUSE)]
