from django.apps import AppConfig


class BoardsConfig(AppConfig):
    name = "readiness.boards"

    def ready(self) -> None:
        from inventory.models import Site
        from readiness.boards import search
        from web import links

        search.register()
        links.has_page(Site, "site", "slug")
