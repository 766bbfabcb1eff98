"""Standards in force, and the conformance of sites to them, in a number of statements that does not grow with sites."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Q

from inventory.models import Region, Site
from inventory.queries import end_of_day
from readiness.assessment.evidence.queries import newest_records
from readiness.assessment.standards.core.alternatives import RecordedAlternative
from readiness.assessment.standards.core.conformance import (
    NO_STANDARDS,
    DeviationGrant,
    Member,
    ObjectDeviation,
    ObjectGroup,
    SiteObjectsRead,
    SiteStandards,
    StandardConformance,
    StandardInForce,
    StandardKind,
    conformance,
    next_change,
)
from readiness.assessment.standards.core.rules import METRIC, RECORD, RuleSubject, read_rules
from readiness.assessment.standards.models import Alternative, DeviationWaiver, StandardVersion

_DEVICES = """
SELECT device.site_id, type.domain, device.role, type.slug, type.model, maker.name, type.attributes::text,
    device.firmware_version, device.software_version, device.management_address IS NOT NULL,
    array_agg(device.id ORDER BY device.id)
FROM inventory_device device
JOIN inventory_devicetype type ON type.id = device.device_type_id
JOIN inventory_manufacturer maker ON maker.id = type.manufacturer_id
WHERE device.site_id = ANY(%s) AND device.status NOT IN ('planned', 'retired')
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 ORDER BY 1, 2, 3, 4, 8, 9
"""
_ACCELERATORS = """
SELECT accelerator.site_id, type.slug, type.model, maker.name, type.attributes::text, accelerator.firmware_version,
    array_agg(accelerator.id ORDER BY accelerator.id), array_agg(accelerator.device_id ORDER BY accelerator.id)
FROM inventory_accelerator accelerator
JOIN inventory_devicetype type ON type.id = accelerator.device_type_id
JOIN inventory_manufacturer maker ON maker.id = type.manufacturer_id
JOIN inventory_device device ON device.id = accelerator.device_id
WHERE accelerator.site_id = ANY(%s) AND accelerator.status <> 'retired'
    AND device.status NOT IN ('planned', 'retired')
GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 6
"""
_SENDERS = """
SELECT site_id, metric, array_agg(DISTINCT device_id) FILTER (WHERE device_id IS NOT NULL),
    array_agg(DISTINCT accelerator_id) FILTER (WHERE accelerator_id IS NOT NULL)
FROM telemetry_series WHERE site_id = ANY(%s) AND metric = ANY(%s) AND ended_at IS NULL
GROUP BY site_id, metric
"""


@dataclass(frozen=True, slots=True)
class ScopedStandard:
    """A version with where it applies, and the day until which its standard is current."""

    standard: StandardInForce
    region_id: int | None
    profile: str
    review_on: date | None

    def applies(self, site: "SitePlace") -> bool:
        is_there = self.region_id is None or self.region_id in site.regions
        return is_there and self.profile in ("", *site.profiles)


@dataclass(frozen=True, slots=True)
class SitePlace:
    """`regions` are the site's region and those around it."""

    id: int
    regions: frozenset[int]
    profiles: frozenset[str]
    time_zone: str


def scoped(version: StandardVersion) -> ScopedStandard:
    """Its standard must have been read along. Raises DocumentError for rules that cannot be read."""
    standard = version.standard
    return ScopedStandard(
        StandardInForce(
            standard_id=standard.pk,
            version_id=version.pk,
            slug=standard.slug,
            name=standard.name,
            version=version.version,
            kind=StandardKind(standard.kind),
            topics=frozenset(standard.topics),
            is_owned=standard.owner_id is not None,
            review_due_at=None,
            rules=read_rules(version.rules),
        ),
        version.region_id,
        version.profile,
        standard.review_on,
    )


def standards_in_force(*, now: datetime) -> list[ScopedStandard]:
    versions = StandardVersion.objects.published_at_instant(now).select_related("standard")
    return [scoped(version) for version in versions.order_by("standard__slug", "pk")]


