"""What refuses to be deleted row by row refuses to be emptied (see ``audit_log``)."""

from django.db import migrations

TABLES = ("pesfile", "pespiece", "pescontent", "pessettingsevent")
REFUSE = "CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON recovery_{} EXECUTE FUNCTION obole_refuse_truncate()"


class Migration(migrations.Migration):
    dependencies = [("audit_log", "0004_nothing_is_truncated"), ("recovery", "0003_pes_files")]

    operations = [migrations.RunSQL([REFUSE.format(table) for table in TABLES])]
