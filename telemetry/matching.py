"""Which inventory object a series describes, and re-matching after inventory changes.

The label rules are data (data/metrics) and pure (core/matching); here they are applied to the inventory of a site.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from operator import attrgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q

from inventory import models
from telemetry import store
from telemetry.binary import binary_cursor
from telemetry.core.mapping import MappedObject, SeriesMapping, named_objects
from telemetry.core.matching import OBJECT_COLUMNS, By, ObjectKind, host_forms, uuid_form
from telemetry.core.metric import MetricObject
from telemetry.core.registry import DATA, registry
from telemetry.mapping.queries import mappings_by_source
from telemetry.models import LateDay, MatchedInventory, Series, Source, SourceStatus

PLACE_FIELDS = ("site_id", "object_kind", *OBJECT_COLUMNS.values())
_Key = tuple[int, str, str, tuple[str, ...]]

# A digest of everything that the rules use, independent of the order of rows.
_FINGERPRINTS = """
WITH part (site_id, text) AS (
    SELECT site_id, concat_ws('|', 'device', id, name, serial, host(management_address)) FROM inventory_device
    UNION ALL SELECT site_id, concat_ws('|', 'accelerator', id, device_id, index, uuid, serial)
        FROM inventory_accelerator
    UNION ALL SELECT site_id, concat_ws('|', 'port', id, device_id, name) FROM inventory_port
    UNION ALL SELECT site_id, concat_ws('|', 'feed', id, name, device_id) FROM inventory_powerfeed
    UNION ALL SELECT site_id, concat_ws('|', 'cooling', id, name, host(management_address)) FROM inventory_coolingunit
    UNION ALL SELECT site_a_id, concat_ws('|', 'link', id, name) FROM inventory_link
    UNION ALL SELECT site_b_id, concat_ws('|', 'link', id, name) FROM inventory_link WHERE site_b_id <> site_a_id
    -- Rules of one source contradict each other across sites, so each counts at all sites of its source's rules.
    UNION ALL SELECT place.site_id, concat_ws('|', 'mapping', rule.id, rule.source_id, rule.metric, rule.label,
            rule.value, rule.site_id, rule.kind, rule.object_name)
        FROM telemetry_mappingrule rule
        JOIN (SELECT DISTINCT source_id, site_id FROM telemetry_mappingrule) place USING (source_id)
)
SELECT site.id, concat_ws('/', %s, site.slug, count(part), sum(hashtextextended(text, 0)))
FROM inventory_site site LEFT JOIN part ON part.site_id = site.id GROUP BY site.id ORDER BY site.id
"""


_MOVE = """
UPDATE telemetry_series AS series SET kind = place.kind, site_id = place.site_id, object_kind = place.object_kind,
    device_id = place.device_id, accelerator_id = place.accelerator_id, port_id = place.port_id,
    power_feed_id = place.power_feed_id, link_id = place.link_id, cooling_unit_id = place.cooling_unit_id
FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::bigint[], %s::bigint[], %s::bigint[]) AS place (id, kind, site_id, object_kind, device_id, accelerator_id,
    port_id, power_feed_id, link_id, cooling_unit_id)