@dataclass
class _ObjectReader:
    """Reads what rules ask of some sites: each kind once, and only if a rule asks for it."""

    site_ids: Sequence[int]
    standards: Sequence[ScopedStandard]
    now: datetime
    groups: dict[int, list[ObjectGroup]] = field(default_factory=lambda: defaultdict(list))

    def read(self) -> dict[int, SiteObjectsRead]:
        rules = [rule for each in self.standards for rule in each.standard.rules]
        subjects = {rule.subject for rule in rules}
        if RuleSubject.DEVICE in subjects:
            self._read_devices()
        if RuleSubject.ACCELERATOR in subjects:
            self._read_accelerators()
        metrics = {metric for rule in rules if rule.reads == METRIC for metric in rule.values}
        senders = self._senders(sorted(metrics)) if metrics else {}
        parts = {rule.reads.removeprefix(RECORD) for rule in rules if rule.is_of_site}
        records = self._records(parts) if parts else {}
        return {
            site_id: SiteObjectsRead(
                self.groups.get(site_id, ()), senders.get(site_id, {}), records.get(site_id, {})
            )
            for site_id in self.site_ids
        }

    def _read_devices(self) -> None:
        for row in _fetched(_DEVICES, [list(self.site_ids)]):
            site_id, domain, role, slug, model, vendor, attributes, firmware, software, has_address, ids = row
            values = _attributes(attributes) | {"model": model, "vendor": vendor, "firmware": firmware}
            values |= {"software": software, "address": "recorded" if has_address else ""}
            members = [Member(device_id, device_id) for device_id in ids]
            self.groups[site_id].append(ObjectGroup(RuleSubject.DEVICE, domain, role, slug, values, members))

    def _read_accelerators(self) -> None:
        for site_id, slug, model, vendor, attributes, firmware, ids, devices in _fetched(
            _ACCELERATORS, [list(self.site_ids)]
        ):
            values = _attributes(attributes) | {"model": model, "vendor": vendor, "firmware": firmware}
            members = [Member(*pair) for pair in zip(ids, devices, strict=True)]
            self.groups[site_id].append(
                ObjectGroup(RuleSubject.ACCELERATOR, "compute", "accelerator", slug, values, members)
            )

    def _senders(self, metrics: list[str]) -> dict[int, dict[tuple[RuleSubject, str], frozenset[int]]]:
        senders: dict[int, dict[tuple[RuleSubject, str], frozenset[int]]] = defaultdict(dict)
        for site_id, metric, devices, accelerators in _fetched(_SENDERS, [list(self.site_ids), metrics]):
            senders[site_id][RuleSubject.DEVICE, metric] = frozenset(devices or ())
            senders[site_id][RuleSubject.ACCELERATOR, metric] = frozenset(accelerators or ())
        return senders

    def _records(self, parts: Collection[str]) -> dict[int, dict[str, str]]:
        records: dict[int, dict[str, str]] = defaultdict(dict)
        for part in sorted(parts):
            check_id, _, part_id = part.partition("/")
            for site_id, newest in newest_records([(check_id, part_id)], now=self.now).items():
                records[site_id][part] = f"{newest[part_id].value:.15g}"
        return records


def _fetched(statement: str, values: Any) -> list[tuple]:  # type: ignore[type-arg]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _attributes(text: str) -> dict[str, str]:
    # Python reads no whole numbers of thousands of digits.
    return {f"attribute:{key}": str(value) for key, value in json.loads(text, parse_int=str).items()}


def places_of(site_ids: Collection[int] | None) -> list[SitePlace]:
    """The sites of these ids that are not retired; None means all."""
    sites = Site.objects.exclude(stage=Site.Stage.RETIRED)
    if site_ids is not None:
        sites = sites.filter(pk__in=site_ids)
    columns = list(sites.order_by("pk").values_list("pk", "region_id", "profiles", "time_zone"))
    parents = dict(Region.objects.order_by().values_list("pk", "parent_id"))
    around = {region_id: frozenset(_upwards(region_id, parents)) for _, region_id, _, _ in columns}
    return [
        SitePlace(pk, around[region_id], frozenset(profiles), zone)
        for pk, region_id, profiles, zone in columns
    ]


def _upwards(region_id: int | None, parents: Mapping[int, int | None]) -> Iterable[int]:
    while region_id is not None:
        yield region_id
        region_id = parents.get(region_id)


def conformance_of(
    site_ids: Collection[int] | None,
    *,
    now: datetime,
    standards: Sequence[ScopedStandard] | None = None,
) -> dict[int, SiteStandards]:
    """The conformance of sites, of all with None, to these standards, by default those in force. Sites without one that
    applies are left out."""
    if standards is None:
        standards = standards_in_force(now=now)
    if not standards:
        return {}
    applying = {place: [each for each in standards if each.applies(place)] for place in places_of(site_ids)}
    ids = [place.id for place, several in applying.items() if several]
    objects = _ObjectReader(ids, standards, now).read() if ids else {}
    waivers = waivers_of(ids, now=now) if ids else {}
    return {
        place.id: _site_standards(place, several, objects[place.id], waivers.get(place.id, {}), now)
        for place, several in applying.items()
        if several
    }


