from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BoardsConfig(AppConfig):
    name = "readiness.boards"
    label = "boards"
    verbose_name = "Boards"

    def ready(self) -> None:
        from inventory.models import Site
        from readiness.boards.search import find_checks, find_sites
        from web import links, search

        search.register("sites", _("Sites"), find_sites, permission="inventory.view_site", order=10)
        search.register("checks", _("Checks"), find_checks, permission="scoring.view_checkresult", order=20)
        links.has_page(Site, "site", "slug")
