from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0004_count_what_was_received")]
    operations = [
        migrations.AlterField(
            model_name="anomaly",
            name="cause",
            field=models.CharField(max_length=60, unique=True),
        ),
        migrations.AddConstraint(
            model_name='anomaly',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('closed_by', ''), ('outcome', '')), models.Q(('closed_at__isnull', False), models.Q(('closed_by', ''), _negated=True), models.Q(('outcome', ''), _negated=True)), _connector='OR'), name='anomaly_closed_by_somebody'),
        ),
    ]
