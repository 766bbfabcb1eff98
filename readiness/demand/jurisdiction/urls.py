"""Pages of rules, under /tradeoffs/rules/."""

from django.urls import include, path

from readiness.demand.jurisdiction import views
from readiness.demand.jurisdiction.kinds import KINDS
from readiness.demand.jurisdiction.views import PAGES
from web.kinds.addresses import addresses

urlpatterns = [
    path("", PAGES.reading(views.rules), name="rules"),
    *(each for kind in KINDS for each in addresses(kind)),
    path("try/", PAGES.reading(views.try_it), name="rules-try"),
    path("packs/", include(PAGES.urls())),
    path("packs/<int:pk>/publish/", PAGES.deed(views.publish, "publish"), name="rule-pack-publish"),
    path("packs/<int:pk>/withdraw/", PAGES.deed(views.withdraw, "publish"), name="rule-pack-withdraw"),
    path("packs/<int:pk>/add/", PAGES.writing(views.add, "change"), name="rule-add"),
    path("<int:pk>/", PAGES.reading(views.rule), name="rule"),
    path("<int:pk>/edit/", PAGES.writing(views.edit, "change"), name="rule-edit"),
    path("<int:pk>/remove/", PAGES.deed(views.remove, "change", views.pack_of), name="rule-remove"),
]
