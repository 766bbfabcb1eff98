"""Search for items of the worklist, campaigns and reviews."""

from collections.abc import Iterable, Iterator

from django.urls import reverse

from readiness.assessment.evidence.models import Review
from readiness.assessment.framework import queries as framework_queries
from readiness.golive.models import Campaign, WorkItem
from web import search
from web.search import Hit


def register() -> None:
    search.register_rows(
        "worklist",
        "Worklist",
        WorkItem.objects.select_related("site", "owner").all,
        title="site__name",
        others=("check_id", "note", "owner__username", "owner_name"),
        also=framework_queries.check_name_matches,
        permissions=("golive.view_workitem", "inventory.view_site"),
        icon="list-details",
        order=25,
        hits=_work,
    )
    search.register_rows(
        "campaigns",
        "Campaigns",
        Campaign.objects.select_related("site").all,
        title="name",
        others=("site__name", "note", "state"),
        permissions=("golive.view_campaign", "inventory.view_site"),
        icon="target-arrow",
        order=22,
        hits=_campaigns,
    )
    search.register_rows(
        "reviews",
        "Go-live reviews",
        Review.objects.select_related("site").all,
        title="site__name",
        others=("note", "end_note", "state"),
        permissions=("evidence.view_review", "inventory.view_site"),
        icon="shield-check",
        order=23,
        hits=_reviews,
    )


def _work(items: Iterable[WorkItem]) -> Iterator[Hit]:
    names = framework_queries.check_names()
    for item in items:
        detail = " · ".join(filter(None, (item.site.name, item.get_status_display(), item.owner_text)))
        yield Hit(names.get(item.check_id, item.check_id), reverse("work-item", args=[item.pk]), detail)


def _campaigns(campaigns: Iterable[Campaign]) -> Iterator[Hit]:
    for campaign in campaigns:
        detail = f"{campaign.site} · {campaign.get_state_display()}"
        yield Hit(campaign.name, reverse("campaign", args=[campaign.pk]), detail)


def _reviews(reviews: Iterable[Review]) -> Iterator[Hit]:
    for review in reviews:
        detail = f"#{review.pk} · {review.get_state_display()}"
        yield Hit(f"Go-live review of {review.site}", reverse("review", args=[review.pk]), detail)
