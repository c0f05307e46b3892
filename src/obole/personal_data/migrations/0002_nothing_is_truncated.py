"""What refuses to be deleted row by row refuses to be emptied (see ``audit_log``)."""

from django.db import migrations

REFUSE = """
    CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON personal_data_retentionevent
    EXECUTE FUNCTION obole_refuse_truncate()
"""


class Migration(migrations.Migration):
    dependencies = [("audit_log", "0004_nothing_is_truncated"), ("personal_data", "0001_initial")]

    operations = [migrations.RunSQL(REFUSE)]
