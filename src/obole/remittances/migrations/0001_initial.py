import django.db.models.deletion
import django.db.models.expressions
import obole.lib.actors
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


REFUSE = """
    CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON remittances_remittance EXECUTE FUNCTION obole_refuse_truncate();
    CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON remittances_remittancepdf EXECUTE FUNCTION obole_refuse_truncate();
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('audit_log', '0004_nothing_is_truncated'),
        ('regies', '0009_remitted'),
    ]

    operations = [
        migrations.CreateModel(
            name='Remittance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=24, unique=True, verbose_name='numéro')),
                ('sequence', models.PositiveIntegerField()),
                ('year', models.PositiveSmallIntegerField()),
                ('request_key', models.CharField(editable=False, max_length=64, unique=True)),
                ('state', models.CharField(choices=[('signed', 'Signé, virement à venir'), ('transferred', 'Viré au comptable')], default='signed', max_length=12, verbose_name='statut')),
                ('until', models.DateField(verbose_name='arrêté au')),
                ('entry_count', models.PositiveIntegerField()),
                ('revenue_cents', models.BigIntegerField(verbose_name='recettes')),
                ('refund_cents', models.PositiveBigIntegerField(default=0, verbose_name='remboursements payés par le comptable')),
                ('signed_by', obole.lib.actors.ActorField()),
                ('quality', models.CharField(choices=[('holder', 'Régisseur titulaire'), ('substitute', 'Mandataire suppléant'), ('delegate', 'Mandataire'), ('reader', 'Lecteur')], max_length=10, verbose_name='qualité')),
                ('signed_at', models.DateTimeField()),
                ('transfer_reference', models.CharField(blank=True, max_length=60, verbose_name='référence du virement')),
                ('transferred_by', obole.lib.actors.ActorField(null=True)),
                ('transferred_at', models.DateTimeField(null=True)),
                ('entry', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='remittance', to='regies.entry')),
                ('regie', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='remittances', to='regies.regie')),
                ('transfer_entry', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='transferred_remittance', to='regies.entry')),
            ],
            options={
                'ordering': ['-signed_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='RemittancePdf',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64)),
                ('size', models.PositiveIntegerField()),
                ('rendered_at', models.DateTimeField()),
                ('remittance', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='paper', to='remittances.remittance')),
            ],
        ),
        migrations.AddConstraint(
            model_name='remittance',
            constraint=models.UniqueConstraint(fields=('regie', 'year', 'sequence'), name='remittance_number_once'),
        ),
        migrations.AddConstraint(
            model_name='remittance',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['signed', 'transferred'])), name='remittance_state_known'),
        ),
        migrations.AddConstraint(
            model_name='remittance',
            constraint=models.CheckConstraint(condition=models.Q(('entry_count__gt', 0), ('revenue_cents__gt', django.db.models.expressions.CombinedExpression(models.F('refund_cents'), '*', models.Value(-1)))), name='remittance_positive'),
        ),
        migrations.AddConstraint(
            model_name='remittance',
            constraint=models.CheckConstraint(condition=models.Q(('quality__in', ['holder', 'substitute'])), name='remittance_signed_in_a_quality'),
        ),
        migrations.AddConstraint(
            model_name='remittance',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'transferred'), ('transfer_entry__isnull', False), ('transferred_at__isnull', False), ('transferred_by__isnull', False)), models.Q(('state', 'signed'), ('transfer_entry', None), ('transferred_at', None), ('transferred_by', None)), _connector='OR'), name='remittance_transferred_with_its_entry'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='remittance',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='c2c098a3df6b4f0a0674c0dc03e8b8f6728f0df2', operation='DELETE', pgid='pgtrigger_never_deleted_60725', table='remittances_remittance', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='remittance',
            trigger=pgtrigger.compiler.Trigger(name='transferred_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" = \'transferred\')', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='cadf2c5ffd09d2e36e0cc140da61d02f87ba4f4e', operation='UPDATE', pgid='pgtrigger_transferred_once_1bf8a', table='remittances_remittance', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='remittancepdf',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='580629f27383d372ce74f489e269615097cbcaee', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_c1d9b', table='remittances_remittancepdf', when='BEFORE')),
        ),
        migrations.RunSQL(REFUSE),
    ]
