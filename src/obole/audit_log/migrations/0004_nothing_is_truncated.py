"""What refuses to be deleted row by row refuses to be emptied: TRUNCATE fires no trigger of rows."""

from django.db import migrations

REFUSE = """
    CREATE FUNCTION obole_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'obole: table % only grows, and cannot be truncated', TG_TABLE_NAME;
    END $$;
    DO $$
    DECLARE kept regclass;
    BEGIN
        -- Before (2), on each row (1), on a deletion (8): what the models' own triggers are.
        FOR kept IN
            SELECT DISTINCT tgrelid::regclass FROM pg_trigger
            WHERE tgname LIKE 'pgtrigger%' AND tgtype & 11 = 11
        LOOP
            EXECUTE format(
                'CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON %s EXECUTE FUNCTION obole_refuse_truncate()', kept
            );
        END LOOP;
    END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_one_address_an_account"),
        ("audit_log", "0003_journal"),
        ("billing", "0005_actors"),
        ("catalogue", "0004_rights"),
        ("directory", "0003_rights"),
        ("dossiers", "0002_delete_item"),
        ("limits", "0001_initial"),
        ("mailing", "0001_initial"),
        ("payments", "0002_actors"),
        ("regies", "0003_rights"),
        ("reminders", "0001_initial"),
    ]

    operations = [migrations.RunSQL(REFUSE)]
