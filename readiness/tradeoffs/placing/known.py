"""What is known of all sites, kept while nothing changes: reading 1,000 sites takes longer than placing a workload.

What was read within a minute is read again when anything that people enter, scoring writes or the inventory holds is
another one since; telemetry alone shows with the next minute. Each process keeps its own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from django.db import connection

from readiness.evidence.circuits import circuit_loads
from readiness.framework import queries as framework
from readiness.scoring.models import SiteScore
from readiness.tradeoffs.placing.facts import Known, Standing
from readiness.tradeoffs.queries.known import factors_of, known_rates

KEPT = 4
# Every write of a tracked table leaves an event. Scores and health have none, and few rows: the newest transaction that
# wrote one, and how many there are.
_STAMP = """
SELECT
    (SELECT max(pgh_id) FROM tradeoffs_sitefactorevent), (SELECT max(pgh_id) FROM tradeoffs_latencyfactorevent),
    (SELECT max(pgh_id) FROM tradeoffs_exchangerateevent), (SELECT max(pgh_id) FROM inventory_siteevent),
    (SELECT max(pgh_id) FROM inventory_deviceevent), (SELECT max(pgh_id) FROM inventory_acceleratorevent),
    (SELECT max(pgh_id) FROM inventory_linkevent), (SELECT max(pgh_id) FROM workloads_userregionevent),
    (SELECT max(pgh_id) FROM inventory_regionevent),
    (SELECT max(pgh_id) FROM tradeoffs_factordayevent),
    (SELECT max(xmin::text::bigint) FROM scoring_sitescore), (SELECT count(*) FROM scoring_sitescore),
    (SELECT max(xmin::text::bigint) FROM scoring_domainhealth), (SELECT count(*) FROM scoring_domainhealth)
"""


_lock = Lock()
_kept: OrderedDict[tuple[Any, ...], Known] = OrderedDict()


def known(percentile: float, now: datetime) -> Known:
    """As of `now`, or of up to a minute before where nothing was written since; one statement then."""
    with connection.cursor() as cursor:
        cursor.execute(_STAMP)
        stamp = cursor.fetchone()
    key = (percentile, now.replace(second=0, microsecond=0), stamp)
    with _lock:
        found = _kept.get(key)
    if found is not None and found.at <= now:
        return found
    found = _read(percentile, now)
    with _lock:
        _kept[key] = found
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def _read(percentile: float, now: datetime) -> Known:
    standings, version = _standings(_pillars())
    sites = factors_of(None, now, percentile=percentile)
    loads = circuit_loads([site.site_id for site in sites], now=now)
    circuits = {site.slug: loads[site.site_id] for site in sites if site.site_id in loads}
    return Known(now, sites, standings, known_rates(now), version, circuits)


def _pillars() -> dict[str, str]:
    return {pillar.id: pillar.name for pillar in framework.current()[1].pillars}


def _standings(names: Mapping[str, str]) -> tuple[dict[str, Standing], str]:
    rows = SiteScore.objects.order_by("pk").values_list(
        "site__slug",
        "verdict",
        "score",
        "score_upper",
        "evaluated_at",
        "pillars",
        "framework_version__version",
    )
    found: dict[str, Standing] = {}
    versions: set[str] = set()
    for slug, verdict, score, upper, evaluated_at, pillars, version in rows:
        versions.add(version)
        weakest, least = _weakest(pillars)
        found[slug] = Standing(
            verdict, score, upper, evaluated_at, names.get(weakest, weakest).lower(), least
        )
    # During a change of version some sites are judged by the old one still.
    return found, ", ".join(sorted(versions))


def _weakest(pillars: Mapping[str, Any]) -> tuple[str, float | None]:
    """The pillar with the lowest score of those that have one."""
    scored = [
        (score, pillar)
        for pillar, of_pillar in pillars.items()
        if (score := of_pillar.get("score") if isinstance(of_pillar, Mapping) else of_pillar) is not None
    ]
    if not scored:
        return "", None
    score, pillar = min(scored)
    return pillar, score
