"""Endpoints beside a list's that take a file as multipart: all of it, or nothing."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from readiness.evidence.api.refusing import refuse_large

type Take = Callable[[Any, Request, Mapping[str, Any]], Any]
"""A method of a viewset: what the checked form holds in, the body of the answer out."""


def takes_file(
    summary: str, *, asks: type[serializers.Serializer], answers: Any, path: str = "import"
) -> Callable[[Take], Any]:
    """`asks` checks the form, `answers` is what the 201 holds. A body too large is refused before it is read."""

    def decorate(take: Take) -> Any:
        @wraps(take)
        def taken(view: Any, request: Request) -> Response:
            refuse_large(request)
            asked = asks(data=request.data)
            asked.is_valid(raise_exception=True)
            return Response(take(view, request, asked.validated_data), status=status.HTTP_201_CREATED)

        shown = extend_schema(
            summary=summary, request={"multipart/form-data": asks}, responses={201: answers}, filters=False
        )
        routed = action(
            detail=False,
            methods=["post"],
            url_path=path,
            parser_classes=[MultiPartParser],
            pagination_class=None,
        )
        return shown(routed(taken))

    return decorate
