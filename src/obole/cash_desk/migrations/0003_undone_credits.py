import django.db.models.deletion
import obole.lib.actors
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cash_desk', '0002_nothing_is_truncated'),
        ('regies', '0010_cash_desk'),
    ]

    operations = [
        migrations.CreateModel(
            name='UndoneCredit',
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
            model_name='deposit',
            name='ended_once',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='deposit',
            trigger=pgtrigger.compiler.Trigger(name='ended_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NOT (OLD."state" = \'prepared\') AND NOT (NEW."state" = \'prepared\' AND OLD."state" = \'credited\'))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='09ff228d0e67a8bce61648659264537710c1db35', operation='UPDATE', pgid='pgtrigger_ended_once_5a1a3', table='cash_desk_deposit', when='BEFORE')),
        ),
        migrations.AddField(
            model_name='undonecredit',
            name='deposit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='undone_credits', to='cash_desk.deposit'),
        ),
        migrations.AddField(
            model_name='undonecredit',
            name='entry',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='undone_credit', to='regies.entry'),
        ),
        migrations.AddField(
            model_name='undonecredit',
            name='undone_entry',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='credit_undone', to='regies.entry'),
        ),
        migrations.AddConstraint(
            model_name='undonecredit',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='credit_undone_with_a_reason'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='undonecredit',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='7abe8e007d386295932a28bc7f4c7e0ca060a861', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_d2e72', table='cash_desk_undonecredit', when='BEFORE')),
        ),
        migrations.RunSQL(
            "CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON cash_desk_undonecredit EXECUTE FUNCTION obole_refuse_truncate()"
        ),
    ]
