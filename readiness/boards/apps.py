from django.apps import AppConfig


class BoardsConfig(AppConfig):
    name = "readiness.boards"

    def ready(self) -> None:
        from inventory.models import Site
        from readiness.boards.search import find_checks, find_sites
        from web import links, search

        search.register("sites", "Sites", find_sites, permission="inventory.view_site", order=10)
        search.register("checks", "Checks", find_checks, permission="scoring.view_checkresult", order=20)
        links.has_page(Site, "site", "slug")
