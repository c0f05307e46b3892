import django.core.validators
import django.db.models.deletion
import obole.lib.words
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0005_pricing_draft'),
    ]

    operations = [
        migrations.CreateModel(
            name='FormVersionEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.BigIntegerField()),
                ('number', models.PositiveIntegerField()),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PricingVersionEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.BigIntegerField()),
                ('number', models.PositiveIntegerField()),
                ('created_at', models.DateTimeField()),
                ('created_by', models.CharField(max_length=254)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ProductEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(max_length=120, verbose_name='libellé')),
                ('unit', models.CharField(default='unité', max_length=30, verbose_name='unité')),
                ('unit_price_cents', models.PositiveIntegerField(validators=[django.core.validators.MaxValueValidator(10000000)], verbose_name='prix unitaire')),
                ('minimum', models.DecimalField(decimal_places=3, default=0, max_digits=9, verbose_name='quantité minimale')),
                ('maximum', models.DecimalField(decimal_places=3, default=100, max_digits=9, verbose_name='quantité maximale')),
                ('decimals', models.PositiveSmallIntegerField(default=0, help_text='0 pour des unités entières, 2 pour des mètres carrés.', validators=[django.core.validators.MaxValueValidator(3)], verbose_name='décimales de la quantité')),
                ('entered_by', models.CharField(choices=[('citizen', 'l’usager'), ('agent', 'l’agent')], default='citizen', max_length=8, verbose_name='quantité saisie par')),
                ('nature', models.CharField(blank=True, help_text='Compte de nature, par exemple 7067.', max_length=20, verbose_name='imputation')),
                ('enabled', models.BooleanField(default=True, verbose_name='proposé')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='ordre')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SchemeEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.BigIntegerField()),
                ('public_id', models.CharField(default=obole.lib.words.token, editable=False, max_length=22)),
                ('name', models.CharField(max_length=120, verbose_name='nom')),
                ('description', models.TextField(blank=True, verbose_name='description')),
                ('enabled', models.BooleanField(default=True, verbose_name='ouvert aux demandes')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='ordre')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ServiceEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(max_length=120, verbose_name='nom')),
                ('description', models.TextField(blank=True, verbose_name='description')),
                ('pictogram', models.CharField(blank=True, max_length=20, verbose_name='pictogramme')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='ordre')),
                ('enabled', models.BooleanField(default=True, verbose_name='proposée sur le portail')),
            ],
            options={
                'abstract': False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='formversion',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "catalogue_formversionevent" ("created_at", "id", "number", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "scheme_id") VALUES (NEW."created_at", NEW."id", NEW."number", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."scheme_id"); RETURN NULL;', hash='ea0b29020a796dfa0ea52fd579e5098f45d4c08a', operation='INSERT', pgid='pgtrigger_insert_insert_2d1f9', table='catalogue_formversion', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='formversion',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."scheme_id" IS DISTINCT FROM (NEW."scheme_id"))', func='INSERT INTO "catalogue_formversionevent" ("created_at", "id", "number", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "scheme_id") VALUES (NEW."created_at", NEW."id", NEW."number", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."scheme_id"); RETURN NULL;', hash='825584fd67fe1945b71310f0131d831ce99f5b90', operation='UPDATE', pgid='pgtrigger_update_update_4527f', table='catalogue_formversion', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='formversion',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "catalogue_formversionevent" ("created_at", "id", "number", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "scheme_id") VALUES (OLD."created_at", OLD."id", OLD."number", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."scheme_id"); RETURN NULL;', hash='147377644945fc2bdc7acf9080fbb5844a9d31b4', operation='DELETE', pgid='pgtrigger_delete_delete_9647b', table='catalogue_formversion', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='pricingversion',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "catalogue_pricingversionevent" ("created_at", "created_by", "id", "number", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "scheme_id") VALUES (NEW."created_at", NEW."created_by", NEW."id", NEW."number", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."scheme_id"); RETURN NULL;', hash='d9c105a349d939443978bf1b955acb1752b3f5ad', operation='INSERT', pgid='pgtrigger_insert_insert_5b22b', table='catalogue_pricingversion', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='pricingversion',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by" IS DISTINCT FROM (NEW."created_by") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."scheme_id" IS DISTINCT FROM (NEW."scheme_id"))', func='INSERT INTO "catalogue_pricingversionevent" ("created_at", "created_by", "id", "number", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "scheme_id") VALUES (NEW."created_at", NEW."created_by", NEW."id", NEW."number", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."scheme_id"); RETURN NULL;', hash='5312e96310c6312a46488aca89ea77c98287df86', operation='UPDATE', pgid='pgtrigger_update_update_da77d', table='catalogue_pricingversion', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='pricingversion',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "catalogue_pricingversionevent" ("created_at", "created_by", "id", "number", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "scheme_id") VALUES (OLD."created_at", OLD."created_by", OLD."id", OLD."number", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."scheme_id"); RETURN NULL;', hash='df55b57f53eea8a4fc3ed342ac5a1b10d3b07855', operation='DELETE', pgid='pgtrigger_delete_delete_4afa4', table='catalogue_pricingversion', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='product',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "catalogue_productevent" ("decimals", "enabled", "entered_by", "id", "maximum", "minimum", "name", "nature", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "scheme_id", "unit", "unit_price_cents") VALUES (NEW."decimals", NEW."enabled", NEW."entered_by", NEW."id", NEW."maximum", NEW."minimum", NEW."name", NEW."nature", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."position", NEW."scheme_id", NEW."unit", NEW."unit_price_cents"); RETURN NULL;', hash='c59df50709b38cb800ed06c062632b0d4b7e8aec', operation='INSERT', pgid='pgtrigger_insert_insert_cd102', table='catalogue_product', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='product',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "catalogue_productevent" ("decimals", "enabled", "entered_by", "id", "maximum", "minimum", "name", "nature", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "scheme_id", "unit", "unit_price_cents") VALUES (NEW."decimals", NEW."enabled", NEW."entered_by", NEW."id", NEW."maximum", NEW."minimum", NEW."name", NEW."nature", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."position", NEW."scheme_id", NEW."unit", NEW."unit_price_cents"); RETURN NULL;', hash='bcfe2bc2e807ec0309014224f7e768a736e9c8d4', operation='UPDATE', pgid='pgtrigger_update_update_0454b', table='catalogue_product', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='product',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "catalogue_productevent" ("decimals", "enabled", "entered_by", "id", "maximum", "minimum", "name", "nature", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "scheme_id", "unit", "unit_price_cents") VALUES (OLD."decimals", OLD."enabled", OLD."entered_by", OLD."id", OLD."maximum", OLD."minimum", OLD."name", OLD."nature", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."position", OLD."scheme_id", OLD."unit", OLD."unit_price_cents"); RETURN NULL;', hash='e02b3866d0233b8d3bf959c4f2e40abd191842bc', operation='DELETE', pgid='pgtrigger_delete_delete_7cc82', table='catalogue_product', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='scheme',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "catalogue_schemeevent" ("description", "enabled", "id", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "public_id", "service_id") VALUES (NEW."description", NEW."enabled", NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."position", NEW."public_id", NEW."service_id"); RETURN NULL;', hash='0d0f70278f9d525fce34ef56b193a830a4ca8c8c', operation='INSERT', pgid='pgtrigger_insert_insert_83051', table='catalogue_scheme', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='scheme',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "catalogue_schemeevent" ("description", "enabled", "id", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "public_id", "service_id") VALUES (NEW."description", NEW."enabled", NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."position", NEW."public_id", NEW."service_id"); RETURN NULL;', hash='d077660de448930cd6ac3cad82b02d4e640b8030', operation='UPDATE', pgid='pgtrigger_update_update_e719c', table='catalogue_scheme', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='scheme',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "catalogue_schemeevent" ("description", "enabled", "id", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "public_id", "service_id") VALUES (OLD."description", OLD."enabled", OLD."id", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."position", OLD."public_id", OLD."service_id"); RETURN NULL;', hash='33602a2b68a423821793ea5caf1a2477ff350b33', operation='DELETE', pgid='pgtrigger_delete_delete_23283', table='catalogue_scheme', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='service',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "catalogue_serviceevent" ("description", "enabled", "id", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "pictogram", "position") VALUES (NEW."description", NEW."enabled", NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."pictogram", NEW."position"); RETURN NULL;', hash='73c55ecd8f488a97c4d3df65629fe71a00aa9b0f', operation='INSERT', pgid='pgtrigger_insert_insert_abccd', table='catalogue_service', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='service',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "catalogue_serviceevent" ("description", "enabled", "id", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "pictogram", "position") VALUES (NEW."description", NEW."enabled", NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."pictogram", NEW."position"); RETURN NULL;', hash='200f48a6c1182a198107194e961fdb3d269afd5e', operation='UPDATE', pgid='pgtrigger_update_update_f4e52', table='catalogue_service', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='service',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "catalogue_serviceevent" ("description", "enabled", "id", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "pictogram", "position") VALUES (OLD."description", OLD."enabled", OLD."id", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."pictogram", OLD."position"); RETURN NULL;', hash='c9cb662c4c337c673225e63b1f23baa767ee0b29', operation='DELETE', pgid='pgtrigger_delete_delete_002d1', table='catalogue_service', when='AFTER')),
        ),
        migrations.AddField(
            model_name='formversionevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalogue.formversion'),
        ),
        migrations.AddField(
            model_name='formversionevent',
            name='scheme',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalogue.scheme'),
        ),
        migrations.AddField(
            model_name='pricingversionevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalogue.pricingversion'),
        ),
        migrations.AddField(
            model_name='pricingversionevent',
            name='scheme',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalogue.scheme'),
        ),
        migrations.AddField(
            model_name='productevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalogue.product'),
        ),
        migrations.AddField(
            model_name='productevent',
            name='scheme',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalogue.scheme', verbose_name='dispositif'),
        ),
        migrations.AddField(
            model_name='schemeevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalogue.scheme'),
        ),
        migrations.AddField(
            model_name='schemeevent',
            name='service',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalogue.service', verbose_name='prestation'),
        ),
        migrations.AddField(
            model_name='serviceevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalogue.service'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='formversionevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='4d531efe308525260f30d2a516f07ce89ccef35a', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_5140f', table='catalogue_formversionevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='pricingversionevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='917271533bcf843f75b9d335182e5a3eaf9d9eae', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_8ee7d', table='catalogue_pricingversionevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='productevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='8d2e01dc353f22fe9a4cabbe549aaf7f40420bf3', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_3fdb1', table='catalogue_productevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='schemeevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='3e59f0cc0988b6f25f06070a4d36b9acf8332123', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_f58ca', table='catalogue_schemeevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='serviceevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='0359ddc9965d6c95cfbbad3c3ac3274d9e5347a8', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_2f3de', table='catalogue_serviceevent', when='BEFORE')),
        ),
        # What was there when its history began: the first change of a row has something to be compared with.
        migrations.RunSQL(
            """
            INSERT INTO "catalogue_serviceevent" (pgh_created_at, pgh_label, pgh_obj_id, "description", "enabled", "id", "name", "pictogram", "position")
            SELECT now(), 'known', id, "description", "enabled", "id", "name", "pictogram", "position" FROM "catalogue_service";
            INSERT INTO "catalogue_schemeevent" (pgh_created_at, pgh_label, pgh_obj_id, "description", "enabled", "id", "name", "position", "public_id", "service_id")
            SELECT now(), 'known', id, "description", "enabled", "id", "name", "position", "public_id", "service_id" FROM "catalogue_scheme";
            INSERT INTO "catalogue_productevent" (pgh_created_at, pgh_label, pgh_obj_id, "decimals", "enabled", "entered_by", "id", "maximum", "minimum", "name", "nature", "position", "scheme_id", "unit", "unit_price_cents")
            SELECT now(), 'known', id, "decimals", "enabled", "entered_by", "id", "maximum", "minimum", "name", "nature", "position", "scheme_id", "unit", "unit_price_cents" FROM "catalogue_product";
            """,
            migrations.RunSQL.noop,
        ),
    ]
