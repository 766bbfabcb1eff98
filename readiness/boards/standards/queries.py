"""Conformance now and over time, concentration by layer, and what a version would change at each site."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum

from inventory.models import Accelerator, Device, Link, Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.checks.standards import interface_reading, multivendor_readings
from readiness.assessment.scoring.core.judge import Reading, judge_without_gate
from readiness.assessment.scoring.queries.standing import deployed_kw
from readiness.assessment.standards.core.conformance import SiteStandards
from readiness.assessment.standards.core.shares import shares_of
from readiness.assessment.standards.models import Conformance, FlexibleArea, StandardVersion
from readiness.assessment.standards.models.flexible import DependenceLayer
from readiness.assessment.standards.preview import SitePreview, preview
from readiness.boards.standards.core import ConformanceChange, LayerArea, LayerStanding, drift, percent
from readiness.tradeoffs.flexibility.core import Concentration, concentration
from web.units import how_many

BACK = timedelta(days=90)
IN_SERVICE = (Site.Stage.COMMISSIONING, Site.Stage.PRODUCTION)
DOMAINS_OF_LAYER: Mapping[str, tuple[str, ...]] = {
    DependenceLayer.ACCELERATORS: ("compute",),
    DependenceLayer.NETWORK: ("network",),
    DependenceLayer.CARRIER: ("network",),
    DependenceLayer.POWER: ("energy",),
    DependenceLayer.FUEL: ("energy",),
    DependenceLayer.REGION: ("compute", "network", "energy", "governance"),
}
"""The domains whose standards make a layer one way."""
_NETWORK = (Device.Role.SWITCH, Device.Role.ROUTER, Device.Role.GATEWAY)
_POWER = (Device.Role.PDU, Device.Role.UPS, Device.Role.METER)


def conformances() -> QuerySet[Conformance]:
    """Give the periods that hold now."""
    rows = Conformance.objects.filter(until_at=None)
    return rows.select_related("site", "standard", "version__standard")


@dataclass(frozen=True, slots=True)
class ConformanceTotals:
    objects: int
    conforming: int
    waived: int
    sites: int
    standards: int

    @property
    def deviating(self) -> int:
        return self.objects - self.conforming - self.waived

    @property
    def percent(self) -> float | None:
        return percent(self.conforming, self.objects - self.waived)


_TOTALS = """
SELECT coalesce(sum(objects_total), 0), coalesce(sum(conforming), 0), coalesce(sum(waived), 0),
    count(DISTINCT site_id), count(DISTINCT standard_id)
