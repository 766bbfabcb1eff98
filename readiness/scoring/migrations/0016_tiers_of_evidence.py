import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("framework", "0002_drafts_and_their_steps"),
        ("inventory", "0005_operators_of_sites"),
        ("scoring", "0015_served_by_vllm"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="checkresult",
            name="check_result_open",
        ),
        migrations.AddField(
            model_name="checkresult",
            name="tier",
            field=models.CharField(
                blank=True,
                choices=[
                    ("measured", "Measured"),
                    ("declared", "Declared"),
                    ("capped", "Declared, not measured"),
                ],
                help_text="Whether a measurement or a declaration decided; capped is declared where a measurement is asked for",
                max_length=8,
                verbose_name="evidence",
            ),
        ),
        migrations.AddField(
            model_name="sitescore",
            name="capped",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=64),
                blank=True,
                default=list,
                help_text="BLOCK checks that are declared where a measurement is asked for",
            ),
        ),
        migrations.AddField(
            model_name="sitescore",
            name="measurable",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="BLOCK checks that apply here and ask for a measurement"
            ),
        ),
        migrations.AddIndex(
            model_name="checkresult",
            index=models.Index(
                condition=models.Q(
                    models.Q(
                        ("gate__in", ["BLOCK", "COND"]),
                        models.Q(("state__in", ["n-a", "pass", "warn"]), _negated=True),
                    ),
                    models.Q(("gate", "BLOCK"), ("tier", "capped")),
                    _connector="OR",
                ),
                fields=["site", "check_id"],
                name="check_result_open",
            ),
        ),
        migrations.AddIndex(
            model_name="checkresult",
            index=models.Index(
                condition=models.Q(("tier", "capped")),
                fields=["site", "check_id"],
                name="check_result_capped",
            ),
        ),
    ]
