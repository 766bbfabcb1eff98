from django.apps import AppConfig


class GoliveConfig(AppConfig):
    name = "readiness.golive"
    verbose_name = "Going live"

    def ready(self) -> None:
        from readiness.evidence.models import Review, ReviewAction
        from readiness.golive.worklist.queries import find_work
        from web import links, search

        search.register("worklist", "Worklist", find_work, permission="golive.view_workitem", order=25)
        links.has_page(self.get_model("WorkItem"), "work-item")
        links.has_page(self.get_model("Campaign"), "campaign")
        links.has_page(self.get_model("CampaignItem"), "campaign-item")
        links.has_page(Review, "review")
        links.has_page(ReviewAction, "review-action-edit")
