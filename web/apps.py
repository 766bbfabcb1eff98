from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class WebConfig(AppConfig):
    name = "web"
    verbose_name = "Web"

    def ready(self) -> None:
        # Before all else that follows a migration, so that the history sees what that writes.
        post_migrate.connect(_install_triggers, sender=next(iter(apps.get_app_configs())))
        from web import metrics, workers
        from web.accounts import finding

        finding.register()
        workers.listen()
        metrics.gauge(
            "muster_workers",
            "Workers heard of within a minute",
            (),
            lambda now: {(): len(workers.seen(now=now))},
        )


def _install_triggers(using: str, plan: Any = None, **kwargs: Any) -> None:
    from django.db import connections

    from web import clock
    from web.audit import AuditEntry, retention, triggers

    # `flush` sends this signal too, without a plan, and leaves the triggers where they are. Migrating back to zero, or
    # one app alone, leaves no table to write to.
    if plan is not None and AuditEntry._meta.db_table in connections[using].introspection.table_names():
        retention.make_ready(now=clock.now())
        triggers.install(using)
