"""Pages of portfolios, under /tradeoffs/portfolio/."""

from django.urls import path

from readiness.tradeoffs.portfolios import views

urlpatterns = [
    path("", views.portfolios, name="portfolios"),
    path("ask/", views.ask, name="portfolio-ask"),
    path("<int:pk>/", views.portfolio, name="portfolio"),
    path("<int:pk>/front.<str:form>", views.front_chart, name="portfolio-front"),
    path("<int:pk>/cancel/", views.cancel, name="portfolio-cancel"),
]
