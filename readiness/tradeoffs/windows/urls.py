"""Windows of a workload that may wait, under /tradeoffs/workloads/<slug>/windows/."""

from django.urls import path

from readiness.tradeoffs.windows import views

urlpatterns = [
    path("", views.windows, name="workload-windows"),
    path("<slug:name>.<str:form>", views.chart, name="workload-windows-chart"),
]
