"""Endpoint of one's own subscriptions, under /api/loop/subscriptions/."""

from typing import cast

from django.db.models import QuerySet
from rest_framework import serializers

from readiness.loop.alerts.models import Subscription
from readiness.loop.alerts.telling import operations
from readiness.loop.alerts.telling.queries import subscriptions_of
from web.kinds.rest import filters_of
from web.requests import UserApiRequest
from web.rest.errors import named_errors
from web.rest.permissions import SignedIn
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ObjectViewSet
from web.workflows.endpoints import author_of

FIELDS = ("channel", "region", "site", "check_id", "pillar", "severity")


class SubscriptionSerializer(ObjectSerializer):
    class Meta:
        model = Subscription
        fields = FIELDS
        brief_fields = ["severity"]


class SubscriptionViewSet(ObjectViewSet):
    """Your own subscriptions: alerts that you are told of besides what is yours."""

    request: UserApiRequest

    queryset = Subscription.objects.select_related("channel", "region", "site")
    serializer_class = SubscriptionSerializer
    filterset_class = filters_of(Subscription, FIELDS, search=("site__name", "region__name"))
    permission_classes = [SignedIn]

    def get_queryset(self) -> QuerySet[Subscription]:
        return subscriptions_of(self.request.user) if self.request else self.queryset

    def perform_create(self, serializer: serializers.BaseSerializer) -> None:
        with named_errors():
            serializer.instance = operations.subscribe(**serializer.validated_data, **author_of(self.request))

    def perform_update(self, serializer: serializers.BaseSerializer) -> None:
        subscription = cast(Subscription, serializer.instance)
        with named_errors():
            operations.change_subscription(
                subscription, **serializer.validated_data, **author_of(self.request)
            )

    def perform_destroy(self, instance: Subscription) -> None:
        operations.unsubscribe(instance, **author_of(self.request))
