"""Pages of a list: by `limit` and `offset`, or by key with `limit` and `after`, which stays fast at any depth."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from web.deep_pages import rows_between
from web.requests import absolute_url

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
# The largest number for PostgreSQL's LIMIT, OFFSET and bigint keys, with room for a page.
LARGEST = 2**63 - 1 - MAX_LIMIT


def described(name: str, text: str, kind: str) -> dict[str, Any]:
    content = {"description": text, "schema": {"type": kind}}
    return {"name": name, "in": "query", "required": False} | content


class ContractPagination(BasePagination):
    """`count` and `previous` are null when paging by key, because counting makes deep pages slow."""

    def paginate_queryset(self, queryset: QuerySet, request: Request, view: Any = None) -> list:
        self.request = request
        self.limit = limit_of(request)
        self.after = number_of(request, "after")
        self.offset = offset_of(request)
        if self.after is None:
            self.count = queryset.count()
            end = min(self.offset + self.limit, self.count)
            return rows_between(queryset, self.offset, end, total=self.count) if end > self.offset else []
        for other in ("offset", "ordering"):
            if other in request.query_params:
                raise ValidationError(
                    {other: [f"`{other}` and `after` exclude each other: `after` pages in the order of ids."]}
                )
        self.count = None
        rows = list(queryset.filter(pk__gt=self.after).order_by("pk")[: self.limit + 1])
        self.last = rows[self.limit - 1].pk if len(rows) > self.limit else None
        return rows[: self.limit]

    def get_paginated_response(self, data: list) -> Response:
        return Response(
            {"count": self.count, "next": self._next(), "previous": self._previous(), "results": data}
        )

    def _next(self) -> str | None:
        url = absolute_url(self.request)
        if self.count is None:
            return self._link(url, "after", self.last) if self.last is not None else None
        following = self.offset + self.limit
        return self._link(url, "offset", following) if following < self.count else None

    def _previous(self) -> str | None:
        if self.count is None or self.offset == 0:
            return None
        url = absolute_url(self.request)
        before = self.offset - self.limit
        return self._link(url, "offset", before) if before > 0 else remove_query_param(url, "offset")

    def _link(self, url: str, name: str, value: int) -> str:
        return replace_query_param(replace_query_param(url, "limit", self.limit), name, value)

    def get_paginated_response_schema(self, schema: dict) -> dict:
        link = {"type": "string", "nullable": True, "format": "uri"}
        return {
            "type": "object",
            "required": ["count", "next", "previous", "results"],
            "properties": {
                "count": {"type": "integer", "nullable": True},
                "next": link,
                "previous": link,
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict]:
        after = "Rows with a greater id, in the order of ids; not together with offset or ordering."
        return [
            described("limit", f"Rows a page, at most {MAX_LIMIT}; {DEFAULT_LIMIT} unless given.", "integer"),
            described("offset", "Rows to skip.", "integer"),
            described("after", after, "integer"),
        ]


def limit_of(request: Request) -> int:
    """Rows per page: the maximum for `limit=0`, as in NetBox."""
    requested_limit = number_of(request, "limit")
    return DEFAULT_LIMIT if requested_limit is None else min(requested_limit or MAX_LIMIT, MAX_LIMIT)


def offset_of(request: Request) -> int:
    return number_of(request, "offset") or 0


def number_of(request: Request, name: str) -> int | None:
    raw = request.query_params.get(name)
    if raw is None:
        return None
    if not (raw.isascii() and raw.isdigit() and len(raw) < 20 and int(raw) <= LARGEST):
        raise ValidationError({name: ["A whole number, 0 or more, is needed."]})
    return int(raw)
