"""Approvals that rest on accounts close to each other, listed for administrators."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.http import HttpRequest
from rest_framework import serializers

from web import links
from web import tables as table_kit
from web.reports import Report
from web.rest.fields import ChoiceValueField
from web.rest.filters import ObjectFilterSet
from web.rest.serializers import ObjectSerializer
from web.rest.viewsets import ReadOnlyObjectViewSet
from web.tables import Column, Table, TablePage
from web.visibility import name_of
from web.workflows.approvals import flag_words
from web.workflows.models import Approval, ApprovalFlag
from web.workflows.second import is_strict


class ApprovalFilters(ObjectFilterSet):
    class Meta:
        model = Approval
        fields = ("table", "step", "first", "second", "asked_at", "at", "flags")
        search_fields = ("first__username", "second__username", "step")
        panel = ("flags", "table", "first", "second")


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """`subject` is None once the object is gone."""

    approval: Approval
    kind: str
    subject: Model | None


def rows_of(approvals: Sequence[Approval]) -> list[ApprovalRow]:
    """Read the objects together: one statement for each kind."""
    keys: dict[str, set[int]] = defaultdict(set)
    for approval in approvals:
        keys[approval.table].add(approval.object_id)
    objects = {
        table: model._base_manager.select_related(*_parents(model)).in_bulk(ids)
        for table, ids in sorted(keys.items())
        for model in [apps.get_model(table)]
    }
    return [
        ApprovalRow(
            approval,
            str(apps.get_model(approval.table)._meta.verbose_name),
            objects[approval.table].get(approval.object_id),
        )
        for approval in approvals
    ]


def _parents(model: type[Model]) -> list[str]:
    """Names of the keys to objects that its own name mentions, such as the site."""
    return [field.name for field in model._meta.concrete_fields if field.is_relation and not field.null]


def table() -> Table:
    return Table(
        id="approvals",
        noun=("approval", "approvals"),
        label="Approvals to look at",
        columns=(
            Column("subject", "What", lambda row: str(row.subject or "no longer there"), url=_page, locked=True,
                   phone="title"),
            Column("kind", "Kind", sort="table"),
            Column("step", "Step", "approval.step", text=lambda row: row.approval.step.replace("_", " "), sort="step"),
            Column("flags", "Rests on", lambda row: flag_words(row.approval.flags), phone="status",
                   tone=lambda row: "warn"),
            Column("first", "First person", lambda row: name_of(row.approval.first), sort="first__username"),
            Column("second", "Second person", lambda row: name_of(row.approval.second), sort="second__username"),
            Column("asked_at", "Asked", "approval.asked_at", sort="asked_at", default=False),
            Column("at", "Approved", "approval.at", sort="-at"),
        ),
        filterset=ApprovalFilters,
        row_id="approval.pk",
        row_object="approval",
        row_name=lambda row: str(row.subject or row.approval),
        row_url=_page,
        default_sort="-at",
        api="web-api-approval-list",
        empty={
            "title": "No approval to look at",
            "text": "Every second person so far was somebody else, with an account of their own.",
            "icon": "circle-check",
        },
    )  # fmt: skip


def _page(row: ApprovalRow) -> str:
    return (links.page_url(row.subject) or "") if row.subject is not None else ""


FLAGGED = Approval.objects.exclude(flags=[]).select_related("first", "second")
APPROVALS = Report("web/approvals.html", "web.view_approval", "people.view_person")


@APPROVALS.page
def page(request: HttpRequest) -> tuple[TablePage, Any]:
    listed = table_kit.page(request, table(), FLAGGED.all(), prepare=rows_of)
    return listed, lambda: {"is_strict": is_strict()}


class ApprovalSerializer(ObjectSerializer):
    flags = serializers.ListField(child=ChoiceValueField(choices=ApprovalFlag.choices), read_only=True)

    class Meta:
        model = Approval
        fields = ("table", "object_id", "step", "first", "second", "asked_at", "at", "flags")
        read_only_fields = fields
        brief_fields = ("table", "object_id", "step", "at")


class ApprovalViewSet(ReadOnlyObjectViewSet):
    """Approvals between accounts that are close to each other; those of strangers are not listed."""

    queryset = FLAGGED
    serializer_class = ApprovalSerializer
    filterset_class = ApprovalFilters
    may = ("people.view_person",)
