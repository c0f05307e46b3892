"""
One address an account, and nobody is taken for its owner without a proof.

An account keeps the address that it signs in with. What allauth had found proven stays so; any other account is asked
for a code, sent to its address, the next time that it signs in. Sessions that were opened without a proof are ended.
"""

from django.db import migrations


def one_address_an_account(apps, schema_editor):
    """Keep one row of allauth for each account, of the address that it signs in with."""
    alias = schema_editor.connection.alias
    users = apps.get_model("directory", "User").objects.using(alias).order_by("pk")
    addresses = apps.get_model("account", "EmailAddress").objects.using(alias)
    for pk, email in users.values_list("pk", "email"):
        addresses.filter(user_id=pk).exclude(email=email).delete()
    for pk, email in users.values_list("pk", "email"):
        addresses.update_or_create(user_id=pk, email=email, defaults={"primary": True})
    apps.get_model("sessions", "Session").objects.using(alias).all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("sessions", "0001_initial"),
    ]
    operations = [migrations.RunPython(one_address_an_account, migrations.RunPython.noop)]
