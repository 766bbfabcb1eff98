"""Call a held basis on every page what the lists call it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("jurisdiction", "0001_initial")]

    operations = [
        migrations.AlterModelOptions(
            name="heldbasis",
            options={
                "ordering": ["workload_class__name", "basis", "id"],
                "verbose_name": "basis on record",
                "verbose_name_plural": "bases on record",
            },
        )
    ]
