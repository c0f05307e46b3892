"""Quantities are answers since ``billing.0003_simplest_pricings``."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('dossiers', '0001_initial'),
        ('billing', '0003_simplest_pricings'),
    ]

    operations = [
        migrations.DeleteModel(
            name='Item',
        ),
    ]
