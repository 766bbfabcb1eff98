from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scoring", "0011_worklist")]

    operations = [
        migrations.RemoveIndex(model_name="checkresult", name="check_result_state"),
        migrations.AddIndex(
            model_name="checkresult",
            index=models.Index(
                fields=["check_id", "state"], include=("site",), name="check_result_state_of_site"
            ),
        ),
        migrations.AddIndex(
            model_name="checkresult",
            index=models.Index(
                fields=["expires_at", "site"],
                condition=models.Q(("expires_at__isnull", False)),
                name="check_result_expiring",
            ),
        ),
    ]
