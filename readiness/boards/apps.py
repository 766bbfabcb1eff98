from django.apps import AppConfig


class BoardsConfig(AppConfig):
    name = "readiness.boards"

    def ready(self) -> None:
        from inventory.models import Site
        from readiness.boards import meters, search
        from readiness.boards.objects.panel import COLUMN, MAY_SEE, health_panel
        from readiness.boards.objects.queries import MODELS, health_of
        from web import links
        from web.kinds import added, panels

        meters.register()
        search.register()
        links.has_page(Site, "site", "slug")
        added.register(MODELS, COLUMN, health_of, permission=MAY_SEE)
        for model in MODELS:
            panels.register(model, health_panel)
