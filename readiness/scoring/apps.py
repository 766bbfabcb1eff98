from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScoringConfig(AppConfig):
    name = "readiness.scoring"
    label = "scoring"
    verbose_name = "Scoring"

    def ready(self) -> None:
        from inventory.models import Site
        from readiness.scoring.search import find_checks, find_sites, find_work
        from web import links, search

        search.register("sites", _("Sites"), find_sites, permission="inventory.view_site", order=10)
        search.register("checks", _("Checks"), find_checks, permission="scoring.view_checkresult", order=20)
        search.register("worklist", _("Worklist"), find_work, permission="scoring.view_workitem", order=25)
        links.has_page(Site, "site", "slug")
        links.has_page(self.get_model("WorkItem"), "work-item")
        links.has_page(self.get_model("Campaign"), "campaign")
        links.has_page(self.get_model("CampaignItem"), "campaign-item")
        links.has_page(self.get_model("Review"), "review")
        links.has_page(self.get_model("ReviewAction"), "review-action-edit")
