from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_number_what_was")]
    operations = [migrations.DeleteModel(name="NumberSeries")]
