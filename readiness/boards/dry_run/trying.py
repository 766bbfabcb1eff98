"""Evaluating sites under the version in force and under another one, at one instant, without writing."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from inventory.models import Site
from inventory.queries import Capacity, deployed
from readiness.boards.dry_run.comparing import difference
from readiness.boards.dry_run.summing import TriedSite
from readiness.framework.core.definition import Framework
from readiness.scoring.core.evaluate import SiteResult, evaluate
from readiness.scoring.gather import inputs_of
from readiness.scoring.stored_state import stored_of

log = logging.getLogger(__name__)


def try_sites(
    sites: Sequence[Site], in_force: Framework, tried: Framework, *, now: datetime
) -> Iterator[TriedSite]:
    """In their order; one that cannot be evaluated is left out, and stops no other."""
    ids = [site.pk for site in sites]
    capacity = deployed(ids, at=now)
    before, after = _each(ids, in_force, now=now), _each(ids, tried, now=now)
    for site in sites:
        if site.pk in before and site.pk in after:
            yield _tried(site, before[site.pk], after[site.pk], capacity.get(site.pk, Capacity()))


def _tried(site: Site, before: SiteResult, after: SiteResult, capacity: Capacity) -> TriedSite:
    return TriedSite(
        slug=site.slug,
        name=site.name,
        stage=site.stage,
        it_kw=capacity.it_kw,
        accelerators=capacity.accelerators,
        difference=difference(before, after),
        states_before=_counted(before),
        states_after=_counted(after),
    )


def _counted(result: SiteResult) -> Mapping[str, int]:
    return Counter(str(check.state) for check in result.checks)


def _each(ids: Sequence[int], framework: Framework, *, now: datetime) -> dict[int, SiteResult]:
    """Results by site id; sites are tried one by one where they fail together."""
    try:
        return _together(ids, framework, now=now)
    except Exception:
        if len(ids) == 1:
            log.exception("Site %s could not be tried under %s", ids[0], framework.version)
            return {}
    results: dict[int, SiteResult] = {}
    for site_id in ids:
        results |= _each([site_id], framework, now=now)
    return results


def _together(ids: Sequence[int], framework: Framework, *, now: datetime) -> dict[int, SiteResult]:
    gathered = inputs_of(ids, stored_of(ids, now=now), framework, now=now)
    return {site_id: evaluate(framework, inputs, now=now) for site_id, (_, inputs) in gathered.items()}