def _site_standards(
    place: SitePlace,
    standards: Sequence[ScopedStandard],
    objects: SiteObjectsRead,
    waivers: Mapping[int, Sequence[DeviationGrant]],
    now: datetime,
) -> SiteStandards:
    here = [_dated(each, place.time_zone) for each in standards]
    each_conformance = tuple(
        conformance(standard, objects, waivers.get(standard.standard_id, ()), now) for standard in here
    )
    grants = [waiver for several in waivers.values() for waiver in several]
    return SiteStandards(each_conformance, next_change(grants, here, now))


def _dated(scoped_standard: ScopedStandard, zone: str) -> StandardInForce:
    day = scoped_standard.review_on
    return replace(scoped_standard.standard, review_due_at=end_of_day(day, zone) if day is not None else None)


def waivers_of(site_ids: Collection[int], *, now: datetime) -> dict[int, dict[int, list[DeviationGrant]]]:
    """Waivers that hold now or will, by site and standard: approved by now, and not revoked by now."""
    counted = Q(revoked_at=None, state=DeviationWaiver.State.APPROVED) | Q(
        revoked_at__gt=now, approver__isnull=False
    )
    rows = DeviationWaiver.objects.filter(counted, site_id__in=site_ids, decided_at__lte=now, ends_at__gt=now)
    by_site: dict[int, dict[int, list[DeviationGrant]]] = defaultdict(lambda: defaultdict(list))
    columns = ("pk", "rule", "device_id", "starts_at", "ends_at")
    for site_id, standard_id, *columns_of in rows.order_by("ends_at", "pk").values_list(
        "site_id", "standard_id", *columns
    ):
        by_site[site_id][standard_id].append(DeviationGrant(*columns_of))
    return by_site


@dataclass(frozen=True)
class SitePreview:
    """A site under all standards in force, before and after the version; None where the standard does not apply."""

    site_id: int
    before: SiteStandards
    after: SiteStandards
    standard_id: int

    @cached_property
    def was(self) -> StandardConformance | None:
        return _conformance_to(self.before, self.standard_id)

    @cached_property
    def becomes(self) -> StandardConformance | None:
        return _conformance_to(self.after, self.standard_id)

    @cached_property
    def gained(self) -> list[ObjectDeviation]:
        """Deviations that are not there now, waived or not."""
        places = {each[:3] for each in self.was.deviations} if self.was else set()
        return [each for each in self.becomes.deviations if each[:3] not in places] if self.becomes else []

    @cached_property
    def lost(self) -> list[ObjectDeviation]:
        places = {each[:3] for each in self.becomes.deviations} if self.becomes else set()
        return [each for each in self.was.deviations if each[:3] not in places] if self.was else []

    @property
    def is_same(self) -> bool:
        domains = [each and each.domains for each in (self.was, self.becomes)]
        return domains[0] == domains[1] and not self.gained and not self.lost


def _conformance_to(site: SiteStandards, standard_id: int) -> StandardConformance | None:
    return next((each for each in site.standards if each.standard.standard_id == standard_id), None)


def preview(version: StandardVersion, *, now: datetime) -> list[SitePreview]:
    """Compute what publishing the version now does at each site where it or the version in force applies, by the
    arithmetic of evaluations."""
    draft = scoped(version)
    standard_id = draft.standard.standard_id
    in_force = standards_in_force(now=now)
    others = [each for each in in_force if each.standard.standard_id != standard_id]
    before = conformance_of(None, now=now, standards=in_force)
    after = conformance_of(None, now=now, standards=_sorted([*others, draft]))
    previews = [
        SitePreview(site_id, before.get(site_id, NO_STANDARDS), after.get(site_id, NO_STANDARDS), standard_id)
        for site_id in sorted({*before, *after})
    ]
    return [each for each in previews if each.was is not None or each.becomes is not None]


def _sorted(standards: Iterable[ScopedStandard]) -> list[ScopedStandard]:
    return sorted(standards, key=lambda each: (each.standard.slug, each.standard.version_id))


def alternatives_at(critical: Mapping[int, Collection[str]]) -> dict[int, tuple[RecordedAlternative, ...]]:
    """Alternatives on record of the workloads at each site; no statement if there are no workloads."""
    slugs = sorted({slug for of_site in critical.values() for slug in of_site})
    if not slugs:
        return {}
    rows = Alternative.objects.filter(workload_class__slug__in=slugs).order_by("pk")
    columns = ("workload_class__slug", "site_id", "name", "proven_on")
    recorded = [RecordedAlternative(*columns_of) for columns_of in rows.values_list(*columns)]
    return {
        site_id: tuple(each for each in recorded if each.workload in of_site and each.is_at(site_id))
        for site_id, of_site in critical.items()
    }
