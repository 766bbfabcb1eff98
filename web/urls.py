"""Addresses that all pages and endpoints share."""

from django.urls import include, path

from web import health, palette
from web.backups import views as backups
from web.history import api, undo, views
from web.rest import docs
from web.scraping import MetricsView
from web.search import search_page
from web.tab_counts import counts_page
from web.tables.display import keep_display
from web.workflows import approval_list

urlpatterns = [
    path("", include("web.accounts.urls")),
    path("", include("web.delivery.channels.urls")),
    path("", include("web.saved_views.urls")),
    path("", include("web.delivery.urls")),
    path("", include("web.help.urls")),
    path("tables/<slug:table_id>/", keep_display, name="table-display"),
    path("history/", views.changes, name="history"),
    path("history/undo/", undo.undo, name="history-undo"),
    path("history/<int:pk>/restore/", undo.restore, name="history-restore"),
    path("api/history/", api.changes, name="history-api"),
    path("backups/", backups.page, name="backups"),
    path("", include("web.security_log.urls")),
    path("approvals/", approval_list.page, name="approvals"),
    path(
        "api/approvals/", approval_list.ApprovalViewSet.as_view({"get": "list"}), name="web-api-approval-list"
    ),
    path(
        "api/approvals/<int:pk>/",
        approval_list.ApprovalViewSet.as_view({"get": "retrieve"}),
        name="web-api-approval-detail",
    ),
    path("search/", search_page, name="search"),
    path("search/palette/", palette.answer, name="palette"),
    path("navigation/counts/", counts_page, name="tab-counts"),
    path("api/schema/", docs.schema, name="schema"),
    path("api/docs/", docs.browser, name="api-docs"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", MetricsView.as_view(), name="metrics"),
]
