from django.apps import AppConfig


class GoliveConfig(AppConfig):
    name = "readiness.golive"
    verbose_name = "Going live"

    def ready(self) -> None:
        from readiness.evidence.models import Review, ReviewAction
        from readiness.golive import search
        from readiness.golive.reviews.queries import to_sign
        from readiness.golive.worklist.queries import own_items
        from web import links, tab_counts

        search.register()
        links.has_page(self.get_model("WorkItem"), "work-item")
        links.has_page(self.get_model("Campaign"), "campaign")
        links.has_page(self.get_model("CampaignItem"), "campaign-item")
        links.has_page(Review, "review")
        links.has_page(ReviewAction, "review-action-edit")
        tab_counts.register("worklist", own_items, "items are yours", permission="golive.view_workitem")
        tab_counts.register("reviews", to_sign, "wait for your signature", permission="evidence.view_review")
