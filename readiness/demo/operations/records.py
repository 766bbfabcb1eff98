"""Write the operator's records with their dates: floors, facts, attestations and grants.

Evidence counts from the day it was taken, so all of the past can be written before any scoring.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.models import User
from inventory.models import Site
from readiness.assessment.evidence.models import Attestation, Floor
from readiness.assessment.evidence.operations import FactRow, attest, declare_limit, record_facts, set_floor
from readiness.assessment.grants import operations as waivers
from readiness.boards.waivers.requests import ask_for_grant
from readiness.demand.workloads.models import WorkloadClass
from readiness.demo.core.plan import FleetPlan, book, fleet_plan
from readiness.demo.core.records import PlannedRecord, limits, records
from readiness.demo.operations.factors import keep_hours
from readiness.demo.operations.made import DemoObjects
from readiness.demo.operations.people import keep_owned, people
from readiness.demo.operations.practice import keep_practice
from readiness.demo.operations.runs import Portion, keep_runs
from readiness.demo.operations.workloads import keep_confirmed
from readiness.demo.progress import fleets_with_records_due
from readiness.organisation.people.models import Person
from telemetry.models import SourceProvenance
from web.actor import acting

FIRST_DAYS = 560
"""A day before any site of the plan had capacity."""
ACTOR = "demo"


def write_records(
    plan: FleetPlan,
    sites: Mapping[str, Site],
    staff: Mapping[str, User],
    objects: DemoObjects,
    *,
    now: datetime,
) -> None:
    record_book = book("records")
    _write_floors(plan, record_book, objects, by=staff.get("planner"), now=now)
    _write_limits(plan, sites, record_book, by=staff.get("planner"), now=now)
    if {"planner", "manager"} <= set(staff):
        for row in record_book["grants"]:
            if row["site"] in sites:
                _write_grant(
                    sites[row["site"]], row, planner=staff["planner"], manager=staff["manager"], now=now
                )


def write_values(
    plan: FleetPlan,
    sites: Mapping[str, Site],
    *,
    daily: Collection[int],
    portion: Portion,
    staff: Mapping[str, User],
    now: datetime,
) -> None:
    """Write a portion of the records of each check up to `now`, the time of loading.

    `daily` holds the ages in days at which the nightly jobs wrote.
    """
    pairs = []
    for site in plan.sites:
        if site.name not in sites:
            continue
        planned = records(site, book("records"), first=FIRST_DAYS, last=0, daily=daily)
        newest = {(record.check, record.part): record for record in planned}
        pairs += [
            (sites[site.name], record)
            for record in planned
            if portion.has(newest=newest[record.check, record.part] is record)
        ]
    keep(pairs, loaded_at=now, staff=staff, now=now)


@transaction.atomic
def keep_current(*, now: datetime) -> int:
    """Enter the records due since the last call, including today's nightly jobs.

    Returns their number; 0 without a demo or shortly after the last call.
    """
    fleet = fleets_with_records_due(now).select_for_update().first()
    if fleet is None:
        return 0
    last_at = fleet.recorded_at or fleet.loaded_at
    sites = {site.name: site for site in Site.objects.filter(pk__in=fleet.made[Site._meta.label])}
    staff = people(fleet.made)
    ops = staff.get("ops")
    planned = []
    plan = fleet_plan(scale=fleet.scale, names=fleet.site_names)
    for site in plan.sites:
        if site.name not in sites:
            continue
        begin = day_of(sites[site.name], fleet.loaded_at)
        last_age = (begin - day_of(sites[site.name], last_at)).days
        today = (begin - day_of(sites[site.name], now)).days
        due = records(site, book("records"), first=last_age, last=today, daily=range(today, last_age + 1))
        # For the last handled day, only nightly jobs enter records again.
        planned += [
            (sites[site.name], record) for record in due if record.days_ago < last_age or record.is_daily
        ]
    fleet.recorded_at = now
    fleet.save(update_fields=["recorded_at"])
    with acting(ACTOR, message="Keep the demo's records"):
        classes = fleet.made.get(WorkloadClass._meta.label, [])
        keep_confirmed(classes, loaded_at=fleet.loaded_at, now=now)
        owned = keep_owned([site.pk for site in sites.values()], now=now)
        keep_hours(sites.values(), by=staff.get("planner"), now=now)
        person_ids = fleet.made.get(Person._meta.label, [])
        practised = keep_practice(sites, person_ids, loaded_at=fleet.loaded_at, last_at=last_at, now=now)
        tested = keep_runs(plan, sites, by=ops, loaded_at=fleet.loaded_at, last_at=last_at, now=now)
        return keep(planned, loaded_at=fleet.loaded_at, staff=staff, now=now) + owned + practised + tested


def keep(
    planned: Iterable[tuple[Site, PlannedRecord]],
    *,
    loaded_at: datetime,
    staff: Mapping[str, User],
    now: datetime,
) -> int:
    """Enter records by their days before `loaded_at`; returns their number."""
    by = staff.get("ops")
    facts: list[FactRow] = []
    attested: list[Attestation] = []
    entered = 0
    for site, record in planned:
        common: dict[str, Any] = {
            "site": site,
            **{name: getattr(record, name) for name in ("check", "part", "value")},
            "taken_on": day_of(site, loaded_at) - timedelta(days=record.days_ago),
            "provenance": SourceProvenance.SIMULATED,
        }
        if record.attested_by:
            common |= {"statement": record.note or f"{record.source}: in order.", "document": record.source}
            attester = staff.get(record.attester)
            attestation = attest(**common, attested_by=record.attested_by, attester=attester, by=by, now=now)
            if not record.waits:
                attested.append(attestation)
            entered += 1
        else:
            facts.append(FactRow(**common, source=record.source, note=record.note))
    record_facts(facts, by=by, now=now)
    _confirm(attested, second=staff.get("planner"))
    return entered + len(facts)


def _confirm(attestations: Collection[Attestation], *, second: User | None) -> None:
    """Have each confirmed as of when it was taken, because the past is scored by it: by the account that attests, else
    by a second person."""
    for attestation in attestations:
        attestation.confirmed_by = attestation.attester or (second if attestation.by else None)
        attestation.confirmed_at = attestation.taken_at if attestation.confirmed_by else None
    Attestation.objects.bulk_update(attestations, ["confirmed_by", "confirmed_at"], batch_size=2000)


def day_of(site: Site, at: datetime) -> date:
    return at.astimezone(ZoneInfo(site.time_zone)).date()


def _write_floors(
    plan: FleetPlan, record_book: Mapping[str, Any], objects: DemoObjects, *, by: User | None, now: datetime
) -> None:
    """Write floors for the node types of the plan's sites, unless the installation already has such a floor."""
    node_types = {site.node_type.key for site in plan.sites}
    makers = {key: row["manufacturer"] for key, row in plan.hardware["nodes"].items()}
    for row in record_book["floors"]:
        for node, value in row["at"].items():
            what = {key: row[key] for key in ("tool", "measure", "operation", "size_bytes")}
            what["platform"] = f"{makers[node]}-{node}"
            if node in node_types and not Floor.objects.filter(**what).exists():
                floor = set_floor(
                    **what, value=value, unit=row["unit"], source=record_book["floor_source"], by=by, now=now
                )
                objects.note([floor])


