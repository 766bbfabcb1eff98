"""The facts of all sites, kept while nothing changes: reading 1,000 sites takes longer than placing a workload.

Facts are read again once a minute, and earlier when people, scoring or the inventory changed anything; telemetry shows
with the next minute. Each process keeps its own.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from django.db import connection

from inventory.models import Accelerator, Device, Link, Region, Site
from readiness.evidence.queries import CircuitLoads, circuit_loads
from readiness.framework import queries as framework
from readiness.scoring.models import DomainHealth, SiteScore
from readiness.tradeoffs.core.factors import Rates, SiteFactors
from readiness.tradeoffs.models import ExchangeRate, FactorDay, LatencyFactor, SiteFactor
from readiness.tradeoffs.queries.site_factors import factors_of, known_rates
from readiness.workloads.models import UserRegion
from web.audit import stamp_of


@dataclass(frozen=True, slots=True)
class StoredScore:
    """The score and verdict that scoring has stored of a site. Scores are from 0 to 1."""

    verdict: str
    score: float | None
    score_upper: float | None
    evaluated_at: datetime
    weakest: str = ""
    weakest_score: float | None = None

    @property
    def weakest_points(self) -> int | None:
        return None if self.weakest_score is None else round(self.weakest_score * 100)


@dataclass(frozen=True, slots=True, eq=False)
class FleetFacts:
    """All sites but the retired by name, what scoring has stored by slug, and rates, as of `at`.

    `circuits` has the sites, by slug, whose circuits of racks are all metered.
    """

    at: datetime
    sites: tuple[SiteFactors, ...]
    scores: Mapping[str, StoredScore]
    rates: Rates
    framework: str
    circuits: Mapping[str, CircuitLoads] = field(default_factory=dict)


KEPT = 4
_READ = (
    SiteFactor,
    LatencyFactor,
    FactorDay,
    ExchangeRate,
    UserRegion,
    Region,
    Site,
    Device,
    Accelerator,
    Link,
)
# Scores and health are not audited, and few: each new version of a row has another place or transaction.
_SCORED = " UNION ALL ".join(
    f"SELECT count(*), bit_xor(hashtext(xmin::text || ctid::text)) FROM {model._meta.db_table}"
    for model in (SiteScore, DomainHealth)
)
_lock = Lock()
_kept: OrderedDict[tuple[Any, ...], FleetFacts] = OrderedDict()


def fleet_facts(percentile: float, now: datetime) -> FleetFacts:
    """Return facts of `now`, or of up to a minute before where nothing was written since: two statements then."""
    with connection.cursor() as cursor:
        cursor.execute(_SCORED)
        scored = tuple(cursor.fetchall())
    key = (percentile, now.replace(second=0, microsecond=0), stamp_of(*_READ), scored)
    with _lock:
        facts = _kept.get(key)
    if facts is not None and facts.at <= now:
        return facts
    facts = _read(percentile, now)
    with _lock:
        _kept[key] = facts
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return facts


def _read(percentile: float, now: datetime) -> FleetFacts:
    scores, version = _scores(_pillars())
    sites = factors_of(None, now, percentile=percentile)
    loads = circuit_loads([site.site_id for site in sites], now=now)
    circuits = {site.slug: loads[site.site_id] for site in sites if site.site_id in loads}
    return FleetFacts(now, sites, scores, known_rates(now), version, circuits)


def _pillars() -> dict[str, str]:
    return {pillar.id: pillar.name for pillar in framework.current()[1].pillars}


def _scores(names: Mapping[str, str]) -> tuple[dict[str, StoredScore], str]:
    rows = SiteScore.objects.order_by("pk").values_list(
        "site__slug",
        "verdict",
        "score",
        "score_upper",
        "evaluated_at",
        "pillars",
        "framework_version__version",
    )
    scores: dict[str, StoredScore] = {}
    versions: set[str] = set()
    for slug, verdict, score, upper, evaluated_at, pillars, version in rows:
        versions.add(version)
        weakest, least = _weakest(pillars)
        scores[slug] = StoredScore(
            verdict, score, upper, evaluated_at, names.get(weakest, weakest).lower(), least
        )
    # During a change of version some sites are judged by the old one still.
    return scores, ", ".join(sorted(versions))


def _weakest(pillars: Mapping[str, Any]) -> tuple[str, float | None]:
    scored = [
        (score, pillar)
        for pillar, of_pillar in pillars.items()
        if (score := of_pillar.get("score") if isinstance(of_pillar, Mapping) else of_pillar) is not None
    ]
    if not scored:
        return "", None
    score, pillar = min(scored)
    return pillar, score
