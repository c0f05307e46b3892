from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0006_remitted'),
    ]

    operations = [
        migrations.AlterField(
            model_name='anomaly',
            name='kind',
            field=models.CharField(choices=[('not_due', 'Paiement d’une facture déjà payée, annulée ou transmise'), ('surplus', 'Paiement plus élevé que ce qui restait dû'), ('different', 'La banque répond autre chose que ce qui lui a été envoyé'), ('unmatched', 'Encaissement dont la facture est inconnue'), ('freed', 'Encaissement d’une facture annulée depuis'), ('unknown', 'Réponse inconnue de la banque'), ('no_start', 'La banque refuse d’ouvrir des paiements'), ('no_answer', 'Sans réponse de la banque depuis sept jours'), ('reversed', 'Paiement rejeté après coup'), ('mistake', 'Quittance annulée au guichet'), ('refund', 'Remboursement qui attend depuis trop longtemps'), ('mail', 'Courriel non remis'), ('ceiling', 'Encaisse au-dessus du maximum'), ('late', 'Versement au comptable en retard'), ('bank_only', 'Lignes du relevé à rapprocher'), ('here_only', 'Sommes que la banque n’a pas montrées')], max_length=10),
        ),
    ]
