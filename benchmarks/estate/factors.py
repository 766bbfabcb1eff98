"""Sites with factors and scores, and one workload that a fifth of them may hold: all a placement reads.

Figures are drawn, and rows are written past the operations: what reading them takes is measured, not writing them.
"""

import random
from datetime import datetime

from benchmarks.estate.plan import COUNTRIES
from inventory.models import Device, DeviceType, Manufacturer, Region, Site
from readiness.assessment.framework import queries as framework
from readiness.assessment.scoring.models import SiteScore
from readiness.demand.workloads import operations
from readiness.demand.workloads.models import UserRegion, WorkloadClass
from readiness.demo.building import SiteRows, write
from readiness.tradeoffs.models import LatencyFactor, SiteFactor

FACTORS = (
    ("electricity_price", "EUR", 0.04, 0.25),
    ("pue", "", 1.08, 1.8),
    ("carbon_average", "", 15, 700),
    ("accelerator_hour_cost", "EUR", 1.2, 4.0),
    ("accelerators_free", "", 0, 400),
    ("power_headroom_kw", "", 0, 900),
    ("network_free_gbps", "", 5, 400),
)
USER_REGIONS = (("emea", 50.1, 8.7), ("amer", 39.0, -77.5), ("apac", 35.7, 139.7))
SLUG = "estate-chat"
CRITICAL = 30


def write_fleet(*, count: int, now: datetime) -> WorkloadClass:
    drawn = random.Random(3)
    region = Region(name="Estate", slug="estate")
    accelerator, node = _types()
    fleet = [_site(number, region, node, accelerator, drawn) for number in range(count)]
    regions = [
        UserRegion(slug=slug, name=slug.upper(), latitude=latitude, longitude=longitude)
        for slug, latitude, longitude in USER_REGIONS
    ]
    factors = [
        SiteFactor(
            site=each.site, kind=kind, currency=currency, value=drawn.uniform(low, high), **_sourced(now)
        )
        for each in fleet
        for kind, currency, low, high in FACTORS
        # Of one site in forty nobody entered this one.
        if drawn.random() > 0.025
    ]
    latencies = [
        LatencyFactor(
            site=each.site, user_region=region, percentile=99, value_ms=drawn.uniform(5, 220), **_sourced(now)
        )
        for each in fleet
        for region in regions
    ]
    version = framework.current()[0]
    scores = [
        SiteScore(
            site=each.site, verdict=drawn.choice(["ready", "conditional", "not-ready"]), score=drawn.uniform(0.4, 1),
            verdict_since=now, evaluated_at=now, framework_version=version,
        )
        for each in fleet
    ]  # fmt: skip
    write(*fleet, factors, latencies, scores)
    return operations.declare(
        name="Estate chat", slug=SLUG, kind="interactive", accelerators=[(accelerator, 16)], it_kw=20.0,
        bandwidth_gbps=10.0, users=[(region, 5.0) for region in regions[:2]], latency_limit_ms=150.0,
        cost_ceiling=4.0, cost_currency="EUR", cost_unit="accelerator-hour", carbon_kg_per_month=12_000.0,
        allowed_jurisdictions=["WORLD"], min_verdict="conditional", by=None, now=now,
    )  # fmt: skip


def write_critical(*, now: datetime) -> None:
    """Critical classes, each with an envelope of its own and at up to three sites of `write_fleet`."""
    regions = list(UserRegion.objects.order_by("pk"))
    sites = list(Site.objects.order_by("pk"))
    accelerator = DeviceType.objects.get(kind="accelerator")
    for number in range(CRITICAL):
        few = number % 3
        workload = operations.declare(
            name=f"Critical {number:02}", slug=f"critical-{number:02}", kind="interactive", criticality="critical",
            accelerators=[(accelerator, 4 + number)], it_kw=5.0 + number, bandwidth_gbps=2.0 + number / 3,
            users=[(region, 5.0) for region in regions[: 1 + few]], latency_limit_ms=120.0 + 3 * number,
            cost_ceiling=3.8, cost_currency="EUR", cost_unit="accelerator-hour", carbon_kg_per_month=12_000.0,
            allowed_jurisdictions=["WORLD"], min_verdict="conditional", by=None, now=now,
        )  # fmt: skip
        for place in range(1 + few):
            site = sites[(7 * number + 100 * place) % len(sites)]
            operations.place(workload, site=site, on=now.date(), by=None, now=now)


def _site(
    number: int, region: Region, node: DeviceType, accelerator: DeviceType, drawn: random.Random
) -> SiteRows:
    slug = f"e{number:04}"
    built = SiteRows(
        Site(
            name=slug.upper(), slug=slug, region=region, stage=Site.Stage.PRODUCTION,
            country=COUNTRIES[number % len(COUNTRIES)], latitude=round(drawn.uniform(-60, 65), 4),
            longitude=round(drawn.uniform(-180, 180), 4),
        )
    )  # fmt: skip
    built.device(f"{slug}-n1", Device.Role.NODE, node)
    built.accelerators(f"{slug}-n1", accelerator, [""] * 8)
    return built


def _types() -> list[DeviceType]:
    maker = Manufacturer(name="Estate maker", slug="estate-maker")
    return [
        DeviceType(manufacturer=maker, model=kind, slug=f"estate-{kind}", domain="compute", kind=kind)
        for kind in ("accelerator", "node")
    ]


def _sourced(now: datetime) -> dict[str, object]:
    return {
        "source": "drawn",
        "basis": "declared",
        "provenance": "simulated",
        "as_of_on": now.date().replace(day=1),
    }
