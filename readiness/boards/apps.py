from django.apps import AppConfig


class BoardsConfig(AppConfig):
    name = "readiness.boards"

    def ready(self) -> None:
        from inventory.models import Device, PowerFeed, Rack, Site
        from readiness.boards import meters, search, tour
        from readiness.boards.evidence import columns as evidence
        from readiness.boards.objects.panel import COLUMN, MAY_SEE, health_panel
        from readiness.boards.objects.queries import MODELS, health_of
        from readiness.boards.power.panel import power_panel
        from web import links
        from web.kinds import added, panels

        meters.register()
        search.register()
        tour.register()
        links.has_page(Site, "site", "slug")
        added.register(MODELS, COLUMN, read=health_of, permission=MAY_SEE)
        evidence.register()
        for model in MODELS:
            panels.register(model, health_panel)
        for model in (Device, PowerFeed, Rack):
            panels.register(model, power_panel)
