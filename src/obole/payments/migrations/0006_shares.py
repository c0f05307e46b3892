"""What an attempt pays of each of its invoices. The new constraint on them replaces the one on the attempt's only invoice."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0005_delete_numberseries'),
        ('payments', '0005_anomaly_about_something'),
    ]

    operations = [
        migrations.CreateModel(
            name='Share',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cents', models.PositiveBigIntegerField(verbose_name='montant')),
                ('holds', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['attempt_id', 'invoice_id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='attempt',
            name='attempt_open_once',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='attempt',
            trigger=pgtrigger.compiler.Trigger(name='lets_go_of_its_invoices', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.state NOT IN ('opening', 'waiting') OR NEW.released_at IS NOT NULL)", func='\n    UPDATE payments_share SET holds = false WHERE attempt_id = NEW.id AND holds;\n    RETURN NULL;\n', hash='b056507b9d242ef77a6403db769f83529385c8d3', operation='UPDATE', pgid='pgtrigger_lets_go_of_its_invoices_66622', table='payments_attempt', when='AFTER')),
        ),
        migrations.AddField(
            model_name='share',
            name='attempt',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shares', to='payments.attempt'),
        ),
        migrations.AddField(
            model_name='share',
            name='invoice',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shares', to='billing.invoice', verbose_name='facture'),
        ),
        migrations.AddConstraint(
            model_name='share',
            constraint=models.CheckConstraint(condition=models.Q(('cents__gt', 0)), name='share_positive'),
        ),
        migrations.AddConstraint(
            model_name='share',
            constraint=models.UniqueConstraint(fields=('attempt', 'invoice'), name='share_once'),
        ),
        migrations.AddConstraint(
            model_name='share',
            constraint=models.UniqueConstraint(condition=models.Q(('holds', True)), fields=('invoice',), name='share_holds_once'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='share',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='d0a6768dddd40bc1a0710f198f63119bd379cc11', operation='DELETE', pgid='pgtrigger_never_deleted_88be9', table='payments_share', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='share',
            trigger=pgtrigger.compiler.Trigger(name='never_changed', sql=pgtrigger.compiler.UpsertTriggerSql(func='RAISE EXCEPTION \'pgtrigger: Cannot update of "attempt_id", "invoice_id", "cents" rows from % table\', TG_TABLE_NAME;', hash='80ae75320f4c3335442ea00599cd8a3858b0b0b7', operation='UPDATE OF "attempt_id", "invoice_id", "cents"', pgid='pgtrigger_never_changed_6bf31', table='payments_share', when='BEFORE')),
        ),
    ]
