import django.db.models.deletion
import django.db.models.expressions
import obole.lib.actors
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


PAID = "UPDATE payments_refund SET paid_by = 'regie' WHERE state = 'done'"
"""Until now every refund left the compte DFT."""

REFUSE = """
    CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON payments_regularisation EXECUTE FUNCTION obole_refuse_truncate();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('audit_log', '0004_nothing_is_truncated'),
        ('billing', '0007_payable_until'),
        ('payments', '0005_payee_of_refunds'),
        ('regies', '0009_remitted'),
    ]

    operations = [
        migrations.CreateModel(
            name='Regularisation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cents', models.PositiveBigIntegerField()),
                ('reference', models.CharField(max_length=60, verbose_name='référence')),
                ('at', models.DateTimeField()),
                ('actor', obole.lib.actors.ActorField()),
            ],
            options={
                'ordering': ['at', 'id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='refund',
            name='refund_booked_when_done',
        ),
        migrations.AddField(
            model_name='allocation',
            name='from_remitted_cents',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='refund',
            name='account_holder',
            field=models.CharField(blank=True, max_length=120, verbose_name='titulaire du compte'),
        ),
        migrations.AddField(
            model_name='refund',
            name='iban',
            field=models.CharField(blank=True, max_length=34, verbose_name='IBAN'),
        ),
        migrations.AddField(
            model_name='refund',
            name='paid_by',
            field=models.CharField(blank=True, choices=[('regie', 'la régie, par virement'), ('comptable', 'le comptable, par mandat')], max_length=10, verbose_name='payé par'),
        ),
        migrations.AddField(
            model_name='refund',
            name='settled_cents',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name='anomaly',
            name='kind',
            field=models.CharField(choices=[('not_due', 'Paiement d’une facture déjà payée, annulée ou transmise'), ('surplus', 'Paiement plus élevé que ce qui restait dû'), ('different', 'La banque répond autre chose que ce qui lui a été envoyé'), ('unmatched', 'Encaissement dont la facture est inconnue'), ('freed', 'Encaissement d’une facture annulée depuis'), ('unknown', 'Réponse inconnue de la banque'), ('no_start', 'La banque refuse d’ouvrir des paiements'), ('no_answer', 'Sans réponse de la banque depuis sept jours'), ('reversed', 'Paiement rejeté après coup'), ('mistake', 'Quittance annulée au guichet'), ('refund', 'Remboursement qui attend depuis trop longtemps'), ('mail', 'Courriel non remis'), ('ceiling', 'Encaisse au-dessus du maximum'), ('late', 'Versement au comptable en retard')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='allocation',
            constraint=models.CheckConstraint(condition=models.Q(('from_remitted_cents', 0), ('from_remitted_cents__lte', django.db.models.expressions.CombinedExpression(models.F('cents'), '*', models.Value(-1))), _connector='OR'), name='allocation_gives_back_what_it_takes'),
        ),
        migrations.RunSQL(PAID),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('done_at__isnull', False), ('entry__isnull', False), ('paid_by__in', ['regie', 'comptable']), ('state', 'done')), models.Q(models.Q(('state', 'done'), _negated=True), ('done_at', None), ('entry', None), ('paid_by', '')), _connector='OR'), name='refund_booked_when_done'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('settled_cents', 0), models.Q(('paid_by', 'comptable'), ('settled_cents__lte', models.F('cents'))), _connector='OR'), name='refund_settles_what_the_comptable_owes'),
        ),
        migrations.AddField(
            model_name='regularisation',
            name='entry',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='regularisations', to='regies.entry'),
        ),
        migrations.AddField(
            model_name='regularisation',
            name='receipt',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='regularisations', to='payments.receipt'),
        ),
        migrations.AddField(
            model_name='regularisation',
            name='regie',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='regularisations', to='regies.regie'),
        ),
        migrations.AddConstraint(
            model_name='regularisation',
            constraint=models.UniqueConstraint(fields=('entry', 'receipt'), name='regularisation_once'),
        ),
        migrations.AddConstraint(
            model_name='regularisation',
            constraint=models.CheckConstraint(condition=models.Q(('cents__gt', 0)), name='regularisation_positive'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='regularisation',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='1cdeece570c430028fa7329d6bd21f9416c8d6da', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_4fe80', table='payments_regularisation', when='BEFORE')),
        ),
        migrations.RunSQL(REFUSE),
    ]
