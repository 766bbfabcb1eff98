"""Declared limits as data: columns of the list, and what one comes to in words."""

from collections.abc import Callable

from django.urls import reverse

from readiness.evidence.core.limits import kind_of, presets_of
from readiness.evidence.filters import LimitFilters
from readiness.evidence.models import DeclaredLimit
from readiness.evidence.tables import exact
from readiness.framework.core.definition import Framework
from web.tables import Column, Table


def limit_name(framework: Framework, declared: DeclaredLimit) -> str:
    """Name the limit as the framework does; one that was dropped there keeps its id."""
    kind = kind_of(framework, declared.limit_id)
    return kind.name if kind else declared.limit_id


def limit_text(framework: Framework, declared: DeclaredLimit) -> str:
    """`1.3`, `450 ms`, or a preset with what it comes to."""
    unit = limit_unit(framework, declared)
    if declared.value is not None:
        return f"{exact(declared.value)} {unit}".strip()
    preset = presets_of(framework, declared.limit_id).get(declared.preset)
    if preset is None:
        return declared.preset
    bound = f"{exact(preset.value)} {unit}".strip() if preset.value is not None else ""
    if preset.pass_at is not None and preset.value is None:
        bound = preset.pass_at.text(unit)
    return f"{preset.name}: {bound}"


def limit_unit(framework: Framework, declared: DeclaredLimit) -> str:
    kind = kind_of(framework, declared.limit_id)
    return kind.unit if kind else ""


def owner_name(declared: DeclaredLimit) -> str:
    owner = declared.site or declared.workload_class
    return owner.name if owner else ""


def owner_url(declared: DeclaredLimit) -> str:
    return reverse("site", args=[declared.site.slug]) if declared.site else ""


def _columns(framework: Framework, address: Callable[[DeclaredLimit], str]) -> tuple[Column, ...]:
    return (
        Column(
            "limit",
            "Limit",
            value="limit_id",
            text=lambda declared: limit_name(framework, declared),
            url=address,
            sort="limit_id",
            locked=True,
            phone="title",
        ),
        Column(
            "site",
            "Site",
            value="site.name",
            url=owner_url,
            sort="site__name",
            export="site.slug",
        ),
        Column(
            "workload_class",
            "Workload class",
            value="workload_class.name",
            sort="workload_class__name",
            export="workload_class.slug",
        ),
        Column(
            "value",
            "Value",
            text=lambda declared: "" if declared.value is None else exact(declared.value),
            sort="value",
            numeric=True,
        ),
        Column("unit", "Unit", value=lambda declared: limit_unit(framework, declared)),
        Column(
            "preset",
            "Preset",
            text=lambda declared: limit_text(framework, declared) if declared.preset else "",
            sort="preset",
        ),
        Column("declared_on", "In force from", sort="declared_on"),
        Column("source", "Source", sort="source"),
        Column("by", "Entered by", value="by.username", sort="by__username", default=False),
        Column("note", "Note", default=False),
    )


def limits(framework: Framework) -> Table:
    """Names, units and presets are the framework's."""

    def address(declared: DeclaredLimit) -> str:
        return reverse("declared-limit-detail", args=[declared.pk])

    return Table(
        id="limits",
        noun=("limit", "limits"),
        label="Declared limits",
        columns=_columns(framework, address),
        filterset=LimitFilters,
        default_sort="-declared_on",
        api="evidence-api-declared-limit-list",
        row_url=address,
        empty={
            "title": "No limit yet",
            "text": (
                "Where the framework leaves a limit to the site or the workload class, such as a PUE target, the check"
                " is unknown until one is declared."
            ),
            "icon": "target-arrow",
        },
    )
