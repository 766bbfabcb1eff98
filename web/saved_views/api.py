"""Endpoints under /api/views/."""

from typing import cast

from django.db.models import Q, QuerySet
from rest_framework import serializers

from accounts.models import SavedView
from web.accounts.api import refusals_as_errors
from web.requests import UserApiRequest
from web.rest.filters import ObjectFilterSet
from web.rest.permissions import SignedIn
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ObjectViewSet, Router
from web.saved_views import operations
from web.saved_views.queries import may_open


class SavedViewFilters(ObjectFilterSet):
    class Meta:
        model = SavedView
        fields = ["owner", "table", "name", "shared", "default"]
        search_fields = ["name"]


class SavedViewSerializer(ObjectSerializer):
    class Meta:
        model = SavedView
        fields = ["owner", "table", "name", "query", "shared", "default"]
        brief_fields = ["table", "name"]
        read_only_fields = ["owner"]


class SavedViewViewSet(ObjectViewSet):
    """Your own views, and shared views of lists that you may open."""

    request: UserApiRequest

    queryset = SavedView.objects.select_related("owner")
    serializer_class = SavedViewSerializer
    filterset_class = SavedViewFilters
    permission_classes = [SignedIn]

    def get_queryset(self) -> QuerySet[SavedView]:
        user = self.request.user
        # Policies hide what is shared from readers with scopes.
        views = super().get_queryset().filter(Q(owner=user) | Q(shared=True))
        tables = views.order_by().values_list("table", flat=True).distinct()
        return views.filter(table__in=[table for table in tables if may_open(user, table)])

    def perform_create(self, serializer: serializers.BaseSerializer) -> None:
        with refusals_as_errors():
            serializer.instance = operations.save_view(**serializer.validated_data, by=self.request.user)

    def perform_update(self, serializer: serializers.BaseSerializer) -> None:
        with refusals_as_errors():
            view = cast(SavedView, serializer.instance)
            operations.change_view(view, **serializer.validated_data, by=self.request.user)

    def perform_destroy(self, instance: SavedView) -> None:
        with refusals_as_errors():
            operations.delete_view(instance, by=self.request.user)


router = Router()
router.include_root_view = False
router.register("views", SavedViewViewSet)
