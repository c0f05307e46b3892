import django.core.validators
import django.db.models.deletion
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='AgentEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(max_length=120, verbose_name='nom')),
                ('service_name', models.CharField(blank=True, max_length=120, verbose_name='service')),
                ('profile', models.CharField(choices=[('reviewer', 'Agent instructeur'), ('regisseur', 'Régisseur'), ('admin', 'Administrateur fonctionnel')], default='reviewer', max_length=12, verbose_name='profil')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='AuthorityEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(max_length=120, verbose_name='nom')),
                ('address', models.TextField(blank=True, verbose_name='adresse')),
                ('siret', models.CharField(blank=True, max_length=14, validators=[django.core.validators.RegexValidator('^\\d{14}$')], verbose_name='SIRET')),
                ('phone', models.CharField(blank=True, max_length=30, verbose_name='téléphone')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='courriel')),
                ('hours', models.CharField(blank=True, max_length=120, verbose_name='horaires')),
                ('treasury', models.CharField(blank=True, max_length=120, verbose_name='comptable public')),
                ('court', models.CharField(blank=True, max_length=120, verbose_name='tribunal administratif compétent')),
                ('colour', models.CharField(default='#1f4a8a', max_length=7, validators=[django.core.validators.RegexValidator('^#[0-9a-fA-F]{6}$')], verbose_name='couleur')),
                ('only', models.BooleanField(default=True, editable=False)),
            ],
            options={
                'abstract': False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='agent',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "directory_agentevent" ("id", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "profile", "service_name", "user_id") VALUES (NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."profile", NEW."service_name", NEW."user_id"); RETURN NULL;', hash='b1e2d5ab03ba48b5e78ebb1c8bcd673e9c75325e', operation='INSERT', pgid='pgtrigger_insert_insert_5dbf8', table='directory_agent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='agent',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "directory_agentevent" ("id", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "profile", "service_name", "user_id") VALUES (NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."profile", NEW."service_name", NEW."user_id"); RETURN NULL;', hash='0e9a5b1d7c2db349c3b8b1d4668d3c98b7c70b71', operation='UPDATE', pgid='pgtrigger_update_update_a9b2f', table='directory_agent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='agent',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "directory_agentevent" ("id", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "profile", "service_name", "user_id") VALUES (OLD."id", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."profile", OLD."service_name", OLD."user_id"); RETURN NULL;', hash='98195c74f96d621e83261cebbac00578409715a4', operation='DELETE', pgid='pgtrigger_delete_delete_d3e7f', table='directory_agent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='authority',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "directory_authorityevent" ("address", "colour", "court", "email", "hours", "id", "name", "only", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "siret", "treasury") VALUES (NEW."address", NEW."colour", NEW."court", NEW."email", NEW."hours", NEW."id", NEW."name", NEW."only", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."phone", NEW."siret", NEW."treasury"); RETURN NULL;', hash='831e25b6856d05aa41c5aa96217d38a1e47153c1', operation='INSERT', pgid='pgtrigger_insert_insert_2eba6', table='directory_authority', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='authority',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "directory_authorityevent" ("address", "colour", "court", "email", "hours", "id", "name", "only", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "siret", "treasury") VALUES (NEW."address", NEW."colour", NEW."court", NEW."email", NEW."hours", NEW."id", NEW."name", NEW."only", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."phone", NEW."siret", NEW."treasury"); RETURN NULL;', hash='3a969e84c902fd9587870a9bc36a7f002e20022a', operation='UPDATE', pgid='pgtrigger_update_update_9dc3f', table='directory_authority', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='authority',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "directory_authorityevent" ("address", "colour", "court", "email", "hours", "id", "name", "only", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "siret", "treasury") VALUES (OLD."address", OLD."colour", OLD."court", OLD."email", OLD."hours", OLD."id", OLD."name", OLD."only", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."phone", OLD."siret", OLD."treasury"); RETURN NULL;', hash='393d2ca9480d408c4d55377bdd629c758da7ad2c', operation='DELETE', pgid='pgtrigger_delete_delete_0286e', table='directory_authority', when='AFTER')),
        ),
        migrations.AddField(
            model_name='agentevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='directory.agent'),
        ),
        migrations.AddField(
            model_name='agentevent',
            name='user',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='authorityevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='directory.authority'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='agentevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='dfae5413c82fb01535a18d290766934770e8fc35', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_55ce8', table='directory_agentevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='authorityevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='14e5638186a81d01b80286265f2b78993c3b5da6', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_0d7fa', table='directory_authorityevent', when='BEFORE')),
        ),
        # What was there when its history began: the first change of a row has something to be compared with.
        migrations.RunSQL(
            """
            INSERT INTO "directory_authorityevent" (pgh_created_at, pgh_label, pgh_obj_id, "address", "colour", "court", "email", "hours", "id", "name", "only", "phone", "siret", "treasury")
            SELECT now(), 'known', id, "address", "colour", "court", "email", "hours", "id", "name", "only", "phone", "siret", "treasury" FROM "directory_authority";
            INSERT INTO "directory_agentevent" (pgh_created_at, pgh_label, pgh_obj_id, "id", "name", "profile", "service_name", "user_id")
            SELECT now(), 'known', id, "id", "name", "profile", "service_name", "user_id" FROM "directory_agent";
            """,
            migrations.RunSQL.noop,
        ),
    ]
