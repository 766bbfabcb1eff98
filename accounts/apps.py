from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from accounts.roles import ROLES

        if unknown := set(settings.SECOND_FACTOR_ROLES) - ROLES.keys():
            raise ImproperlyConfigured(
                f"MUSTER_SECOND_FACTOR_ROLES names {', '.join(sorted(unknown))}; the roles are {', '.join(ROLES)}."
            )
        # Runs after `migrate` and `flush`, once the last app with models has its permissions.
        last = [app for app in apps.get_app_configs() if app.models_module][-1]
        post_migrate.connect(_make_roles, sender=last)


def _make_roles(sender: AppConfig, using: str, **kwargs: Any) -> None:
    from django.contrib.auth.management import create_permissions
    from django.contrib.auth.models import Group
    from django.db import connections

    from accounts.roles import make_roles

    # Migrating one app alone on an empty database sends this signal before the groups' table exists.
    if Group._meta.db_table in connections[using].introspection.table_names():
        # This handler was connected before the one of django.contrib.auth, so the sender's own are still to come.
        create_permissions(sender, verbosity=0, using=using)
        make_roles()
