"""The shared part of the endpoints: rows are entered, singly, in a list or as a table, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from readiness.evidence.refusals import FileTooLarge
from readiness.evidence.uploads import FileField, content_of, sender_of, takes_file
from readiness.tradeoffs.core.entries import EntriesRefused
from readiness.tradeoffs.operations import Entered
from web import clock, visibility
from web.rest import bulk
from web.rest.errors import PayloadTooLarge
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ObjectViewSet

MOST_SAID = 100
"""Wrong lines of a file that an answer names; it says how many there are."""


@contextmanager
def answered(*, of_a_list: bool = False) -> Iterator[None]:
    """Turns refusals of the operations into the answer: by field, and in a list by the place of the item as well."""
    try:
        yield
    except EntriesRefused as error:
        by_item: dict[int, dict[str, list[str]]] = {}
        for each in error.errors:
            by_item.setdefault(each.line - 1, {}).setdefault(each.field, []).append(each.reason)
        said: Any = by_item if of_a_list else by_item.popitem()[1]
        raise exceptions.ValidationError(said) from error


@contextmanager
def answered_file() -> Iterator[None]:
    """Turns refusals of a file into the answer, with line and field of each."""
    try:
        yield
    except FileTooLarge as error:
        raise PayloadTooLarge(error.reason) from error
    except EntriesRefused as error:
        refusal = exceptions.ValidationError()
        said = error.errors[:MOST_SAID]
        # Set afterwards: the constructor would make texts of the numbers.
        detail: Any = {
            "file": [f"Line {each.line}, {each.field}: {each.reason}" for each in said],
            "errors": [{"line": each.line, "field": each.field, "reason": each.reason} for each in said],
            "wrong": len(error.errors),
        }
        refusal.detail = detail
        raise refusal from error


class EnteredSerializer(serializers.Serializer):
    """How many rows of a table were stored."""

    created = serializers.IntegerField()
    corrected = serializers.IntegerField()
    unchanged = serializers.IntegerField()


class TableSerializer(serializers.Serializer):
    file = FileField(help_text="CSV with a header; all of it or nothing")


class BySerializer(ObjectSerializer):
    by = serializers.SerializerMethodField(help_text="User name of whoever entered it")

    @extend_schema_field({"type": "string", "nullable": True})
    def get_by(self, row: Any) -> str | None:
        return visibility.username_of(row.by)


class EnteredViewSet(ObjectViewSet):
    """Entered again for the same day, a value corrects the one that is there: it is not edited."""

    http_method_names = ["get", "head", "options", "post", "delete"]
    enter: Callable[..., Entered]
    import_rows: Callable[..., Entered]

    def entry_of(self, line: int, given: dict[str, Any]) -> Any:
        """Return what the operation takes, of one validated object."""
        raise NotImplementedError

    def perform_create(self, serializer: Any) -> None:
        entry = self.entry_of(1, serializer.validated_data)
        with answered():
            entered = type(self).enter(entries=[entry], by=sender_of(self.request), now=clock.now())
        serializer.instance = entered.rows[0]

    def _create_many(self, request: Request) -> Response:
        bulk.refuse_length(request.data)
        with transaction.atomic(), answered(of_a_list=True):
            serializer = self.get_serializer(data=request.data, many=True)
            serializer.is_valid(raise_exception=True)
            entries = [
                self.entry_of(place, given) for place, given in enumerate(serializer.validated_data, start=1)
            ]
            entered = type(self).enter(entries=entries, by=sender_of(request), now=clock.now())
        return Response(self._answer_many(entered.rows), status=status.HTTP_201_CREATED)

    @takes_file("Enter a table; all of it or nothing", asks=TableSerializer, answers=EnteredSerializer)
    def import_table(self, request: Request, asked: Mapping[str, Any]) -> Any:
        with answered_file():
            entered = type(self).import_rows(
                content=content_of(asked["file"]), by=sender_of(request), now=clock.now()
            )
        return EnteredSerializer(entered).data


SOURCED: Sequence[str] = ("basis", "provenance", "source", "as_of_on", "until_on", "low", "high", "note")
KEPT: Sequence[str] = ("stated", "caution", "by")
