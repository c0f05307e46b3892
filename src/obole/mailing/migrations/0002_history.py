import django.db.models.deletion
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mailing', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='TemplateEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.BigIntegerField()),
                ('kind', models.CharField(max_length=40)),
                ('subject', models.CharField(max_length=200, verbose_name='objet')),
                ('body', models.TextField(max_length=6000, verbose_name='texte')),
            ],
            options={
                'abstract': False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='template',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "mailing_templateevent" ("body", "id", "kind", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "subject") VALUES (NEW."body", NEW."id", NEW."kind", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."subject"); RETURN NULL;', hash='efef0db2316a75a64c9834b46afa8de313205a17', operation='INSERT', pgid='pgtrigger_insert_insert_305fc', table='mailing_template', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='template',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "mailing_templateevent" ("body", "id", "kind", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "subject") VALUES (NEW."body", NEW."id", NEW."kind", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."subject"); RETURN NULL;', hash='daf471689b997ef71d63d1a24f8a2623e2603ee1', operation='UPDATE', pgid='pgtrigger_update_update_73b6b', table='mailing_template', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='template',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "mailing_templateevent" ("body", "id", "kind", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "subject") VALUES (OLD."body", OLD."id", OLD."kind", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."subject"); RETURN NULL;', hash='605a3953422057d4b9ed290c55aa39d26de3b21d', operation='DELETE', pgid='pgtrigger_delete_delete_62bb0', table='mailing_template', when='AFTER')),
        ),
        migrations.AddField(
            model_name='templateevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='mailing.template'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='templateevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='ba5825c77d904159a0bb882b5f2472d4cf34f8e7', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_5ea44', table='mailing_templateevent', when='BEFORE')),
        ),
        # What was there when its history began: the first change of a row has something to be compared with.
        migrations.RunSQL(
            """
            INSERT INTO "mailing_templateevent" (pgh_created_at, pgh_label, pgh_obj_id, "body", "id", "kind", "subject")
            SELECT now(), 'known', id, "body", "id", "kind", "subject" FROM "mailing_template";
            """,
            migrations.RunSQL.noop,
        ),
    ]
