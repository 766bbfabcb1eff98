"""Standards with their versions in force, waivers of deviations, flexible areas and alternatives; and their removal.

A version in force cannot be deleted otherwise: the demo takes away what it brought.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pgtrigger

from accounts.models import User
from inventory.models import Region, Site
from readiness.assessment.standards.models import (
    Alternative,
    Conformance,
    Deviation,
    DeviationWaiver,
    FlexibleArea,
    Standard,
    StandardVersion,
)
from readiness.demand.workloads.models import WorkloadClass
from readiness.demo.core.plan import book
from readiness.demo.operations.made import DemoObjects
from readiness.demo.operations.people import Staff

OWN = ("name", "slug", "kind", "purpose", "topics", "document_url")
KEPT = ("standards.StandardVersion:published_is_kept",)


def write_standards(
    sites: Mapping[str, Site],
    staff: Staff,
    logins: Mapping[str, User],
    objects: DemoObjects,
    *,
    now: datetime,
) -> None:
    standards = [_standard(row, staff, objects, now=now) for row in book("standards")["standards"]]
    by_slug = {standard.slug: standard for standard in standards if standard is not None}
    if {"ops", "manager"} <= logins.keys():
        rows = book("standards")["waivers"]
        waivers = [
            _waiver(row, by_slug[row["standard"]], sites[row["site"]], logins, now=now)
            for row in rows
            if row["standard"] in by_slug and row["site"] in sites
        ]
        DeviationWaiver.objects.bulk_create(waivers)
    _write_flexible(staff, objects, now=now)


def _standard(
    row: Mapping[str, Any], staff: Staff, objects: DemoObjects, *, now: datetime
) -> Standard | None:
    """None if there is another one of its name, which stays as it is."""
    region = Region.objects.filter(slug=row["region"]).first()
    if region is None or Standard.objects.filter(slug=row["slug"]).exists():
        return None
    published_at = now - timedelta(days=row["ago"])
    standard = Standard.objects.create(
        owner=staff.teams[row["owner"]],
        review_on=now.date() + timedelta(days=row["review_in"]),
        **{name: row[name] for name in OWN},
    )
    objects.note([standard])
    StandardVersion.objects.create(
        standard=standard,
        version=row["version"],
        status=StandardVersion.Status.PUBLISHED,
        region=region,
        rules=row["rules"],
        note=row["note"],
        created_at=published_at,
        published_at=published_at,
    )
    return standard


def _waiver(
    row: Mapping[str, Any], standard: Standard, site: Site, logins: Mapping[str, User], *, now: datetime
) -> DeviationWaiver:
    starts_at = now - timedelta(days=row["ago"])
    return DeviationWaiver(
        standard=standard,
        rule=row["rule"],
        site=site,
        reason=row["reason"],
        state=DeviationWaiver.State.APPROVED,
        requested_by=logins["ops"],
        requested_at=starts_at,
        starts_at=starts_at,
        ends_at=now + timedelta(days=row["ends_in"]),
        approver=logins["manager"],
        decided_at=starts_at,
    )


def _write_flexible(staff: Staff, objects: DemoObjects, *, now: datetime) -> None:
    today, rows = now.date(), book("standards")
    by_name = {}
    for row in rows["areas"]:
        values = {name: value for name, value in row.items() if name != "bound_in"}
        values["owner"] = staff.teams[row["owner"]]
        if "bound_in" in row:
            values["bound_until"] = today + timedelta(days=row["bound_in"])
        area, is_new = FlexibleArea.objects.get_or_create(name=row["name"], defaults=values)
        by_name[area.name] = area
        objects.note([area] if is_new else [])
    workloads = {workload.slug: workload for workload in WorkloadClass.objects.all()}
    Alternative.objects.bulk_create(
        [
            Alternative(
                workload_class=workloads[row["workload"]],
                kind=row["kind"],
                name=row["name"],
                area=by_name[row["area"]],
                proven_on=today - timedelta(days=row["ago"]) if "ago" in row else None,
                proof=row.get("proof", ""),
            )
            for row in rows["alternatives"]
            if row["workload"] in workloads
        ],
        ignore_conflicts=True,
    )


def remove_standards(ids: Mapping[str, list[int]]) -> None:
    """Remove the standards of the demo with all that rests on them."""
    standards = ids.get(Standard._meta.label, [])
    for model in (Conformance, Deviation, DeviationWaiver):
        model._default_manager.filter(standard__in=standards).delete()
    with pgtrigger.ignore(*KEPT):
        StandardVersion.objects.filter(standard__in=standards).delete()
    Standard.objects.filter(pk__in=standards).delete()
    FlexibleArea.objects.filter(pk__in=ids.get(FlexibleArea._meta.label, [])).delete()
