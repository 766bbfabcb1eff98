from django.apps import AppConfig


class GoliveConfig(AppConfig):
    name = "readiness.golive"
    verbose_name = "Going live"

    def ready(self) -> None:
        from readiness.assessment.evidence.models import Review, ReviewAction
        from readiness.golive import left_behind, search
        from readiness.golive.worklist import undoing
        from web import links

        left_behind.register()
        search.register()
        undoing.register()
        links.has_page(self.get_model("WorkItem"), "work-item")
        links.has_page(self.get_model("Campaign"), "campaign")
        links.has_page(self.get_model("CampaignItem"), "campaign-item")
        links.has_page(Review, "review")
        links.has_page(ReviewAction, "review-action-edit")
