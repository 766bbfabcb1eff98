"""Conformance of sites to the standards in force, read in a number of statements that does not grow with sites; and
stored: periods that differ from the present ones, with their deviations."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from inventory.core import regions_outwards
from inventory.models import Region, Site
from inventory.queries import end_of_day
from readiness.assessment.evidence.queries import newest_records
from readiness.assessment.standards.core.conformance import (
    DeviationGrant,
    DomainConformance,
    Member,
    ObjectDeviation,
    ObjectGroup,
    ScopedStandard,
    SiteObjectsRead,
    SitePlace,
    SiteStandards,
    StandardConformance,
    StandardInForce,
    StandardKind,
    conformance,
    next_change,
)
from readiness.assessment.standards.core.rules import METRIC, RECORD, RuleSubject, read_rules
from readiness.assessment.standards.models import Conformance, Deviation, DeviationWaiver, StandardVersion

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


def scoped(version: StandardVersion) -> ScopedStandard:
    """Describe a version with where it applies; `version.standard` is read before. Raises DocumentError for rules that
    cannot be read."""
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
    regions_around = {
        region_id: frozenset(regions_outwards(region_id, parents)) for _, region_id, _, _ in columns
    }
    return [
        SitePlace(pk, regions_around[region_id], frozenset(profiles), zone)
        for pk, region_id, profiles, zone in columns
    ]


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
    standards_by_place = {
        place: [each for each in standards if each.applies(place)] for place in places_of(site_ids)
    }
    ids = [place.id for place, several in standards_by_place.items() if several]
    objects = _ObjectReader(ids, standards, now).read() if ids else {}
    waivers = waivers_of(ids, now=now) if ids else {}
    return {
        place.id: _site_standards(place, several, objects[place.id], waivers.get(place.id, {}), now)
        for place, several in standards_by_place.items()
        if several
    }


def _site_standards(
    place: SitePlace,
    standards: Sequence[ScopedStandard],
    objects: SiteObjectsRead,
    waivers: Mapping[int, Sequence[DeviationGrant]],
    now: datetime,
) -> SiteStandards:
    dated_standards = [_dated(each, place.time_zone) for each in standards]
    each_conformance = tuple(
        conformance(standard, objects, waivers.get(standard.standard_id, ()), now)
        for standard in dated_standards
    )
    grants = [waiver for several in waivers.values() for waiver in several]
    return SiteStandards(each_conformance, next_change(grants, dated_standards, now))


def _dated(scoped_standard: ScopedStandard, zone: str) -> StandardInForce:
    day = scoped_standard.review_on
    return replace(scoped_standard.standard, review_due_at=end_of_day(day, zone) if day is not None else None)


def waivers_of(site_ids: Collection[int], *, now: datetime) -> dict[int, dict[int, list[DeviationGrant]]]:
    """Waivers that hold now or will, by site and standard: approved by now, and not revoked by now."""
    is_granted = Q(revoked_at=None, state=DeviationWaiver.State.APPROVED) | Q(
        revoked_at__gt=now, approver__isnull=False
    )
    rows = DeviationWaiver.objects.filter(
        is_granted, site_id__in=site_ids, decided_at__lte=now, ends_at__gt=now
    )
    by_site: dict[int, dict[int, list[DeviationGrant]]] = defaultdict(lambda: defaultdict(list))
    columns = ("pk", "rule", "device_id", "starts_at", "ends_at")
    for site_id, standard_id, *grant_values in rows.order_by("ends_at", "pk").values_list(
        "site_id", "standard_id", *columns
    ):
        by_site[site_id][standard_id].append(DeviationGrant(*grant_values))
    return by_site


type Place = tuple[int, int, str]
"""Site, standard and domain."""
_COLUMNS = ("pk", "version_id", "objects_total", "conforming", "waived", "digest", "since_at")
LONGEST = 200


def store(by_site: Mapping[int, SiteStandards], *, now: datetime) -> None:
    """Store the conformance of every evaluated site; one to which no standard applies has none. One statement
    if nothing changed."""
    present = {
        (site_id, standard_id, domain): columns
        for site_id, standard_id, domain, *columns in Conformance.objects.filter(
            site_id__in=by_site, until_at=None
        ).values_list("site_id", "standard_id", "domain", *_COLUMNS)
    }
    conformance = dict(_conformance_by_place(by_site))
    values = {place: _columns(*each) for place, each in conformance.items()}
    changed_places = {place for place in present if values.get(place) != tuple(present[place][1:-1])}
    _end_periods((present[place] for place in changed_places), now)
    new_places = sorted(place for place in conformance if place in changed_places or place not in present)
    Conformance.objects.bulk_create(
        [_conformance(place, values[place], now) for place in new_places], batch_size=1000
    )
    moved_pairs = {place[:2] for place in (*changed_places, *new_places)}
    _replace_deviations(moved_pairs, {place[:2]: conformance[place][0] for place in conformance}, now)


def _conformance_by_place(
    by_site: Mapping[int, SiteStandards],
) -> Iterator[tuple[Place, tuple[StandardConformance, DomainConformance]]]:
    for site_id, site in by_site.items():
        for each in site.standards:
            for domain in each.domains:
                yield (site_id, each.standard.standard_id, domain.domain), (each, domain)


def _columns(standard: StandardConformance, domain: DomainConformance) -> tuple[Any, ...]:
    deviations = [each for each in standard.deviations if each.domain == domain.domain]
    digest = hashlib.md5(repr(deviations).encode(), usedforsecurity=False).hexdigest()
    return standard.standard.version_id, domain.objects, domain.conforming, domain.waived, digest


def _conformance(place: Place, values: tuple[Any, ...], now: datetime) -> Conformance:
    site_id, standard_id, domain = place
    version_id, objects, conforming, waived, digest = values
    return Conformance(
        site_id=site_id,
        standard_id=standard_id,
        domain=domain,
        version_id=version_id,
        objects_total=objects,
        conforming=conforming,
        waived=waived,
        deviating=objects - conforming - waived,
        digest=digest,
        since_at=now,
    )


def _end_periods(rows: Iterable[list[Any]], now: datetime) -> None:
    """End periods; one that began at this very instant never held, and is deleted."""
    ended_ids: list[int] = []
    never_ids: list[int] = []
    for pk, *_, since_at in rows:
        (ended_ids if since_at < now else never_ids).append(pk)
    if ended_ids:
        Conformance.objects.filter(pk__in=ended_ids).update(until_at=now)
    if never_ids:
        Conformance.objects.filter(pk__in=never_ids).delete()


def _replace_deviations(
    pairs: set[tuple[int, int]], conformance: Mapping[tuple[int, int], StandardConformance], now: datetime
) -> None:
    """Write the deviations of sites and standards anew. One of the same object and rule keeps its `since_at`."""
    if not pairs:
        return
    stored: dict[tuple[int, int], dict[tuple[str, str, int], datetime]] = defaultdict(dict)
    rows = Deviation.objects.filter(
        site_id__in={site_id for site_id, _ in pairs},
        standard_id__in={standard_id for _, standard_id in pairs},
    )
    stale_ids = []
    for pk, site_id, standard_id, rule, device_id, accelerator_id, since_at in rows.values_list(
        "pk", "site_id", "standard_id", "rule", "device_id", "accelerator_id", "since_at"
    ):
        if (site_id, standard_id) in pairs:
            stored[site_id, standard_id][rule, *_subject(device_id, accelerator_id)] = since_at
            stale_ids.append(pk)
    Deviation.objects.filter(pk__in=stale_ids).delete()
    Deviation.objects.bulk_create(
        [
            _deviation(key, each, stored[key].get(each[:3], now))
            for key in sorted(pairs & conformance.keys())
            for each in conformance[key].deviations
        ],
        batch_size=2000,
    )


def _subject(device_id: int | None, accelerator_id: int | None) -> tuple[str, int]:
    if accelerator_id is not None:
        return RuleSubject.ACCELERATOR.value, accelerator_id
    return (RuleSubject.SITE.value, 0) if device_id is None else (RuleSubject.DEVICE.value, device_id)


def _deviation(key: tuple[int, int], each: ObjectDeviation, since_at: datetime) -> Deviation:
    return Deviation(
        site_id=key[0],
        standard_id=key[1],
        rule=each.rule,
        device_id=each.object_id if each.subject == RuleSubject.DEVICE else None,
        accelerator_id=each.object_id if each.subject == RuleSubject.ACCELERATOR else None,
        domain=each.domain,
        has=each.has[:LONGEST],
        wants=each.wants[:300],
        waiver_id=each.waiver_id,
        since_at=since_at,
    )
