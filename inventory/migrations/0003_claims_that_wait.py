from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0002_bus_ids_and_other_names'),
    ]

    operations = [
        migrations.AddField(
            model_name='sitechange',
            name='waits_until',
            field=models.DateTimeField(help_text='It may wait so long for another claim of the site, and is taken with that', null=True),
        ),
    ]
