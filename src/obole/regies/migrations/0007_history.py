import django.core.validators
import django.db.models.deletion
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0002_history'),
        ('regies', '0006_cautions'),
    ]

    operations = [
        migrations.CreateModel(
            name='MandateEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.BigIntegerField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='RegieEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.BigIntegerField()),
                ('code', models.CharField(help_text='Commence le numéro de chaque facture, par exemple ENF pour ENF-2026-000123. Ne change plus ensuite.', max_length=6, validators=[django.core.validators.RegexValidator('^[A-Z]{2,6}$', 'De 2 à 6 lettres majuscules, sans accent.')], verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='nom')),
                ('enabled', models.BooleanField(default=True, verbose_name='activée')),
                ('gateway', models.CharField(default='payfip', max_length=20, verbose_name='tiers bancaire')),
                ('release_delay', models.PositiveSmallIntegerField(default=20, help_text='Durée pendant laquelle une facture reste « En cours de paiement » avant un nouvel essai : 15 minutes au moins.', validators=[django.core.validators.MinValueValidator(15)], verbose_name='délai de déblocage (minutes)')),
                ('description', models.TextField(blank=True, verbose_name='description')),
            ],
            options={
                'abstract': False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='mandate',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "regies_mandateevent" ("agent_id", "id", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "regie_id") VALUES (NEW."agent_id", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."regie_id"); RETURN NULL;', hash='631effe3d74cead558f45ccf5f3b10d0bcd64546', operation='INSERT', pgid='pgtrigger_insert_insert_d3cbd', table='regies_mandate', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='mandate',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "regies_mandateevent" ("agent_id", "id", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "regie_id") VALUES (NEW."agent_id", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."regie_id"); RETURN NULL;', hash='c22fe1b4f3b974218adc71c783e2c48d71f3e2ed', operation='UPDATE', pgid='pgtrigger_update_update_4b63a', table='regies_mandate', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='mandate',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "regies_mandateevent" ("agent_id", "id", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "regie_id") VALUES (OLD."agent_id", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."regie_id"); RETURN NULL;', hash='656976449cf6c52ece1870e93fdfb23fe9a61cf1', operation='DELETE', pgid='pgtrigger_delete_delete_3a7b7', table='regies_mandate', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='regie',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "regies_regieevent" ("code", "description", "enabled", "gateway", "id", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "release_delay") VALUES (NEW."code", NEW."description", NEW."enabled", NEW."gateway", NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."release_delay"); RETURN NULL;', hash='a68397652cd9871f0d055dbab80281f4c50405da', operation='INSERT', pgid='pgtrigger_insert_insert_0c604', table='regies_regie', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='regie',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."code" IS DISTINCT FROM (NEW."code") OR OLD."description" IS DISTINCT FROM (NEW."description") OR OLD."enabled" IS DISTINCT FROM (NEW."enabled") OR OLD."gateway" IS DISTINCT FROM (NEW."gateway") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."release_delay" IS DISTINCT FROM (NEW."release_delay"))', func='INSERT INTO "regies_regieevent" ("code", "description", "enabled", "gateway", "id", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "release_delay") VALUES (NEW."code", NEW."description", NEW."enabled", NEW."gateway", NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."release_delay"); RETURN NULL;', hash='821473f2f03306eb8b46f2d7196c428c77fc8bd4', operation='UPDATE', pgid='pgtrigger_update_update_f1ada', table='regies_regie', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='regie',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "regies_regieevent" ("code", "description", "enabled", "gateway", "id", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "release_delay") VALUES (OLD."code", OLD."description", OLD."enabled", OLD."gateway", OLD."id", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."release_delay"); RETURN NULL;', hash='aee2a36bc59d2d78ac554a638fe493d9b27217aa', operation='DELETE', pgid='pgtrigger_delete_delete_01740', table='regies_regie', when='AFTER')),
        ),
        migrations.AddField(
            model_name='mandateevent',
            name='agent',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='directory.agent'),
        ),
        migrations.AddField(
            model_name='mandateevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='regies.mandate'),
        ),
        migrations.AddField(
            model_name='mandateevent',
            name='regie',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='regies.regie'),
        ),
        migrations.AddField(
            model_name='regieevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='regies.regie'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='mandateevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='b3ea293824ac6e61d0227bc104d8b1c4aa86f370', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_d2790', table='regies_mandateevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='regieevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='8aefab5fcf4cf060619ed51e05fecc0787d75064', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_18da8', table='regies_regieevent', when='BEFORE')),
        ),
        # What was there when its history began: the first change of a row has something to be compared with.
        migrations.RunSQL(
            """
            INSERT INTO "regies_regieevent" (pgh_created_at, pgh_label, pgh_obj_id, "code", "description", "enabled", "gateway", "id", "name", "release_delay")
            SELECT now(), 'known', id, "code", "description", "enabled", "gateway", "id", "name", "release_delay" FROM "regies_regie";
            """,
            migrations.RunSQL.noop,
        ),
    ]
