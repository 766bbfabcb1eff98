"""Declared limits. The framework defines their names, units and presets, which `prepare` adds to each row."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import django_filters
from django.db.models import F, Func, QuerySet, Subquery, TextField, Value
from django.db.models.functions import JSONObject
from django.urls import reverse

from readiness.assessment.evidence import operations
from readiness.assessment.evidence.core.limits import bound_words, kind_of, presets_of
from readiness.assessment.evidence.forms import LimitForm
from readiness.assessment.evidence.models import DeclaredLimit
from readiness.assessment.evidence.tables import exact, tabs
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.framework.models import FrameworkVersion
from web.kinds import Entry, Kind
from web.kinds.columns import hidden, plain
from web.kinds.rest import filters_of
from web.links import page_url
from web.tables import Column, Table


def _limits() -> QuerySet[DeclaredLimit]:
    """Read declared limits with the names of the framework in force."""
    in_force = FrameworkVersion.objects.published().values("definition__limits")[:1]
    path = Value("$[*] ? (@.id == $id).name")
    limit_entry = Func(
        F("limits_known"), path, JSONObject(id=F("limit_id")), function="jsonb_path_query_first"
    )
    text = Func(limit_entry, template="(%(expressions)s #>> '{}')", output_field=TextField())
    rows = DeclaredLimit.objects.select_related("site", "workload_class", "by")
    return rows.alias(limits_known=Subquery(in_force)).annotate(limit_name=text)


def _entries(declared: DeclaredLimit, *, limit: int = 50) -> list[DeclaredLimit]:
    same = {
        "site": declared.site_id,
        "workload_class": declared.workload_class_id,
        "limit_id": declared.limit_id,
    }
    return list(_limits().filter(**same).order_by("-declared_on", "-pk")[:limit])


def _attach_framework(rows: Sequence[Any]) -> Sequence[Any]:
    _version, framework = framework_queries.current()
    for declared in rows:
        declared.framework = framework
    return rows


def _name(declared: Any) -> str:
    kind = kind_of(declared.framework, declared.limit_id)
    return kind.name if kind else declared.limit_id


def _unit(declared: Any) -> str:
    kind = kind_of(declared.framework, declared.limit_id)
    return kind.unit if kind else ""


def _value(declared: Any) -> str:
    if declared.value is None:
        return ""
    return f"{bound_words(declared.framework, declared.limit_id)} {exact(declared.value)}".strip()


def limit_text(framework: Framework, declared: DeclaredLimit) -> str:
    kind = kind_of(framework, declared.limit_id)
    unit = kind.unit if kind else ""
    if declared.value is not None:
        return f"{bound_words(framework, declared.limit_id)} {exact(declared.value)} {unit}".strip()
    preset = presets_of(framework, declared.limit_id).get(declared.preset)
    if preset is None:
        return declared.preset
    bound = f"{exact(preset.value)} {unit}".strip() if preset.value is not None else ""
    if preset.pass_at is not None and preset.value is None:
        bound = preset.pass_at.text(unit)
    return f"{preset.name}: {bound}"


def _owner_url(declared: DeclaredLimit) -> str:
    return reverse("site", args=[declared.site.slug]) if declared.site else ""


def _context(declared: DeclaredLimit, user: Any) -> dict[str, Any]:
    _attach_framework([declared])
    framework: Framework = declared.framework  # type: ignore[attr-defined]
    owner = declared.site or declared.workload_class
    owner_field = "site" if declared.site else "workload_class"
    query = urlencode({owner_field: owner.slug if owner else "", "limit": declared.limit_id})
    kind = kind_of(framework, declared.limit_id)
    entries = _entries(declared)
    return {
        "heading": _name(declared),
        "owner": owner,
        "owner_url": _owner_url(declared),
        "text": limit_text(framework, declared),
        "meaning": kind.note if kind else "",
        "entries": [(entry, limit_text(framework, entry)) for entry in entries],
        "again_url": f"{reverse('declared-limit-add')}?{query}",
    }


_SAME_LIMIT = django_filters.CharFilter(field_name="limit_id", label="limit", max_length=64)
# fmt: off
LIMITS = Kind(
    model=DeclaredLimit,
    rows=_limits,
    prepare=_attach_framework,
    room=("Evidence", "evidence"),
    title="Limits",
    address="limits",
    names={"list": "limits"},
    may=("inventory.view_site", "workloads.view_workloadclass", "evidence.view_declaredlimit"),
    pages=("list", "detail", "delete", "csv"),
    hint="What sites and workload classes hold themselves to, from a day on",
    then="The sites are scored again.",
    template="readiness/evidence/limit.html",
    context=_context,
    tabs=tabs,
    entries=(
        Entry(
            url_name="declared-limit-add",
            address="add/",
            permissions=("evidence.add_declaredlimit",),
            heading="Declare a limit",
            form=LimitForm,
            enter=operations.declare_limit,
            done="The limit is declared; the sites are scored again.",
            after=lambda declared: page_url(declared) or "",
            fills=("site", "workload_class", "limit"),
        ),
    ),
    table=Table(
        id="limits",
        noun=("limit", "limits"),
        label="Declared limits",
        columns=(
            Column("limit", "Limit", value="limit_id", text=_name, url=page_url, sort="limit_id", locked=True,
                   phone="title"),
            Column("site", "Site", value="site.name", url=_owner_url, sort="site__name", export="site.slug"),
            Column("workload_class", "Workload class", value="workload_class.name", sort="workload_class__name",
                   export="workload_class.slug"),
            plain("value", "Value", text=_value, numeric=True),
            Column("unit", "Unit", value=_unit),
            plain("preset", "Preset",
                  text=lambda declared: limit_text(declared.framework, declared) if declared.preset else ""),
            plain("declared_on", "In force from"),
            plain("source", "Source"),
            Column("by", "Entered by", value="by.username", sort="by__username", default=False),
            hidden(Column, "note", "Note"),
        ),
        # A limit is a name of the framework, so the filter is `limit`, not an id.
        filterset=filters_of(
            DeclaredLimit,
            ("site", "workload_class", "value", "preset", "declared_on", "source"),
            search=("limit_id", "preset", "source", "note", "site__name", "workload_class__name"),
            panel=("site", "workload_class", "limit_name"),
            limit_name=_SAME_LIMIT,
        ),
        default_sort="-declared_on",
        api="evidence-api-declared-limit-list",
        row_url=page_url,
        empty={
            "title": "No limit yet",
            "text": (
                "Where the framework leaves a limit to the site or the workload class, such as a PUE target, the check"
                " is unknown until one is declared."
            ),
            "icon": "target-arrow",
        },
    ),
)  # fmt: skip
# fmt: on