FROM standards_conformance WHERE until_at IS NULL
"""
# A period adds its objects when it begins and takes them away when it ends.
_CHANGES = """
SELECT on_date, sum(conforming)::int, sum(counted)::int FROM (
    SELECT (since_at AT TIME ZONE 'UTC')::date AS on_date, conforming, objects_total - waived AS counted
    FROM standards_conformance WHERE since_at >= %(start)s AND domain = ANY(%(domains)s)
    UNION ALL
    SELECT (until_at AT TIME ZONE 'UTC')::date, -conforming, waived - objects_total
    FROM standards_conformance WHERE until_at >= %(start)s AND domain = ANY(%(domains)s)
) AS change GROUP BY on_date ORDER BY on_date
"""


def totals() -> ConformanceTotals:
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS)
        return ConformanceTotals(*cursor.fetchone())


def _numbers_at(at: datetime, domains: Iterable[str]) -> dict[str, tuple[int, int]]:
    """How many objects conformed, and counted without a waiver, at an instant, by domain."""
    rows = Conformance.objects.filter(Q(until_at=None) | Q(until_at__gt=at), since_at__lte=at)
    sums = (
        rows.filter(domain__in=list(domains))
        .order_by()
        .values_list("domain")
        .annotate(total=Sum("conforming"), counted=Sum(F("objects_total") - F("waived")))
    )
    return {domain: (conforming, counted) for domain, conforming, counted in sums}


ALL_DOMAINS = DOMAINS_OF_LAYER[DependenceLayer.REGION]


@dataclass(frozen=True, slots=True)
class Drift:
    days: Sequence[date]
    percents: Sequence[float | None]


def drift_of(domains: Sequence[str], *, now: datetime) -> Drift:
    """The percent of objects that conformed at the end of each of the last 90 days."""
    today = now.astimezone(UTC).date()
    first_day = today - BACK
    start = datetime.combine(first_day, time(), UTC)
    numbers = _numbers_at(start - timedelta(microseconds=1), domains).values()
    counts_before = (sum(each[0] for each in numbers), sum(each[1] for each in numbers))
    with connection.cursor() as cursor:
        cursor.execute(_CHANGES, {"start": start, "domains": list(domains)})
        changes = [ConformanceChange(*row) for row in cursor.fetchall()]
    days = [first_day + timedelta(days=number) for number in range(BACK.days + 1)]
    return Drift(days, drift(counts_before, changes, days))


def layers(*, now: datetime) -> list[LayerStanding]:
    present, past = _numbers_at(now, ALL_DOMAINS), _numbers_at(now - BACK, ALL_DOMAINS)
    areas = _areas()
    counts = _suppliers(now)
    standings = []
    for layer in DependenceLayer:
        domains = DOMAINS_OF_LAYER[layer]
        conforming, counted = _summed(present, domains)
        of_layer = areas.get(layer, [])
        standings.append(
            LayerStanding(
                id=layer.value,
                label=str(layer.label),
                conforming=conforming,
                counted=counted,
                before=percent(*_summed(past, domains)),
                concentration=counts.get(layer) or _declared([shares for _, shares in of_layer]),
                areas=[area for area, _ in of_layer],
            )
        )
    return standings


def _summed(numbers: Mapping[str, tuple[int, int]], domains: Iterable[str]) -> tuple[int, int]:
    several = [numbers[domain] for domain in domains if domain in numbers]
    return sum(each[0] for each in several), sum(each[1] for each in several)


def _declared(shares: Iterable[str]) -> Concentration:
    """Use the shares that people entered, where the inventory does not tell."""
    return concentration(next((read for text in shares if (read := shares_of(text))), {}))


def _suppliers(now: datetime) -> dict[str, Concentration]:
    """Count, for each layer where there is anything, accelerators, devices and links in service, IT power by region."""
    accelerators = Accelerator.objects.exclude(status=Accelerator.Status.RETIRED).filter(
        site__stage__in=IN_SERVICE
    )
    not_in_service = (Device.Status.PLANNED, Device.Status.RETIRED)
    devices = Device.objects.exclude(status__in=not_in_service).filter(site__stage__in=IN_SERVICE)
    maker = "device_type__manufacturer__name"
    links = Link.objects.filter(kind=Link.Kind.WAN).exclude(provider="")
    counts = {
        DependenceLayer.ACCELERATORS: _count(accelerators.exclude(device__status__in=not_in_service), maker),
        DependenceLayer.NETWORK: _count(devices.filter(role__in=_NETWORK), maker),
        DependenceLayer.CARRIER: _count(links, "provider"),
        DependenceLayer.POWER: _count(devices.filter(role__in=_POWER), maker),
        DependenceLayer.REGION: _kw_by_region(now),
    }
    return {layer: concentration(of_layer) for layer, of_layer in counts.items() if of_layer}


def _count(rows: QuerySet, path: str) -> dict[str, int]:
    counted = rows.order_by().values_list(path).annotate(number=Sum(1))
    return dict(counted)


def _kw_by_region(now: datetime) -> dict[str, int]:
    kw_by_site = deployed_kw(now=now)
    sites = Site.objects.filter(stage__in=IN_SERVICE).order_by()
    by_region: Counter[str] = Counter()
    for site_id, region in sites.values_list("pk", "region__name"):
        by_region[region] += round(kw_by_site.get(site_id, 0.0))
    return +by_region


def _areas() -> dict[str, list[tuple[LayerArea, str]]]:
    by_layer: dict[str, list[tuple[LayerArea, str]]] = defaultdict(list)
    for area in FlexibleArea.objects.prefetch_related("alternatives").order_by("name", "pk"):
        proven_on = [each.proven_on for each in area.alternatives.all()]
        by_layer[area.layer].append(
            (LayerArea(area.pk, area.name, leaving_words(area), proven_on), area.shares)
        )
    return by_layer


def leaving_words(area: FlexibleArea) -> str:
    """`1,200,000 EUR, 90 days`; "" if neither is on record."""
    cost = "" if area.leaving_cost is None else f"{area.leaving_cost:,.0f} {area.currency}"
    days = "" if area.leaving_days is None else how_many(area.leaving_days, "day", "days")
    return ", ".join(filter(None, (cost, days)))


def version_in_force(standard_id: int) -> StandardVersion | None:
    in_force = StandardVersion.objects.filter(status=StandardVersion.Status.PUBLISHED, standard=standard_id)
    return in_force.first()


@dataclass(frozen=True, slots=True)
class PreviewedPart:
    """A sub-measure of a check before and after; a value or state of None means that the standards say nothing."""

    check_id: str
    part: str
    before: float | None
    after: float | None
    was: str | None
    becomes: str | None

    @property
    def moves(self) -> bool:
        return self.was != self.becomes


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A site that a version would change."""

    site: Site
    change: SitePreview
    parts: Sequence[PreviewedPart]

    @property
    def moving_checks(self) -> list[PreviewedPart]:
        return [part for part in self.parts if part.moves]


def preview_rows(version: StandardVersion, *, now: datetime) -> list[PreviewRow]:
    """The sites where something changes; those where most new deviations come first."""
    _, framework = framework_queries.current()
    changes = [each for each in preview(version, now=now) if not each.is_same]
    sites = Site.objects.in_bulk([each.site_id for each in changes])
    rows = [
        PreviewRow(sites[each.site_id], each, previewed_parts(each, framework, now))
        for each in changes
        if each.site_id in sites
    ]
    return sorted(rows, key=lambda row: (-len(row.change.gained), row.site.name))


def previewed_parts(change: SitePreview, framework: Framework, now: datetime) -> list[PreviewedPart]:
    was, becomes = (_readings(side, now) for side in (change.before, change.after))
    parts = []
    for key in sorted({*was, *becomes}):
        part = framework.parts_by_key.get(key)
        if part is None:
            continue
        sides = [readings.get(key) for readings in (was, becomes)]
        states = [None if side is None else judge_without_gate(part, side, now).state.value for side in sides]
        before, after = (None if side is None else side.value for side in sides)
        parts.append(PreviewedPart(key[0], part.name, before, after, *states))
    return parts


def _readings(site: SiteStandards, now: datetime) -> dict[tuple[str, str], Reading]:
    interfaces = interface_reading(site, now)
    readings = {} if interfaces is None else {("p4-standard-interfaces", "devices-conforming"): interfaces}
    of_several = multivendor_readings(site, now)
    return readings | {("p4-multivendor-standard", part): reading for part, reading in of_several.items()}
