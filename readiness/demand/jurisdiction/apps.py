from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class JurisdictionConfig(AppConfig):
    name = "readiness.demand.jurisdiction"
    label = "jurisdiction"
    verbose_name = "Rules of jurisdiction"

    def ready(self) -> None:
        # Runs after `migrate` and `flush`, as for the framework, because nothing can be decided without rules.
        post_migrate.connect(_publish_shipped, sender=self)
        from readiness.demand.jurisdiction.queries import rules_in_force
        from web import links, search

        search.register_rows(
            "rules",
            "Rules",
            rules_in_force().all,
            title="title",
            others=("slug", "jurisdiction", "instrument", "article"),
            permissions=("jurisdiction.view_rule",),
            icon="file-text",
            order=29,
        )
        links.has_page(self.get_model("Rule"), "rule")
        links.has_page(self.get_model("RulePack"), "rule-pack")


def _publish_shipped(sender: AppConfig, using: str, **kwargs: Any) -> None:
    from django.db import connections

    from readiness.demand.jurisdiction import operations
    from readiness.demand.jurisdiction.models import RulePack
    from web import clock

    # Migrating back to zero also sends this signal, when the table no longer exists.
    if RulePack._meta.db_table in connections[using].introspection.table_names():
        operations.publish_shipped(now=clock.now())
