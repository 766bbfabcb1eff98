from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class FrameworkConfig(AppConfig):
    name = "readiness.assessment.framework"
    label = "framework"
    verbose_name = "Readiness framework"

    def ready(self) -> None:
        # Runs after `migrate` and `flush`, because nothing can be judged without a definition.
        post_migrate.connect(_publish_shipped, sender=self)
        from readiness.assessment.framework import naming
        from readiness.assessment.framework.models import FrameworkVersion
        from readiness.assessment.framework.queries import check_names
        from readiness.organisation.people.check_names import names_come_from
        from web import links, search

        naming.register()
        names_come_from(check_names)
        search.register_rows(
            "framework",
            "Framework",
            FrameworkVersion.objects.defer("definition").all,
            title="version",
            others=("title",),
            permissions=("framework.view_frameworkversion",),
            icon="versions",
            order=30,
        )
        links.has_page(FrameworkVersion, "framework-version")


def _publish_shipped(sender: AppConfig, using: str, **kwargs: Any) -> None:
    from django.db import connections

    from readiness.assessment.framework import operations
    from readiness.assessment.framework.models import FrameworkVersion
    from web import clock

    # Migrating back to zero also sends this signal, when the table no longer exists.
    if FrameworkVersion._meta.db_table in connections[using].introspection.table_names():
        operations.publish_shipped(now=clock.now())
