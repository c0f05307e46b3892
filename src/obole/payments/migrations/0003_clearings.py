import django.db.models.deletion
import obole.lib.actors
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

REFUSE = """
    CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON payments_clearing EXECUTE FUNCTION obole_refuse_truncate()
"""


class Migration(migrations.Migration):

    dependencies = [
        ('audit_log', '0004_nothing_is_truncated'),
        ('payments', '0002_actors'),
        ('regies', '0005_nothing_is_truncated'),
    ]

    operations = [
        migrations.CreateModel(
            name='Clearing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('actor', obole.lib.actors.ActorField()),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clearings', to='regies.entry')),
                ('receipt', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clearings', to='payments.receipt')),
                ('undone_by_entry', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='undone_clearings', to='regies.entry')),
            ],
            options={
                'ordering': ['at', 'id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('undone_by_entry', None)), fields=('receipt',), name='receipt_cleared_once')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='clearing',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='3e4e00f004efe4219e9c1aa63f267ab84d6a72d5', operation='DELETE', pgid='pgtrigger_never_deleted_be6fc', table='payments_clearing', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='clearing',
            trigger=pgtrigger.compiler.Trigger(name='undone_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."undone_by_entry_id" IS NOT NULL)', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='cd45f977faac3ea02eb58415067df7bfdce87a1f', operation='UPDATE', pgid='pgtrigger_undone_once_ce46b', table='payments_clearing', when='BEFORE')),
        ),
        migrations.RunSQL(REFUSE),
    ]
