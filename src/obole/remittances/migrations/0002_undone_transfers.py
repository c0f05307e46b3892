import django.db.models.deletion
import obole.lib.actors
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('regies', '0010_cash_desk'),
        ('remittances', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='UndoneTransfer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=60)),
                ('reason', models.CharField(max_length=300)),
                ('at', models.DateTimeField()),
                ('actor', obole.lib.actors.ActorField()),
            ],
            options={
                'ordering': ['at', 'id'],
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='remittance',
            name='transferred_once',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='remittance',
            trigger=pgtrigger.compiler.Trigger(name='transferred_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" = \'transferred\' AND NOT (NEW."state" = \'signed\'))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='0596df226d3a216ec3b4f98533935d5526960a49', operation='UPDATE', pgid='pgtrigger_transferred_once_1bf8a', table='remittances_remittance', when='BEFORE')),
        ),
        migrations.AddField(
            model_name='undonetransfer',
            name='entry',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='undone_transfer', to='regies.entry'),
        ),
        migrations.AddField(
            model_name='undonetransfer',
            name='remittance',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='undone_transfers', to='remittances.remittance'),
        ),
        migrations.AddField(
            model_name='undonetransfer',
            name='undone_entry',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='transfer_undone', to='regies.entry'),
        ),
        migrations.AddConstraint(
            model_name='undonetransfer',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='transfer_undone_with_a_reason'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='undonetransfer',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='78d1a26abdda4ef7f30e412d3a0e5f524cdda1df', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_e43f3', table='remittances_undonetransfer', when='BEFORE')),
        ),
        migrations.RunSQL(
            "CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON remittances_undonetransfer EXECUTE FUNCTION obole_refuse_truncate()"
        ),
    ]
