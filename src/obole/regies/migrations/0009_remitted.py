import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


REFUSE = """
    CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON regies_remittedentry EXECUTE FUNCTION obole_refuse_truncate();
    CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON regies_foundingactevent EXECUTE FUNCTION obole_refuse_truncate();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('audit_log', '0004_nothing_is_truncated'),
        ('regies', '0008_transmissions'),
    ]

    operations = [
        migrations.CreateModel(
            name='FoundingAct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(help_text='Par exemple « arrêté n° 2026-014 ».', max_length=80, verbose_name='référence de l’acte')),
                ('signed_on', models.DateField(verbose_name='date de l’acte')),
                ('allowed_means', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('card', 'carte bancaire en ligne'), ('debit', 'prélèvement en ligne'), ('cash', 'espèces'), ('cheque', 'chèque'), ('terminal', 'carte bancaire au guichet'), ('transfer', 'virement'), ('cesu', 'CESU')], max_length=10), size=None, verbose_name='moyens de paiement autorisés')),
                ('max_held_cents', models.PositiveBigIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='montant maximum de l’encaisse')),
                ('float_cents', models.PositiveBigIntegerField(default=0, verbose_name='fonds de caisse')),
                ('guarantee_cents', models.PositiveBigIntegerField(default=0, verbose_name='cautionnement')),
                ('iban', models.CharField(blank=True, max_length=34, verbose_name='IBAN du compte DFT')),
                ('pays_refunds', models.BooleanField(default=False, help_text='Depuis son compte DFT, si l’acte le prévoit. Sinon le comptable paie chaque remboursement par mandat.', verbose_name='la régie rembourse elle-même')),
            ],
        ),
        migrations.CreateModel(
            name='FoundingActEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.BigIntegerField()),
                ('reference', models.CharField(help_text='Par exemple « arrêté n° 2026-014 ».', max_length=80, verbose_name='référence de l’acte')),
                ('signed_on', models.DateField(verbose_name='date de l’acte')),
                ('allowed_means', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('card', 'carte bancaire en ligne'), ('debit', 'prélèvement en ligne'), ('cash', 'espèces'), ('cheque', 'chèque'), ('terminal', 'carte bancaire au guichet'), ('transfer', 'virement'), ('cesu', 'CESU')], max_length=10), size=None, verbose_name='moyens de paiement autorisés')),
                ('max_held_cents', models.PositiveBigIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='montant maximum de l’encaisse')),
                ('float_cents', models.PositiveBigIntegerField(default=0, verbose_name='fonds de caisse')),
                ('guarantee_cents', models.PositiveBigIntegerField(default=0, verbose_name='cautionnement')),
                ('iban', models.CharField(blank=True, max_length=34, verbose_name='IBAN du compte DFT')),
                ('pays_refunds', models.BooleanField(default=False, help_text='Depuis son compte DFT, si l’acte le prévoit. Sinon le comptable paie chaque remboursement par mandat.', verbose_name='la régie rembourse elle-même')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='RemittedEntry',
            fields=[
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='remitted', serialize=False, to='regies.entry')),
                ('remittance', models.CharField(db_index=True, max_length=24)),
            ],
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='regie',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='regie',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='regie',
            name='delete_delete',
        ),
        migrations.AlterField(
            model_name='series',
            name='kind',
            field=models.CharField(choices=[('invoice', 'factures'), ('credit_note', 'avoirs'), ('quittance', 'quittances'), ('transmission', 'transmissions au comptable'), ('remittance', 'bordereaux de versement')], max_length=12),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='regie',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "regies_regieevent" ("code", "description", "enabled", "gateway", "gateway_shown", "holds_cautions", "id", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "release_delay", "transfer_by_two", "transfer_delay") VALUES (NEW."code", NEW."description", NEW."enabled", NEW."gateway", NEW."gateway_shown", NEW."holds_cautions", NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."release_delay", NEW."transfer_by_two", NEW."transfer_delay"); RETURN NULL;', hash='0714d15360ee9e4152c5a435d2507fecd45b80c0', operation='INSERT', pgid='pgtrigger_insert_insert_0c604', table='regies_regie', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='regie',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."code" IS DISTINCT FROM (NEW."code") OR OLD."description" IS DISTINCT FROM (NEW."description") OR OLD."enabled" IS DISTINCT FROM (NEW."enabled") OR OLD."gateway" IS DISTINCT FROM (NEW."gateway") OR OLD."gateway_shown" IS DISTINCT FROM (NEW."gateway_shown") OR OLD."holds_cautions" IS DISTINCT FROM (NEW."holds_cautions") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."release_delay" IS DISTINCT FROM (NEW."release_delay") OR OLD."transfer_by_two" IS DISTINCT FROM (NEW."transfer_by_two") OR OLD."transfer_delay" IS DISTINCT FROM (NEW."transfer_delay"))', func='INSERT INTO "regies_regieevent" ("code", "description", "enabled", "gateway", "gateway_shown", "holds_cautions", "id", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "release_delay", "transfer_by_two", "transfer_delay") VALUES (NEW."code", NEW."description", NEW."enabled", NEW."gateway", NEW."gateway_shown", NEW."holds_cautions", NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."release_delay", NEW."transfer_by_two", NEW."transfer_delay"); RETURN NULL;', hash='b6e36cf0e858007abaa7ac148266fa0f16c8d108', operation='UPDATE', pgid='pgtrigger_update_update_f1ada', table='regies_regie', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='regie',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "regies_regieevent" ("code", "description", "enabled", "gateway", "gateway_shown", "holds_cautions", "id", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "release_delay", "transfer_by_two", "transfer_delay") VALUES (OLD."code", OLD."description", OLD."enabled", OLD."gateway", OLD."gateway_shown", OLD."holds_cautions", OLD."id", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."release_delay", OLD."transfer_by_two", OLD."transfer_delay"); RETURN NULL;', hash='3ea8a4bb1d3014ac68c30c014268c542faef8f54', operation='DELETE', pgid='pgtrigger_delete_delete_01740', table='regies_regie', when='AFTER')),
        ),
        migrations.AddField(
            model_name='foundingact',
            name='regie',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='act', to='regies.regie'),
        ),
        migrations.AddField(
            model_name='foundingactevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='regies.foundingact'),
        ),
        migrations.AddField(
            model_name='foundingactevent',
            name='regie',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='regies.regie'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='remittedentry',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='cfe691c5a16d1229256062a225642d199b5c49ca', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_7b4a4', table='regies_remittedentry', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='foundingact',
            constraint=models.CheckConstraint(condition=models.Q(('max_held_cents__gt', 0)), name='act_ceiling_positive'),
        ),
        migrations.AddConstraint(
            model_name='foundingact',
            constraint=models.CheckConstraint(condition=models.Q(('allowed_means__contained_by', ['card', 'debit', 'cash', 'cheque', 'terminal', 'transfer', 'cesu']), models.Q(('allowed_means', []), _negated=True)), name='act_means_known'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='foundingact',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "regies_foundingactevent" ("allowed_means", "float_cents", "guarantee_cents", "iban", "id", "max_held_cents", "pays_refunds", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "reference", "regie_id", "signed_on") VALUES (NEW."allowed_means", NEW."float_cents", NEW."guarantee_cents", NEW."iban", NEW."id", NEW."max_held_cents", NEW."pays_refunds", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."reference", NEW."regie_id", NEW."signed_on"); RETURN NULL;', hash='36fca61ed4d7624f95ae2f71d36ffb327df237b9', operation='INSERT', pgid='pgtrigger_insert_insert_45f01', table='regies_foundingact', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='foundingact',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "regies_foundingactevent" ("allowed_means", "float_cents", "guarantee_cents", "iban", "id", "max_held_cents", "pays_refunds", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "reference", "regie_id", "signed_on") VALUES (NEW."allowed_means", NEW."float_cents", NEW."guarantee_cents", NEW."iban", NEW."id", NEW."max_held_cents", NEW."pays_refunds", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."reference", NEW."regie_id", NEW."signed_on"); RETURN NULL;', hash='c67ae02ac563d7c76283f3dd79a324a1caf18c9c', operation='UPDATE', pgid='pgtrigger_update_update_cf73a', table='regies_foundingact', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='foundingact',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "regies_foundingactevent" ("allowed_means", "float_cents", "guarantee_cents", "iban", "id", "max_held_cents", "pays_refunds", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "reference", "regie_id", "signed_on") VALUES (OLD."allowed_means", OLD."float_cents", OLD."guarantee_cents", OLD."iban", OLD."id", OLD."max_held_cents", OLD."pays_refunds", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."reference", OLD."regie_id", OLD."signed_on"); RETURN NULL;', hash='08a9bd0f77119de29a9911560e2b83f75922b0d0', operation='DELETE', pgid='pgtrigger_delete_delete_0164e', table='regies_foundingact', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='foundingactevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='0453ed899f2e7fac74e0022bd7ad0f90a9f30434', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_a1bd9', table='regies_foundingactevent', when='BEFORE')),
        ),
        migrations.RunSQL(REFUSE),
    ]
