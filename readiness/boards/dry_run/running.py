"""Working on dry-runs: batch by batch, with a sign of life after each."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from inventory.models import Site
from readiness.boards.dry_run.models import DryRun
from readiness.boards.dry_run.summing import TriedSite, summary
from readiness.boards.dry_run.trying import try_sites
from readiness.framework import queries as framework_queries

log = logging.getLogger(__name__)
SITES_AT_ONCE = 50
LOST_AFTER = timedelta(minutes=5)
"""Without a sign of life for so long, whoever worked on it is gone, and it begins anew."""


def sites_to_try() -> list[Site]:
    """Every site but those that are retired, as scoring goes over them."""
    return list(Site.objects.exclude(stage=Site.Stage.RETIRED).order_by("name", "pk"))


def run_waiting(*, now: datetime) -> int:
    """Work on what waits, the oldest first; returns how many were done."""
    done = 0
    while (run := _claim()) is not None:
        work_on(run, now=now)
        done += 1
    return done


def _claim() -> DryRun | None:
    """The oldest dry-run that waits, claimed by its sign of life so that another worker leaves it."""
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
    """Work on a dry-run to its end; what goes wrong is kept with it."""
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
    """The draft is another one than what was asked for."""


def _result(run: DryRun, *, now: datetime) -> dict[str, object]:
    if run.version.digest != run.digest:
        raise ContentChanged
    tried, in_force = (
        framework_queries.definition_of(run.version),
        framework_queries.definition_of(run.in_force),
    )
    sites = sites_to_try()
    DryRun.objects.filter(pk=run.pk).update(sites_total=len(sites))
    seen: list[TriedSite] = []
    for start in range(0, len(sites), SITES_AT_ONCE):
        seen.extend(try_sites(sites[start : start + SITES_AT_ONCE], in_force, tried, now=now))
        done = min(start + SITES_AT_ONCE, len(sites))
        DryRun.objects.filter(pk=run.pk).update(sites_done=done, progressed_at=Now())
    names = {check.id: check.name for framework in (in_force, tried) for check in framework.checks}
    reached = {site.slug for site in seen}
    return summary(seen, names, [site.slug for site in sites if site.slug not in reached])
