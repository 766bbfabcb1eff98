import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A token may replace another one."""

    dependencies = [
        ('accounts', '0009_passkeys'),
    ]

    operations = [
        migrations.AddField(
            model_name='token',
            name='replaces',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='successors', to='accounts.token'),
        ),
        migrations.AddConstraint(
            model_name='token',
            constraint=models.UniqueConstraint(condition=models.Q(('enabled', True)), fields=('replaces',), name='token_replaced_once', violation_error_message='The token was replaced already. Replace its successor, or revoke that first.'),
        ),
    ]