WHERE series.id = place.id
"""


@dataclass(frozen=True, slots=True)
class SeriesPlace:
    """Where a series belongs: `object_kind` is empty if no object matches, `site_id` None if no site does."""

    site_id: int | None = None
    object_kind: str = ""
    device_id: int | None = None
    accelerator_id: int | None = None
    port_id: int | None = None
    power_feed_id: int | None = None
    link_id: int | None = None
    cooling_unit_id: int | None = None


place_of = attrgetter(*PLACE_FIELDS)


class Inventory:
    """The objects of sites by every name that labels may use. A name shared by two objects finds neither.

    The objects of `sites` are read at once, those of other sites when a series needs them. `mappings` are the mapping
    rules of sources by their ids; of other sources the stored ones are read.
    """

    def __init__(
        self, sites: Iterable[models.Site], mappings: Mapping[int, Sequence[SeriesMapping]] | None = None
    ) -> None:
        self._mappings = dict(mappings or {})
        self._site_ids: dict[str, int] = {
            slug.lower(): site_id for slug, site_id in models.Site.objects.values_list("slug", "pk")
        }
        self._objects: dict[_Key, SeriesPlace | None] = {}
        self._read_sites: set[int] = set()
        self._read(site.pk for site in sites)

    def place(self, source: Source, labels: Mapping[str, str]) -> SeriesPlace:
        """Where a series belongs by its labels, else by the mapping rules of its source."""
        site_id = self.site_of(source, labels)
        return (
            self.place_by_labels(source, labels)
            or self.place_by_rules(source, labels)
            or SeriesPlace(site_id)
        )

    def place_by_labels(self, source: Source, labels: Mapping[str, str]) -> SeriesPlace | None:
        site_id = self.site_of(source, labels)
        if site_id is None:
            return None
        self._read([site_id])
        for candidate in registry().candidates(labels):
            if match := self._objects.get((site_id, *candidate)):
                return match
        metric = registry().get(labels["__name__"], labels)
        # Series of a site's own meter or probe need no identifying label.
        of_the_site = metric is not None and metric.object is MetricObject.SITE
        return SeriesPlace(site_id, ObjectKind.SITE.value) if of_the_site else None

    def place_by_rules(self, source: Source, labels: Mapping[str, str]) -> SeriesPlace | None:
        """The one object that mapping rules name; None if there is none, or if they name two."""
        if source.pk not in self._mappings:
            self._mappings |= mappings_by_source([source.pk])
        pairs = named_objects(self._mappings[source.pk], labels, self.site_of(source, labels))
        places = {place for _, each in pairs if (place := self.find(each)) is not None}
        return places.pop() if len(places) == 1 else None

    def find(self, mapped_object: MappedObject) -> SeriesPlace | None:
        if mapped_object.kind is ObjectKind.SITE:
            return SeriesPlace(mapped_object.site_id, ObjectKind.SITE.value)
        self._read([mapped_object.site_id])
        places = (
            self._objects.get((mapped_object.site_id, *candidate)) for candidate in mapped_object.candidates
        )
        return next((place for place in places if place is not None), None)

    def site_of(self, source: Source, labels: Mapping[str, str]) -> int | None:
        return source.site_id or self._site_ids.get(labels.get(source.site_label, "").strip().lower())

    def _read(self, site_ids: Iterable[int]) -> None:
        new_ids = [site_id for site_id in site_ids if site_id not in self._read_sites]
        if not new_ids:
            return
        self._read_sites.update(new_ids)
        for key, place in self._named(new_ids):
            first_place = self._objects.setdefault(key, place)
            if first_place != place:
                self._objects[key] = None
        for slug, site_id in self._site_ids.items():
            if site_id in new_ids:
                self._objects[site_id, ObjectKind.SITE, By.SLUG, (slug,)] = SeriesPlace(
                    site_id, ObjectKind.SITE.value
                )

    def _named(self, site_ids: list[int]) -> Iterator[tuple[_Key, SeriesPlace]]:
        hosts: dict[int, tuple[int, list[str]]] = {}
        for device in models.Device.objects.filter(site__in=site_ids).order_by():
            forms = _hosts(device.name, device.management_address)
            hosts[device.pk] = device.site_id, forms
            place = SeriesPlace(device.site_id, ObjectKind.DEVICE.value, device_id=device.pk)
            yield from _keys(place, By.HOST, [(form,) for form in forms])
        for accelerator in models.Accelerator.objects.filter(device__in=hosts).order_by():
            site_id, forms = hosts[accelerator.device_id]
            place = SeriesPlace(
                site_id,
                ObjectKind.ACCELERATOR,
                device_id=accelerator.device_id,
                accelerator_id=accelerator.pk,
            )
            yield from _keys(place, By.UUID, [(uuid_form(accelerator.uuid),)])
            yield from _keys(place, By.SERIAL, [(accelerator.serial.lower(),)])
            yield from _keys(place, By.HOST_INDEX, [(form, str(accelerator.index)) for form in forms])
        for port in models.Port.objects.filter(device__in=hosts).order_by():
            site_id, forms = hosts[port.device_id]
            place = SeriesPlace(site_id, ObjectKind.PORT.value, device_id=port.device_id, port_id=port.pk)
            yield from _keys(place, By.HOST_PORT, [(form, port.name.lower()) for form in forms])
        yield from _facility(site_ids)


def _facility(site_ids: list[int]) -> Iterator[tuple[_Key, SeriesPlace]]:
    for feed in models.PowerFeed.objects.filter(site__in=site_ids).order_by():
        place = SeriesPlace(
            feed.site_id, ObjectKind.FEED.value, power_feed_id=feed.pk, device_id=feed.device_id
        )
        yield from _keys(place, By.NAME, [(feed.name.lower(),)])
    for unit in models.CoolingUnit.objects.filter(site__in=site_ids).order_by():
        place = SeriesPlace(unit.site_id, ObjectKind.COOLING_UNIT.value, cooling_unit_id=unit.pk)
        yield from _keys(place, By.NAME, [(unit.name.lower(),)])
        yield from _keys(place, By.HOST, [(form,) for form in _hosts(unit.name, unit.management_address)])
    ends = Q(site_a__in=site_ids) | Q(site_b__in=site_ids)
    for link in models.Link.objects.filter(ends).order_by():
        for site_id in sorted({link.site_a_id, link.site_b_id}):
            yield from _keys(
                SeriesPlace(site_id, ObjectKind.LINK.value, link_id=link.pk), By.NAME, [(link.name.lower(),)]
            )


def _keys(place: SeriesPlace, by: By, names: list[tuple[str, ...]]) -> Iterator[tuple[_Key, SeriesPlace]]:
    for name in names:
        if all(name):
            yield (place.site_id or 0, place.object_kind, by, name), place


def _hosts(name: str, address: str | None) -> list[str]:
    return list(dict.fromkeys([*host_forms(name), *(host_forms(address) if address else [])]))


def inventory_for(sources: Iterable[Source], site_names: Iterable[str]) -> Inventory:
    by_id = {source.pk: source for source in sources}
    fixed = {source.site_id for source in by_id.values() if source.site_id}
    condition = Q(pk__in=fixed) | Q(slug__in={name.strip().lower() for name in site_names})
    return Inventory(models.Site.objects.filter(condition).order_by("pk"), mappings_by_source(by_id))


def match_changed(*, now: datetime) -> int:
    """Match the series of every site whose inventory changed since the last matching; returns how many changed.

    It compares fingerprints instead of following claims: claims belong to scoring, and a cursor on change times would
    miss transactions that commit out of order.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FINGERPRINTS, [_rules_digest()])
        current = dict(cursor.fetchall())
    matched = dict(MatchedInventory.objects.values_list("site_id", "fingerprint"))
    return sum(
        match_site(site_id=site_id, fingerprint=fingerprint, now=now)
        for site_id, fingerprint in current.items()
        if matched.get(site_id) != fingerprint
    )


