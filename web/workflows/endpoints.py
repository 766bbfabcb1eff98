"""Endpoints of steps: one POST each, under the name of the step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from web import clock
from web.permissions import note
from web.rest.errors import named_errors
from web.rest.permissions import Permission, requires
from web.rest.viewsets import ObjectViewSet
from web.workflows.steps import NotInState, Workflow, WorkflowStep


def words_field(**options: Any) -> serializers.CharField:
    usual: dict[str, Any] = {"required": False, "allow_blank": True, "default": "", "max_length": 2000}
    return serializers.CharField(**usual | options)


def any_of(*permissions: str, get: str = "") -> type[Permission]:
    """Make a permission that needs one of these, or `get` for reading. The operation checks the object."""

    class AnyOf(Permission):
        def needed(self, request: HttpRequest, view: APIView) -> list[str]:
            if get and request.method in SAFE_METHODS:
                return [get]
            able = list(filter(request.user.has_perm, permissions))
            note(getattr(request, "_request", request), able)
            return [] if able else list(permissions[:1])

    return AnyOf


def author_of(request: Request) -> dict[str, Any]:
    return {"by": request.user, "now": clock.now()}


class OperatedViewSet(ObjectViewSet):
    # Operations behind create, update and destroy; without one, an object is simply deleted.
    writes: ClassVar[Mapping[str, Callable[..., Any]]]
    # Fields that may be sent unchanged, because a complete object may be written back.
    fixed: ClassVar[tuple[str, ...]] = ()
    # Given where its steps lock something else first: whoever comes by page or by call locks in one order.
    workflow: ClassVar[Workflow[Any] | None] = None

    def _locked_one(self) -> Model:
        if self.workflow is not None and self.workflow.lock_before is not None:
            with named_errors(NotInState):
                self.workflow.lock_before(self.get_object())
        return super()._locked_one()

    def perform_create(self, serializer: Any) -> None:
        self._write("create", serializer, **serializer.validated_data)

    def perform_update(self, serializer: Any) -> None:
        present, values = serializer.instance, dict(serializer.validated_data)
        same = {name for name in self.fixed if values.get(name) == getattr(present, name)}
        self._write("update", serializer, present, **{key: values[key] for key in values.keys() - same})

    def perform_destroy(self, instance: Model) -> None:
        if "destroy" not in self.writes:
            super().perform_destroy(instance)
            return
        with named_errors(NotInState):
            self.writes["destroy"](instance, **author_of(self.request))

    def _write(self, verb: str, serializer: Any, /, *present: Any, **values: Any) -> None:
        with named_errors(NotInState):
            serializer.instance = self.writes[verb](*present, **values, **author_of(self.request))


def taken(
    view: Any, operation: Any, body: type[serializers.Serializer] | None = None, code: int = 200
) -> Response:
    """Run the step on the object in the address with the body, and answer with the object.

    The row is locked first, so that the sent ETag is compared with the row that is changed.
    """
    values = {}
    if body is not None:
        serializer = body(data=view.request.data, context=view.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        values = serializer.validated_data
    with transaction.atomic(), named_errors(NotInState):
        obj = view._locked_one()
        result = operation(obj, **values, **author_of(view.request))
    return view._object_response(view._again(result if isinstance(result, type(obj)) else obj), code)


def operated(
    operation: Any,
    body: type[serializers.Serializer] | None,
    summary: str,
    *permissions: str,
    name: str = "",
    path: str | None = None,
    code: int = 200,
    may: type[Permission] | None = None,
) -> Any:
    """An action of an ObjectViewSet that runs an operation on the object in the address; `body` parses its
    arguments."""

    def handler(self: Any, request: Request, pk: str) -> Response:
        return taken(self, operation, body, code)

    handler.__name__ = name or operation.__name__
    needed = [may or requires(*permissions)]
    routed = action(detail=True, methods=["post"], permission_classes=needed, url_path=path)(handler)
    return extend_schema(request=body, summary=summary)(routed)


def endpoint(
    step: WorkflowStep[Any], body: type[serializers.Serializer] | None = None, *, path: str | None = None
) -> Any:
    """The step as such an action; `body` parses the words, and further arguments of the step. `path` is its part of the
    address, by default its name."""
    return operated(step, body, step.summary, name=step.name, path=path, may=any_of(*step.any_of))
