"""Endpoints of reports: a plain function answers the request; its parameters are declared once."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, get_type_hints

from django.db.models import Model
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from web.rest.filters import refuse_unknown
from web.rest.permissions import requires
from web.rest.viewsets import ReadOnlyObjectViewSet


def endpoint(
    *permissions: str,
    operation_id: str,
    answer: Any = None,
    parameters: Iterable[OpenApiParameter] = (),
    summary: str | None = None,
) -> Callable[[Callable[[Request], Any]], Callable[..., Any]]:
    """A GET endpoint, described by the type that its function returns; `answer` is a serializer where it has one.

    An unknown or unreadable parameter is answered with 400."""
    declared = list(parameters)

    def decorate(read: Callable[[Request], Any]) -> Callable[..., Any]:
        described = answer or get_type_hints(read, include_extras=True)["return"]

        @extend_schema(
            parameters=declared, responses={200: described}, operation_id=operation_id, summary=summary
        )
        @api_view(["GET"])
        @permission_classes([requires(*permissions)])
        @wraps(read)
        def answered(request: Request) -> Response:
            refuse_unknown(request, [each.name for each in declared], controls=("format",))
            return Response(read(request))

        return answered

    return decorate


def parameter(name: str, text: str, **options: Any) -> OpenApiParameter:
    return OpenApiParameter(name, description=text, **options)


def parameters_of(question: type[serializers.Serializer]) -> list[OpenApiParameter]:
    types: dict[type, type] = {serializers.FloatField: float, serializers.IntegerField: int}
    return [
        OpenApiParameter(
            name,
            next((types[kind] for kind in types if isinstance(each, kind)), str),
            description=str(each.help_text or ""),
            enum=list(getattr(each, "choices", ())) or None,
        )
        for name, each in question().fields.items()
    ]


class RowsViewSet(ReadOnlyObjectViewSet):
    """A list of objects with one row for each: `rows` looks up the rows of a page together."""

    def rows(self, objects: list[Any]) -> list[Any]:
        raise NotImplementedError

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        if args and args[0] is not None:
            content = args[0]
            several = self.rows([content] if isinstance(content, Model) else list(content))
            args = (several[0] if isinstance(content, Model) else several, *args[1:])
        return super().get_serializer(*args, **kwargs)


class ValuesSerializer(serializers.ListSerializer):
    def to_representation(self, data: Any) -> list[Any]:
        return super().to_representation(list(data.values()))
