from typing import Any

from django.apps import AppConfig, apps
from django.core.management import CommandError
from django.db.models import fields
from django.db.models.signals import post_migrate, pre_migrate


class WebConfig(AppConfig):
    name = "web"

    def ready(self) -> None:
        fields.BLANK_CHOICE_LABEL = "Choose…"
        # Run first after a migration, so that the history records what later handlers write.
        first = next(iter(apps.get_app_configs()))
        pre_migrate.connect(_refuse_foreign_data, sender=first)
        post_migrate.connect(_install_triggers, sender=first)
        from web import disk, faults, jobs, notices, palette, policies, search, workers
        from web.accounts import finding as users
        from web.database_replica import standing as replica
        from web.kinds import finding as kinds

        policies.register()
        palette.register()
        users.register()
        search.register_maker(kinds.providers)
        workers.listen()
        notices.register("disk", disk.notices)
        jobs.listen()
        notices.register("lag", faults.notices)
        self._keep_safe()
        faults.register("database replica", replica.faults)
        self._measure()

    def _measure(self) -> None:
        """Register what /metrics has of Muster itself."""
        from web import cached, faults, metrics, workers
        from web.database_replica import standing as replica
        from web.delivery import queries as deliveries

        metrics.gauges(faults.GAUGES, faults.gauges)
        metrics.gauges(replica.GAUGES, replica.gauges)
        metrics.gauges(deliveries.GAUGES, deliveries.gauges)
        metrics.gauge(
            "muster_workers",
            "Workers that sent a heartbeat within a minute",
            (),
            lambda now: {(): len(workers.seen(now=now))},
        )
        metrics.gauge(
            "muster_cached_entries",
            "Entries that are kept of an answer",
            ("answer",),
            lambda now: {(name,): answer.size() for name, answer in cached.ANSWERS.items()},
        )
        metrics.gauge(
            "muster_cached_oldest_seconds",
            "Age of the oldest entry that is kept of an answer",
            ("answer",),
            lambda now: {(name,): answer.age_s(now) for name, answer in cached.ANSWERS.items()},
        )

    def _keep_safe(self) -> None:
        """Register what concerns sign-ins, keys and backups."""
        from accounts.models import SecondFactor
        from web import faults, key_rotation, metrics
        from web.accounts import left_behind, sign_ins, token_faults
        from web.backups import standing
        from web.delivery import secrets

        sign_ins.listen()
        left_behind.register()
        secrets.register_sealed(self.get_model("Channel"), "target", "secret", "next_secret")
        secrets.register_sealed(SecondFactor, "secret")
        key_rotation.register(
            "rows with secrets are encrypted with the first key", lambda now: secrets.encrypt_anew()
        )
        faults.register("backups", standing.faults)
        faults.register("tokens", token_faults.faults)
        metrics.gauges(standing.GAUGES, standing.gauges)
        self._keep_security_log()

    def _keep_security_log(self) -> None:
        from web import faults, key_rotation
        from web.security_log import anomalies, chaining, sign_ins, standing, streaming, triggers
        from web.settings_sections import add_section

        triggers.register()
        sign_ins.listen()
        add_section("security-log", "Security log", "web.view_securityevent")
        faults.register("security log", standing.faults)
        faults.register("security log stream", streaming.faults)
        faults.register("sign-ins", anomalies.faults)
        key_rotation.register(
            "heads of the security log are signed with the first key", lambda now: chaining.sign_anew()
        )


def _refuse_foreign_data(using: str, **kwargs: Any) -> None:
    from django.db import connections
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connections[using])
    applied = (key for key in loader.applied_migrations if key[0] in loader.migrated_apps)
    if foreign := sorted(set(applied) - loader.disk_migrations.keys()):
        raise CommandError(
            "The database holds the data of another version of Muster: its migration"
            f" {'.'.join(foreign[0])} is not part of this one. Start it with that version, or give this one an empty"
            " database (DATABASE_URL; with `make run`, MUSTER_DATA_DIR). Nothing was changed."
        )


def _install_triggers(using: str, plan: Any = None, **kwargs: Any) -> None:
    from django.db import connections

    from web import clock, database_roles, policies
    from web.audit import AuditEntry, retention, triggers

    # `flush` sends this signal too, without a plan, and leaves the triggers where they are. Migrating back to zero, or
    # one app alone, leaves no table to write to.
    if plan is not None and AuditEntry._meta.db_table in connections[using].introspection.table_names():
        retention.make_ready(now=clock.now())
        triggers.install(using)
        policies.install(using)
        if database_roles.are_in_use(using):
            database_roles.grant(using)