@transaction.atomic
def match_site(*, site_id: int, fingerprint: str, now: datetime) -> int:
    site = models.Site.objects.filter(pk=site_id).first()
    if site is None:
        return 0
    own_or_unplaced = Q(site=site) | Q(site__isnull=True, source__site__isnull=True)
    series = list(Series.objects.filter(own_or_unplaced).select_related("source").order_by("pk"))
    mappings = mappings_by_source({each.source_id for each in series})
    moved = _match(series, Inventory([site], mappings), now=now)
    MatchedInventory.objects.update_or_create(
        site=site, defaults={"fingerprint": fingerprint, "matched_at": now}
    )
    return moved


def match_source(*, source: Source, now: datetime) -> int:
    with transaction.atomic():
        series = list(source.series.order_by("pk"))
        names = {each.labels.get(source.site_label, "") for each in series}
        for each in series:
            each.source = source
        return _match(series, inventory_for([source], names), now=now)


def _match(series: list[Series], inventory: Inventory, *, now: datetime) -> int:
    """Store where series belong now; each site that lost or got one is scored again."""
    moved: list[tuple[Any, ...]] = []
    sources: set[int] = set()
    first_instants: dict[int, datetime] = {}
    for each in series:
        place = inventory.place(each.source, {"__name__": each.metric, **each.labels})
        # A later release may know a metric whose kind was guessed at first.
        kind = registry().kind(each.metric, each.labels).value
        if (kind, place) != (each.kind, SeriesPlace(*place_of(each))):
            moved.append((each.pk, kind, *place_of(place)))
            sources.add(each.source_id)
            for site_id in filter(None, {each.site_id, place.site_id}):
                first_instants[site_id] = min(
                    each.first_seen_at, first_instants.get(site_id, each.first_seen_at)
                )
    if moved:
        with binary_cursor() as cursor:
            cursor.execute(_MOVE, [list(column) for column in zip(*moved, strict=True)])
        status = SourceStatus.objects.filter(source__in=sorted(sources))
        status.update(match_revision=F("match_revision") + 1)
        _claim(first_instants, now)
    return len(moved)


def _claim(first_instants: Mapping[int, datetime], now: datetime) -> None:
    """Have sites scored again, and their days measured again of which samples belong to another object now, as far as
    samples are kept. `first_instants` says by site since when its moved series send."""
    models.SiteChange.objects.bulk_create(
        models.SiteChange(site_id=site_id, origin=models.SiteChange.Origin.TELEMETRY)
        for site_id in sorted(first_instants)
    )
    today, oldest = now.astimezone(UTC).date(), store.oldest_sample_kept(now)
    LateDay.objects.bulk_create(
        LateDay(site_id=site_id, on_date=day)
        for site_id, first_at in sorted(first_instants.items())
        if (first := max(first_at, oldest).astimezone(UTC).date()) < today
        for day in (first + timedelta(days=number) for number in range((today - first).days))
    )


@cache
def _rules_digest() -> str:
    """Changes with the rules, so that a release with new rules matches everything again."""
    files = sorted(DATA.rglob("*.yaml"))
    return sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]
