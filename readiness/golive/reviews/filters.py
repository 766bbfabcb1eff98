"""Filters of reviews, their actions and approvers, for the API and for the pages alike."""

from django.db.models import Q

from readiness.evidence.models import Review, ReviewAction
from readiness.golive.reviews.models import Approver
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import Flag


class ReviewFilters(ObjectFilterSet):
    open = Flag(read=lambda _key: Q(state=Review.State.OPEN), label="Open")

    class Meta:
        model = Review
        fields = ["site", "state", "opened_by", "opened_at", "ended_by", "ended_at"]
        search_fields = ["note", "end_note", "site__name"]
        panel = ["state", "site", "open", "ended_by"]


class ActionFilters(ObjectFilterSet):
    open = Flag(read=lambda _key: Q(closed_at=None), label="Open")

    class Meta:
        model = ReviewAction
        fields = ["review", "critical", "owner", "owner_name", "due_on", "opened_at", "closed_at"]
        search_fields = ["title", "owner_name"]


class ApproverFilters(ObjectFilterSet):
    class Meta:
        model = Approver
        fields = ["domain", "site", "user"]
        search_fields = ["user__username", "site__name"]
        panel = ["domain", "site", "user"]
