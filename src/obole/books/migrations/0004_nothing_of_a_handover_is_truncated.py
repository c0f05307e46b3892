"""What refuses to be deleted row by row refuses to be emptied (see ``audit_log``)."""

from django.db import migrations

REFUSE = "CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON {} EXECUTE FUNCTION obole_refuse_truncate()"


class Migration(migrations.Migration):
    dependencies = [("audit_log", "0004_nothing_is_truncated"), ("books", "0003_remises_de_service")]

    operations = [migrations.RunSQL(REFUSE.format(table)) for table in ("books_handover", "books_handoverpdf")]
