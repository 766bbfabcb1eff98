"""Pages of campaigns, reviews and the worklist."""

from django.urls import include, path

urlpatterns = [
    path("campaigns/", include("readiness.golive.campaigns.urls")),
    path("reviews/", include("readiness.golive.reviews.urls")),
    path("worklist/", include("readiness.golive.worklist.urls")),
]
