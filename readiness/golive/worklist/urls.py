"""Pages of the worklist, under /readiness/worklist/."""

from django.urls import path

from readiness.golive.worklist import views

urlpatterns = [
    path("", views.worklist, name="worklist"),
    path("add/", views.add, name="worklist-add"),
    path("set/", views.set_status, name="work-items-set"),
    path("<int:pk>/", views.item, name="work-item"),
]
