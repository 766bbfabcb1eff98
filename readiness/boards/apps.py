from django.apps import AppConfig


class BoardsConfig(AppConfig):
    name = "readiness.boards"

    def ready(self) -> None:
        from inventory.models import Site
        from readiness.boards import search
        from readiness.boards.objects.panel import COLUMN, MAY_SEE, health_panel
        from readiness.boards.objects.queries import MODELS, health_of
        from web import links, tab_counts
        from web.kinds import added, panels
        from web.workflows.waiting import waiting_for

        search.register()
        links.has_page(Site, "site", "slug")
        tab_counts.register("inbox", lambda *, user, now: waiting_for(user, now=now), "wait for you")
        added.register(MODELS, COLUMN, health_of, permission=MAY_SEE)
        for model in MODELS:
            panels.register(model, health_panel)
