"""Addresses of the help."""

from django.urls import path

from web.help import views

urlpatterns = [
    path("help/", views.help_page, name="help"),
    path("help/guides/<slug:guide>/", views.guide_page, name="guide"),
    path("help/glossary/", views.glossary, name="glossary"),
    path("help/words.json", views.words_file, name="help-words"),
    path("help/pictures/<str:picture>", views.picture_file, name="help-picture"),
    path("help/tour/<int:number>/", views.tour, name="help-tour"),
]
