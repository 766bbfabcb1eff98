from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('web', '0002_approvals'),
    ]

    operations = [
        migrations.AddField(
            model_name='fileimport',
            name='refused',
            field=models.BinaryField(default=bytes),
        ),
    ]
