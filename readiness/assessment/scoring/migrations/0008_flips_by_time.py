from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('scoring', '0007_token_of_records'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='flip',
            name='flip_recent',
        ),
        migrations.AddIndex(
            model_name='flip',
            index=models.Index(fields=['-at', '-id'], name='flip_newest'),
        ),
    ]