def _write_limits(
    plan: FleetPlan,
    sites: Mapping[str, Site],
    record_book: Mapping[str, Any],
    *,
    by: User | None,
    now: datetime,
) -> None:
    declaration: dict[str, Any] = {
        "declared_on": now.date() - timedelta(days=FIRST_DAYS),
        "source": record_book["limit_source"],
        "by": by,
        "now": now,
    }
    for site in plan.sites:
        for limit_id, value in limits(site, record_book).items():
            declare_limit(site=sites[site.name], limit=limit_id, value=value, **declaration)
    ours = {row["slug"] for row in plan.fleet["workload_classes"]}
    for workload in WorkloadClass.objects.filter(slug__in=ours).order_by("slug"):
        for limit_id, value in record_book["class_limits"].get(workload.slug.partition("-")[0], {}).items():
            declare_limit(workload_class=workload, limit=limit_id, value=value, **declaration)


def _write_grant(site: Site, row: Mapping[str, Any], *, planner: User, manager: User, now: datetime) -> None:
    """Write a grant with the days of its request, decision and revocation."""

    def ago(key: str) -> datetime:
        return now - timedelta(days=row[key])

    grant = ask_for_grant(
        site=site,
        kind=row["kind"],
        check_id=row["check"],
        reason=row["reason"],
        ends_at=ago("ended") if "ended" in row else now + timedelta(days=row.get("ends_in", 60)),
        by=planner,
        now=ago("asked"),
    )
    if "approved" in row:
        waivers.approve(grant, by=manager, now=ago("approved"))
    for key, step in (("denied", waivers.deny), ("revoked", waivers.revoke)):
        if key in row:
            step(grant, note=row.get("note", ""), by=manager, now=ago(key))
