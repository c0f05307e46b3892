import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('bank_statements', '0002_nothing_is_truncated'),
        ('cash_desk', '0003_undone_credits'),
        ('payments', '0007_one_sided'),
        ('regies', '0010_cash_desk'),
        ('remittances', '0002_undone_transfers'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='match',
            name='never_changed',
        ),
        migrations.RemoveConstraint(
            model_name='match',
            name='bank_match_booked_where_it_moves_money',
        ),
        migrations.AddField(
            model_name='match',
            name='deposit',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bank_matches', to='cash_desk.deposit'),
        ),
        migrations.AddField(
            model_name='match',
            name='remittance',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bank_matches', to='remittances.remittance'),
        ),
        migrations.AlterField(
            model_name='match',
            name='kind',
            field=models.CharField(choices=[('online', 'Crédit de paiements par carte ou prélèvement'), ('cheques', 'Remise de chèques ou de CESU'), ('transfer', 'Virement d’un usager'), ('reversal', 'Rejet ou impayé'), ('fees', 'Commission ou frais de la banque'), ('refund', 'Remboursement fait'), ('unmatched', 'Virement mis en recettes à classer'), ('remitted', 'Virement d’un bordereau de versement'), ('deposit', 'Remise à la banque')], max_length=9),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='match',
            trigger=pgtrigger.compiler.Trigger(name='never_changed', sql=pgtrigger.compiler.UpsertTriggerSql(func='RAISE EXCEPTION \'pgtrigger: Cannot update of "line_id", "rank", "kind", "cents", "why", "entry_id", "refund_id", "remittance_id", "deposit_id", "at", "actor" rows from % table\', TG_TABLE_NAME;', hash='fc8bc67fbc38fa2c341af681f0235afdee720aff', operation='UPDATE OF "line_id", "rank", "kind", "cents", "why", "entry_id", "refund_id", "remittance_id", "deposit_id", "at", "actor"', pgid='pgtrigger_never_changed_8eca7', table='bank_statements_match', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='match',
            constraint=models.UniqueConstraint(condition=models.Q(('remittance__isnull', False), ('undone_at', None)), fields=('remittance',), name='remittance_on_one_bank_line'),
        ),
        migrations.AddConstraint(
            model_name='match',
            constraint=models.UniqueConstraint(condition=models.Q(('deposit__isnull', False), ('undone_at', None)), fields=('deposit',), name='deposit_on_one_bank_line'),
        ),
        migrations.AddConstraint(
            model_name='match',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['remitted', 'deposit']), models.Q(('entry__isnull', False), ('kind__in', ['online', 'cheques', 'fees'])), models.Q(('entry', None), ('kind__in', ['transfer', 'reversal', 'refund', 'unmatched'])), _connector='OR'), name='bank_match_booked_where_it_moves_money'),
        ),
        migrations.AddConstraint(
            model_name='match',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'remitted'), ('remittance__isnull', False)), models.Q(models.Q(('kind', 'remitted'), _negated=True), ('remittance', None)), _connector='OR'), name='bank_match_of_a_remittance'),
        ),
        migrations.AddConstraint(
            model_name='match',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'deposit'), ('deposit__isnull', False)), models.Q(models.Q(('kind', 'deposit'), _negated=True), ('deposit', None)), _connector='OR'), name='bank_match_of_a_deposit'),
        ),
    ]
