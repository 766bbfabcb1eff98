"""Store what an evaluation found of conformance: periods that differ from the present ones, and their deviations."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from readiness.assessment.standards.core.conformance import (
    DomainConformance,
    ObjectDeviation,
    SiteStandards,
    StandardConformance,
)
from readiness.assessment.standards.core.rules import RuleSubject
from readiness.assessment.standards.models import Conformance, Deviation

type Place = tuple[int, int, str]
"""Site, standard and domain."""
_COLUMNS = ("pk", "version_id", "objects_total", "conforming", "waived", "digest", "since_at")
LONGEST = 200


def store(by_site: Mapping[int, SiteStandards], *, now: datetime) -> None:
    """`by_site` names every evaluated site; one to which no standard applies has none. One statement if nothing
    changed."""
    present = {
        (site_id, standard_id, domain): columns
        for site_id, standard_id, domain, *columns in Conformance.objects.filter(
            site_id__in=by_site, until_at=None
        ).values_list("site_id", "standard_id", "domain", *_COLUMNS)
    }
    conformance = dict(_found(by_site))
    values = {place: _columns(*each) for place, each in conformance.items()}
    changed_places = {place for place in present if values.get(place) != tuple(present[place][1:-1])}
    _end((present[place] for place in changed_places), now)
    new_places = sorted(place for place in conformance if place in changed_places or place not in present)
    Conformance.objects.bulk_create(
        [_conformance(place, values[place], now) for place in new_places], batch_size=1000
    )
    moved_pairs = {place[:2] for place in (*changed_places, *new_places)}
    _replace_deviations(moved_pairs, {place[:2]: conformance[place][0] for place in conformance}, now)


def _found(
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


def _end(rows: Iterable[list[Any]], now: datetime) -> None:
    """A period that began at this very instant never held."""
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
    """A deviation keeps since when it is there while its object and rule stay."""
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
