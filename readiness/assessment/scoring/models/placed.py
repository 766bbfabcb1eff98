"""The workload classes that are placed at sites, with what is stated of them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Set
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import itemgetter

from django.db.models import Q

from inventory.models import DeviceType, Manufacturer
from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.scoring.facts import PlacedClass
from readiness.assessment.standards.core.alternatives import RecordedAlternative
from readiness.assessment.standards.models import Alternative
from readiness.demand.jurisdiction import queries as rules
from readiness.demand.jurisdiction.models import DataOrigin, HeldBasis
from readiness.demand.workloads.core.envelope import Envelope
from readiness.demand.workloads.models import (
    AcceleratorDemand,
    EnvelopeConfirmation,
    Placement,
    ServedRegion,
    UserRegion,
    WorkloadClass,
)
from readiness.demand.workloads.queries import envelopes
from web.cached import CachedAnswer
from web.rows import rows_as

type _Statement = tuple[Envelope | None, rules.Footing, tuple[RecordedAlternative, ...]]
_CLASSES: CachedAnswer[str, _Statement] = CachedAnswer(  # each site needs them every minute
    "envelopes, footings and alternatives of classes",
    models=(
        *(WorkloadClass, AcceleratorDemand, DeviceType, Manufacturer, ServedRegion, UserRegion),
        *(EnvelopeConfirmation, DataOrigin, HeldBasis, Alternative),
    ),
)


def classes_at(days: Mapping[int, date], *, now: datetime) -> dict[int, tuple[PlacedClass, ...]]:
    utc_day = now.astimezone(UTC).date()
    near = Placement.objects.filter(
        Q(ended_on__isnull=True) | Q(ended_on__gte=utc_day - timedelta(days=1)),
        site_id__in=days,
        started_on__lte=utc_day + timedelta(days=1),
    )
    served_regions = ("workload_class__user_regions__slug", "workload_class__user_regions__name")
    columns = ("slug", "name", "latency_limit_ms", "latency_percentile")
    placed = tuple(f"workload_class__{column}" for column in columns)
    rows = near.order_by("workload_class__name", "id", "workload_class__user_regions__name").values_list(
        "id", "site_id", "started_on", "ended_on", *placed, *served_regions
    )
    by_site: dict[int, list[PlacedClass]] = defaultdict(list)
    for (_, site_id, started_on, ended_on, *of_class), served in groupby(rows, itemgetter(*range(8))):
        if started_on <= days[site_id] and (ended_on is None or days[site_id] <= ended_on):
            slug, name, limit_ms, percentile = of_class
            regions = tuple((row[-2], row[-1]) for row in served if row[-2] is not None)
            limit = None if limit_ms is None else Limit(value=limit_ms, source=f"limit of {name}")
            by_site[site_id].append(PlacedClass(slug, name, limit, regions, percentile))
    return {site_id: tuple(classes) for site_id, classes in by_site.items()}


def add_envelopes(
    classes: Mapping[int, tuple[PlacedClass, ...]], *, now: datetime
) -> dict[int, tuple[PlacedClass, ...]]:
    slugs = {placed.slug for of_site in classes.values() for placed in of_site}
    if not slugs:
        return dict(classes)
    # A class belongs to no site, so its day is the UTC day.
    statements = _statements_of(slugs, now.astimezone(UTC).date())

    def complete(placed: PlacedClass) -> PlacedClass:
        envelope, footing, alternatives = statements[placed.slug]
        return replace(placed, envelope=envelope, footing=footing, alternatives=alternatives)

    return {site_id: tuple(map(complete, of_site)) for site_id, of_site in classes.items()}


def _statements_of(slugs: Set[str], day: date) -> dict[str, _Statement]:
    def read(missing: Collection[str]) -> dict[str, _Statement]:
        envelopes_by_slug = {envelope.slug: envelope for envelope in envelopes(missing)}
        footings = rules.footings(missing, day=day)
        recorded: dict[str, list[RecordedAlternative]] = defaultdict(list)
        rows = Alternative.objects.filter(workload_class__slug__in=missing).order_by("pk")
        for alternative in rows_as(RecordedAlternative, rows, workload="workload_class__slug"):
            recorded[alternative.workload].append(alternative)
        return {
            slug: (envelopes_by_slug.get(slug), footings[slug], tuple(recorded[slug])) for slug in missing
        }

    return _CLASSES.values(dict.fromkeys(sorted(slugs)), read, key=day)
