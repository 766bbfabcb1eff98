"""Versions of the framework, read-only: a list without the definitions, and each one whole."""

from typing import Any

from rest_framework.serializers import BaseSerializer

from readiness.framework.models import FrameworkVersion
from web.rest.filters import ObjectFilterSet
from web.rest.router import Router
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ReadOnlyObjectViewSet


class FrameworkVersionSerializer(ObjectSerializer):
    class Meta:
        model = FrameworkVersion
        fields: tuple[str, ...] = ("version", "title", "status", "digest", "created_at", "published_at")
        brief_fields = ("version", "status")


class WholeFrameworkVersionSerializer(FrameworkVersionSerializer):
    class Meta(FrameworkVersionSerializer.Meta):
        fields = (*FrameworkVersionSerializer.Meta.fields, "definition")


class FrameworkVersionFilters(ObjectFilterSet):
    class Meta:
        model = FrameworkVersion
        fields = ["version", "title", "status", "digest", "created_at", "published_at"]
        search_fields = ["version", "title"]


class FrameworkVersionViewSet(ReadOnlyObjectViewSet):
    queryset = FrameworkVersion.objects.all()
    filterset_class = FrameworkVersionFilters
    serializer_class = FrameworkVersionSerializer

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return WholeFrameworkVersionSerializer if self.action == "retrieve" else FrameworkVersionSerializer


router = Router()
router.register("frameworks", FrameworkVersionViewSet)
