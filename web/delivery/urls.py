"""Addresses of deliveries."""

from django.urls import path

from web import links
from web.delivery import inbox, views
from web.delivery.models import Message

__all__ = ["inbox", "urlpatterns"]
links.has_page(Message, "delivery")

urlpatterns = [
    path("deliveries/", views.delivery_list, name="deliveries"),
    path("deliveries/mailbox/", views.mailbox, name="mailbox"),
    path("deliveries/replay/", views.replay_range, name="deliveries-replay"),
    path("deliveries/<int:pk>/", views.delivery, name="delivery"),
    path("deliveries/<int:pk>/replay/", views.replay, name="delivery-replay"),
]
