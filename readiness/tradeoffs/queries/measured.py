"""Factors that telemetry and the inventory know of sites: PUE, headroom, idle accelerators, round trips."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Count

from inventory.models import Accelerator, Device, Link, Site
from readiness.evidence import queries as evidence
from readiness.evidence.core.provenance import worst_provenance
from readiness.evidence.measures import ROUND_TRIP
from readiness.scoring.models import DomainHealth
from readiness.tradeoffs.core.factors import KnownValue, ValueBasis
from telemetry.queries import latest

LATENCY_DAYS = 7
"""The span that round trips are taken over, as in p2-placement-latency."""
IDLE_METRIC = "slurm_gpus_idle"
IDLE_WITHIN_S = 3_600
"""An hour after the last sample nobody can say what a scheduler has free."""
_SCALES = {"pue": "pue", "headroom": "power_headroom_kw"}

type BySite = dict[int, dict[str, list[KnownValue]]]


def figures(site_ids: Collection[int], at: datetime) -> BySite:
    site: BySite = defaultdict(lambda: defaultdict(list))
    kept = DomainHealth.objects.filter(site_id__in=site_ids, domain="energy").order_by()
    for site_id, figures in kept.values_list("site_id", "figures"):
        for key, kind in _SCALES.items():
            known = _of_figure(figures.get(key), "kW" if kind.endswith("_kw") else "")
            # A figure of a later day says nothing of an earlier one. No PUE is under 1: such meters are not nested.
            if known is not None and known.as_of <= at and not (kind == "pue" and known.value < 1):
                site[site_id][kind].append(known)
    for site_id, idle in _idle_accelerators(site_ids, at):
        site[site_id]["accelerators_free"].append(idle)
    return site


def _of_figure(figure: dict[str, Any] | None, unit: str) -> KnownValue | None:
    if not figure:
        return None
    return KnownValue(
        value=figure["value"],
        unit=unit,
        basis=ValueBasis.TELEMETRY,
        provenance=figure["provenance"],
        source="telemetry",
        as_of=datetime.fromisoformat(figure["taken_at"]),
        detail=figure.get("source", ""),
    )


def _idle_accelerators(site_ids: Collection[int], at: datetime) -> Iterator[tuple[int, KnownValue]]:
    samples = defaultdict(list)
    for sample in latest(site_ids, [IDLE_METRIC], now=at, within_s=IDLE_WITHIN_S):
        if sample.object_kind == "site":
            samples[sample.site_id].append(sample)
    for site_id, of_site in samples.items():
        yield (
            site_id,
            KnownValue(
                value=sum(sample.value for sample in of_site),
                unit="",
                basis=ValueBasis.TELEMETRY,
                provenance=worst_provenance(sample.provenance for sample in of_site),
                source="telemetry",
                as_of=min(sample.ts for sample in of_site),
                detail=IDLE_METRIC,
            ),
        )


def round_trips(site_ids: Collection[int], at: datetime, percentile: float) -> BySite:
    """Return the percentile of all probes of the last days by slug of the user region; one statement."""
    site: BySite = defaultdict(lambda: defaultdict(list))
    q = percentile / 100
    measured = evidence.quantiles(site_ids, {ROUND_TRIP.key}, q=q, days=LATENCY_DAYS, now=at)
    for site_id, of_site in measured.items():
        for figure in of_site:
            if figure.value is not None:
                site[site_id][figure.part].append(
                    KnownValue(
                        value=figure.value,
                        unit="ms",
                        basis=ValueBasis.TELEMETRY,
                        provenance=figure.provenance,
                        source="telemetry",
                        as_of=figure.taken_at,
                        percentile=percentile,
                        detail=f"p{percentile:g} of {LATENCY_DAYS} days",
                    )
                )
    return site


def design_latencies(site_ids: Collection[int], at: datetime) -> BySite:
    """Return by slug of the other site what links were designed for, from both ends; one statement.

    That is no measurement.
    """
    site: BySite = defaultdict(lambda: defaultdict(list))
    wanted = frozenset(site_ids)
    links = Link.objects.filter(kind=Link.Kind.WAN, design_latency_ms__gt=0).order_by("pk")
    ends = ("site_a_id", "site_a__slug", "site_b_id", "site_b__slug")
    for site_a, slug_a, site_b, slug_b, name, latency in links.values_list(
        *ends, "name", "design_latency_ms"
    ):
        known = KnownValue(
            value=float(latency or 0.0),
            unit="ms",
            basis=ValueBasis.DECLARED,
            provenance="declared",
            source=f"link {name}",
            as_of=at,
            percentile=50.0,
            detail="design latency of the link",
        )
        for here, there in ((site_a, slug_b), (site_b, slug_a)):
            if here in wanted:
                site[here][there].append(known)
    return site


def accelerators_by_type(site_ids: Collection[int]) -> dict[int, Counter[str]]:
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    rows = (
        Accelerator.objects.filter(device__site_id__in=site_ids, device__status=Device.Status.ACTIVE)
        .order_by()
        .values_list("device__site_id", "device_type__slug")
        .annotate(count=Count("pk"))
    )
    for site_id, slug, count in rows:
        counts[site_id][slug] += count
    return counts


def sites(site_ids: Iterable[int] | None) -> list[dict[str, Any]]:
    chosen = Site.objects.exclude(stage=Site.Stage.RETIRED)
    if site_ids is not None:
        chosen = Site.objects.filter(pk__in=list(site_ids))
    columns = (
        *("id", "slug", "name", "country", "operator_country", "region__name", "stage"),
        *("latitude", "longitude"),
    )
    return list(
        chosen.order_by("name", "pk").values(*columns, "score__verdict", "score__failed_at", "score__score")
    )
