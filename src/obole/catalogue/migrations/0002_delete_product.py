"""Products are parts of pricings since ``billing.0003_simplest_pricings``."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0001_initial'),
        ('billing', '0003_simplest_pricings'),
        ('dossiers', '0002_delete_item'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='productevent',
            name='pgh_obj',
        ),
        migrations.RemoveField(
            model_name='productevent',
            name='scheme',
        ),
        migrations.DeleteModel(
            name='Product',
        ),
        migrations.DeleteModel(
            name='ProductEvent',
        ),
    ]
