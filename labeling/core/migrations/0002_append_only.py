from django.db import migrations

from labeling.core import append_only


class Migration(migrations.Migration):

    dependencies = [("core", "0001_initial")]

    operations = [migrations.RunPython(append_only.guard, append_only.unguard)]
