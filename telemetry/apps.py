from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    name = "telemetry"
    verbose_name = "Telemetry"

    def ready(self) -> None:
        from telemetry import clocks, damage, intake, left_behind, meters, panels, sources, storage_notices
        from telemetry.drift import panels as drift_panels
        from telemetry.models import Source
        from telemetry.schedulers import panels as scheduler_panels
        from telemetry.search import find_metrics
        from web import clock, links, notices, search, tab_counts, watch

        watch.register_waiting(watch.WorkStage.STORED, intake.oldest_waiting)
        links.has_page(Source, "source")
        clock.trust("samples", clocks.trusted_now)
        notices.register("clock", clocks.notices)
        notices.register("damage", damage.notices)
        notices.register("remote-storage", storage_notices.notices)
        meters.register()
        left_behind.register()
        panels.register()
        drift_panels.register()
        scheduler_panels.register()
        tab_counts.register(
            "ingest",
            sources.late_or_silent,
            "sources late or silent",
            permission="telemetry.view_source",
            tone="warn",
        )
        search.register(
            "metrics",
            "Metrics",
            find_metrics,
            permission="telemetry.view_series",
            order=50,
            icon="chart-dots-3",
        )
