import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0010_carried'),
        ('catalogue', '0006_history'),
        ('regies', '0007_history'),
    ]

    operations = [
        migrations.CreateModel(
            name='CoveredSchemeEvent',
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
            name='InvoiceTypeEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(max_length=120, verbose_name='nom')),
                ('enabled', models.BooleanField(default=True, verbose_name='utilisable')),
                ('amount_mode', models.CharField(choices=[('fixed', 'Montant fixe'), ('computed', 'Calculé à partir des produits du dispositif')], default='computed', max_length=8, verbose_name='montant')),
                ('fixed_cents', models.PositiveIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(10000000)], verbose_name='montant fixe')),
                ('fixed_label', models.CharField(blank=True, max_length=120, verbose_name='libellé de la ligne')),
                ('nature', models.CharField(blank=True, max_length=20, verbose_name='imputation')),
                ('payment_term', models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(365)], verbose_name='délai de paiement (jours)')),
                ('accepts_cesu', models.BooleanField(default=False, help_text='Seulement pour la garde d’enfants, si une délibération le prévoit.', verbose_name='CESU acceptés au guichet')),
                ('logo_digest', models.CharField(blank=True, editable=False, max_length=64)),
                ('logo_format', models.CharField(blank=True, editable=False, max_length=4)),
                ('colour', models.CharField(default='#1f4a8a', max_length=7, validators=[django.core.validators.RegexValidator('^#[0-9a-fA-F]{6}$', 'Une couleur s’écrit #1f4a8a.')], verbose_name='couleur')),
                ('heading', models.CharField(blank=True, max_length=120, verbose_name='en-tête')),
                ('introduction', models.TextField(blank=True, max_length=3000, verbose_name='introduction')),
                ('closing', models.TextField(blank=True, max_length=3000, verbose_name='paragraphe final')),
                ('payment_instructions', models.TextField(blank=True, max_length=3000, verbose_name='comment payer')),
                ('legal_mentions', models.TextField(blank=True, max_length=3000, verbose_name='mentions légales')),
                ('vat_mention', models.CharField(blank=True, max_length=150, verbose_name='mention de TVA')),
                ('reminder_delays', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(365)]), blank=True, default=list, size=6, verbose_name='relances (jours de retard)')),
                ('reminder_subject', models.CharField(blank=True, max_length=200, verbose_name='objet de la relance')),
                ('reminder_body', models.TextField(blank=True, max_length=6000, verbose_name='texte de la relance')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CoveredScheme',
            fields=[
            ],
            options={
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('billing.invoicetype_schemes',),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invoicetype',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "billing_invoicetypeevent" ("accepts_cesu", "amount_mode", "closing", "colour", "enabled", "fixed_cents", "fixed_label", "heading", "id", "introduction", "legal_mentions", "logo_digest", "logo_format", "name", "nature", "payment_instructions", "payment_term", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "regie_id", "reminder_body", "reminder_delays", "reminder_subject", "vat_mention") VALUES (NEW."accepts_cesu", NEW."amount_mode", NEW."closing", NEW."colour", NEW."enabled", NEW."fixed_cents", NEW."fixed_label", NEW."heading", NEW."id", NEW."introduction", NEW."legal_mentions", NEW."logo_digest", NEW."logo_format", NEW."name", NEW."nature", NEW."payment_instructions", NEW."payment_term", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."regie_id", NEW."reminder_body", NEW."reminder_delays", NEW."reminder_subject", NEW."vat_mention"); RETURN NULL;', hash='4f94ee2103c5a6db567ad57dc095663b5eb29e9c', operation='INSERT', pgid='pgtrigger_insert_insert_be7c8', table='billing_invoicetype', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invoicetype',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "billing_invoicetypeevent" ("accepts_cesu", "amount_mode", "closing", "colour", "enabled", "fixed_cents", "fixed_label", "heading", "id", "introduction", "legal_mentions", "logo_digest", "logo_format", "name", "nature", "payment_instructions", "payment_term", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "regie_id", "reminder_body", "reminder_delays", "reminder_subject", "vat_mention") VALUES (NEW."accepts_cesu", NEW."amount_mode", NEW."closing", NEW."colour", NEW."enabled", NEW."fixed_cents", NEW."fixed_label", NEW."heading", NEW."id", NEW."introduction", NEW."legal_mentions", NEW."logo_digest", NEW."logo_format", NEW."name", NEW."nature", NEW."payment_instructions", NEW."payment_term", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."regie_id", NEW."reminder_body", NEW."reminder_delays", NEW."reminder_subject", NEW."vat_mention"); RETURN NULL;', hash='ba27b28fd099b455d9286311d5120de63a538458', operation='UPDATE', pgid='pgtrigger_update_update_5cf3c', table='billing_invoicetype', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invoicetype',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "billing_invoicetypeevent" ("accepts_cesu", "amount_mode", "closing", "colour", "enabled", "fixed_cents", "fixed_label", "heading", "id", "introduction", "legal_mentions", "logo_digest", "logo_format", "name", "nature", "payment_instructions", "payment_term", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "regie_id", "reminder_body", "reminder_delays", "reminder_subject", "vat_mention") VALUES (OLD."accepts_cesu", OLD."amount_mode", OLD."closing", OLD."colour", OLD."enabled", OLD."fixed_cents", OLD."fixed_label", OLD."heading", OLD."id", OLD."introduction", OLD."legal_mentions", OLD."logo_digest", OLD."logo_format", OLD."name", OLD."nature", OLD."payment_instructions", OLD."payment_term", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."regie_id", OLD."reminder_body", OLD."reminder_delays", OLD."reminder_subject", OLD."vat_mention"); RETURN NULL;', hash='6ee6071109330c48e8f7b1d5d11c41708fbef0a5', operation='DELETE', pgid='pgtrigger_delete_delete_1f4af', table='billing_invoicetype', when='AFTER')),
        ),
        migrations.AddField(
            model_name='coveredschemeevent',
            name='invoicetype',
            field=models.ForeignKey(db_constraint=False, db_tablespace='', on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='billing.invoicetype'),
        ),
        migrations.AddField(
            model_name='coveredschemeevent',
            name='scheme',
            field=models.ForeignKey(db_constraint=False, db_tablespace='', on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='catalogue.scheme'),
        ),
        migrations.AddField(
            model_name='invoicetypeevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='billing.invoicetype'),
        ),
        migrations.AddField(
            model_name='invoicetypeevent',
            name='regie',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='Sans régie, ce type ne peut servir à aucune facture.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='regies.regie', verbose_name='régie d’encaissement'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coveredscheme',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "billing_coveredschemeevent" ("id", "invoicetype_id", "pgh_context", "pgh_created_at", "pgh_label", "scheme_id") VALUES (NEW."id", NEW."invoicetype_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."scheme_id"); RETURN NULL;', hash='33576981b759552c6ef27423cf91c8da4da6fc44', operation='INSERT', pgid='pgtrigger_insert_insert_fcfcd', table='billing_invoicetype_schemes', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coveredscheme',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "billing_coveredschemeevent" ("id", "invoicetype_id", "pgh_context", "pgh_created_at", "pgh_label", "scheme_id") VALUES (NEW."id", NEW."invoicetype_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."scheme_id"); RETURN NULL;', hash='4d26783ff2668daf2b6453761c956b8d510d013d', operation='UPDATE', pgid='pgtrigger_update_update_aa0ae', table='billing_invoicetype_schemes', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coveredscheme',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "billing_coveredschemeevent" ("id", "invoicetype_id", "pgh_context", "pgh_created_at", "pgh_label", "scheme_id") VALUES (OLD."id", OLD."invoicetype_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."scheme_id"); RETURN NULL;', hash='980fac1fae7fc6f255d95ec319a5a2cec097bf36', operation='DELETE', pgid='pgtrigger_delete_delete_dc4fe', table='billing_invoicetype_schemes', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coveredschemeevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='1b88209b50033850c73fc08ee4062330869082f4', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_fc72f', table='billing_coveredschemeevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invoicetypeevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='0c5933fab9e24b8569f75f16e58f8ff094fcfc62', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_d1bbf', table='billing_invoicetypeevent', when='BEFORE')),
        ),
        # What was there when its history began: the first change of a row has something to be compared with.
        migrations.RunSQL(
            """
            INSERT INTO "billing_invoicetypeevent" (pgh_created_at, pgh_label, pgh_obj_id, "accepts_cesu", "amount_mode", "closing", "colour", "enabled", "fixed_cents", "fixed_label", "heading", "id", "introduction", "legal_mentions", "logo_digest", "logo_format", "name", "nature", "payment_instructions", "payment_term", "regie_id", "reminder_body", "reminder_delays", "reminder_subject", "vat_mention")
            SELECT now(), 'known', id, "accepts_cesu", "amount_mode", "closing", "colour", "enabled", "fixed_cents", "fixed_label", "heading", "id", "introduction", "legal_mentions", "logo_digest", "logo_format", "name", "nature", "payment_instructions", "payment_term", "regie_id", "reminder_body", "reminder_delays", "reminder_subject", "vat_mention" FROM "billing_invoicetype";
            """,
            migrations.RunSQL.noop,
        ),
    ]
