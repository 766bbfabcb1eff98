"""The pack of a site, under /sites/<slug>/."""

from django.urls import path

from readiness.boards.packs import views

urlpatterns = [path("pack/", views.page, name="site-pack"), path("pack.pdf", views.pdf, name="site-pack-pdf")]
