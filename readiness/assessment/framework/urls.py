"""Pages of the framework's versions, under /readiness/framework/."""

from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from readiness.assessment.framework import views
from readiness.assessment.framework.views import PAGES

_CHECK = "<int:pk>/checks/<slug:check_id>/"

urlpatterns = [
    *PAGES.urls(),
    path(
        "shipped/",
        require_POST(PAGES.allowed(never_cache(views.draft_shipped), "add")),
        name="framework-shipped",
    ),
    path("<int:pk>/difference/", PAGES.reading(views.difference), name="framework-difference"),
    path("<int:pk>/edit/", PAGES.writing(views.edit_head, "change"), name="framework-edit"),
    path(
        "<int:pk>/pillars/<slug:pillar_id>/edit/",
        PAGES.writing(views.edit_pillar, "change"),
        name="framework-pillar-edit",
    ),
    path(_CHECK, PAGES.reading(views.check), name="framework-check"),
    path(f"{_CHECK}edit/", PAGES.writing(views.edit_check, "change"), name="framework-check-edit"),
    path(
        f"{_CHECK}<slug:part_id>/edit/",
        PAGES.writing(views.edit_part, "change"),
        name="framework-part-edit",
    ),
]
