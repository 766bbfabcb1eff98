"""Evaluate sites under the version in force and under another version, at one instant, without writing."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from inventory.models import Site
from inventory.queries import Capacity, deployed
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Framework
from readiness.assessment.scoring.core.evaluate import SiteResult, evaluate
from readiness.assessment.scoring.gather import inputs_of
from readiness.assessment.scoring.models.stored import stored_of
from readiness.boards.dry_run.comparing import Plain, TriedSite, summary, tried_site
from readiness.boards.models import DryRun

log = logging.getLogger(__name__)


SITES_AT_ONCE = 50
LOST_AFTER = timedelta(minutes=5)
"""After this long without a heartbeat the worker counts as gone, and the dry-run starts again."""


def try_sites(
    sites: Sequence[Site], in_force: Framework, tried: Framework, names: Mapping[str, str], *, now: datetime
) -> Iterator[TriedSite]:
    """Try sites in order. A site that cannot be evaluated is left out and does not stop the others."""
    ids = [site.pk for site in sites]
    capacity = deployed(ids, at=now)
    before, after = _each(ids, in_force, now=now), _each(ids, tried, now=now)
    for site in sites:
        if site.pk in before and site.pk in after:
            has = capacity.get(site.pk, Capacity())
            about: Plain = {"site": site.slug, "name": site.name, "stage": site.stage}
            about |= {"it_kw": has.it_kw, "accelerators": has.accelerators}
            yield tried_site(about, before[site.pk], after[site.pk], names)


def _each(ids: Sequence[int], framework: Framework, *, now: datetime) -> dict[int, SiteResult]:
    """Results by site id. If sites fail together, they are tried one by one."""
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
    return {site_id: evaluate(framework, of_site.inputs, now=now) for site_id, of_site in gathered.items()}


def sites_to_try() -> list[Site]:
    return list(Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("name", "pk"))


def run_waiting(*, now: datetime) -> int:
    done = 0
    while (run := _claim()) is not None:
        work_on(run, now=now)
        done += 1
    return done


def _claim() -> DryRun | None:
    """Claim the oldest waiting dry-run by setting its heartbeat, so that no other worker takes it."""
    with transaction.atomic():
        run = (
            DryRun.objects.select_for_update(skip_locked=True)
            .filter(
                Q(state=DryRun.State.WAITING)
                | Q(state=DryRun.State.RUNNING, progressed_at__lt=Now() - LOST_AFTER)
            )
            .order_by("pk")
            .first()
        )
        if run is not None:
            take(run)
    return run


def take(run: DryRun) -> None:
    DryRun.objects.filter(pk=run.pk).update(state=DryRun.State.RUNNING, sites_done=0, progressed_at=Now())


def work_on(run: DryRun, *, now: datetime) -> None:
    ended: dict[str, object]
    try:
        ended = {"state": DryRun.State.DONE, "result": _result(run, now=now)}
    except ContentChanged:
        ended = {"state": DryRun.State.FAILED, "problem": "The content was changed before it was tried."}
    except Exception:
        log.exception("%s failed", run)
        ended = {"state": DryRun.State.FAILED, "problem": "The log of the worker says what went wrong."}
    DryRun.objects.filter(pk=run.pk).update(**ended, evaluated_at=now, finished_at=Now())
    run.refresh_from_db()


class ContentChanged(Exception):
    """The draft has changed since the dry-run was requested."""


def _result(run: DryRun, *, now: datetime) -> dict[str, object]:
    if run.version.digest != run.digest:
        raise ContentChanged
    tried, in_force = map(framework_queries.definition_of, (run.version, run.in_force))
    names = {check.id: check.name for framework in (in_force, tried) for check in framework.checks}
    sites = sites_to_try()
    DryRun.objects.filter(pk=run.pk).update(sites_total=len(sites))
    results: list[TriedSite] = []
    for start in range(0, len(sites), SITES_AT_ONCE):
        results.extend(try_sites(sites[start : start + SITES_AT_ONCE], in_force, tried, names, now=now))
        done = min(start + SITES_AT_ONCE, len(sites))
        DryRun.objects.filter(pk=run.pk).update(sites_done=done, progressed_at=Now())
    reached = {site.row["site"] for site in results}
    return summary(results, names, [site.slug for site in sites if site.slug not in reached])
