"""Pages of rules, under /tradeoffs/rules/."""

from django.urls import include, path

from readiness.jurisdiction import views

urlpatterns = [
    path("", views.rules, name="rules"),
    path("", include("readiness.jurisdiction.footing.urls")),
    path("try/", views.try_it, name="rules-try"),
    path("packs/", views.packs, name="rule-packs"),
    path("packs/draft/", views.draft, name="rule-pack-draft"),
    path("packs/<int:pk>/", views.pack, name="rule-pack"),
    path("packs/<int:pk>/export/", views.export, name="rule-pack-export"),
    path("packs/<int:pk>/import/", views.import_pack, name="rule-pack-import"),
    path("packs/<int:pk>/publish/", views.publish, name="rule-pack-publish"),
    path("packs/<int:pk>/withdraw/", views.withdraw, name="rule-pack-withdraw"),
    path("packs/<int:pk>/discard/", views.discard, name="rule-pack-discard"),
    path("packs/<int:pk>/add/", views.add, name="rule-add"),
    path("<int:pk>/", views.rule, name="rule"),
    path("<int:pk>/edit/", views.edit, name="rule-edit"),
    path("<int:pk>/remove/", views.remove, name="rule-remove"),
]
