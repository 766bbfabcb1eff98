from django.apps import AppConfig


class BoardsConfig(AppConfig):
    name = "readiness.boards"

    def ready(self) -> None:
        from inventory.models import Site
        from readiness.boards.objects.panel import COLUMN, MAY_SEE, health_panel
        from readiness.boards.objects.queries import MODELS, health_of
        from readiness.boards.search import find_checks, find_sites
        from web import links, search
        from web.kinds import added, panels

        search.register("sites", "Sites", find_sites, permission="inventory.view_site", order=10)
        search.register("checks", "Checks", find_checks, permission="scoring.view_checkresult", order=20)
        links.has_page(Site, "site", "slug")
        added.register(MODELS, COLUMN, health_of, permission=MAY_SEE)
        for model in MODELS:
            panels.register(model, health_panel)
