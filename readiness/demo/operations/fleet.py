"""The demo as a whole: its inventory in one transaction, then its past in order of time, or only what today needs."""

from collections.abc import Collection, Mapping
from datetime import datetime, time, timedelta
from functools import partial
from typing import Protocol

from django.apps import apps
from django.db import transaction

from accounts.models import User
from inventory.models import Site
from readiness.demo.core.plan import FleetPlan, fleet_plan
from readiness.demo.core.span import HISTORY
from readiness.demo.core.timeline import scored_days
from readiness.demo.models import DemoFleet
from readiness.demo.operations.duty import write_duty
from readiness.demo.operations.factors import load_published, write_factors
from readiness.demo.operations.history import Say, add_minutes, write_history, write_present, write_sources
from readiness.demo.operations.incidents import write_incidents
from readiness.demo.operations.inventory import write_catalogue, write_parts, write_regions, write_sites
from readiness.demo.operations.legal_duties import write_legal_duties
from readiness.demo.operations.loop import write_loop
from readiness.demo.operations.made import DemoObjects
from readiness.demo.operations.night import write_night
from readiness.demo.operations.people import people, write_logins, write_owners
from readiness.demo.operations.plans import ask_portfolio, plan_the_road, write_plans, write_review
from readiness.demo.operations.practice import write_practice
from readiness.demo.operations.records import ACTOR, write_records, write_values
from readiness.demo.operations.removal import remove
from readiness.demo.operations.runs import Portion, write_runs, write_trials
from readiness.demo.operations.staffing import staffed_of, write_workforce
from readiness.demo.operations.standards import write_standards
from readiness.demo.operations.workloads import write_workloads
from readiness.tradeoffs.models import PortfolioRun
from web.actor import acting
from web.row_counts import count_rows

# A load takes less time; a longer gap means that nobody sent samples.
LOAD_TAKES = timedelta(minutes=10)


def load(
    *,
    scale: int = 1,
    site_names: Collection[str] | None = None,
    reach: timedelta = HISTORY,
    by: User | None,
    now: datetime,
    say: Say = lambda line: None,
) -> DemoFleet:
    """Load the demo with its past unless it is already loaded; an interrupted load starts again.

    `site_names` limits the sites, `reach` limits the history. Raises SiteTaken. Must run outside a transaction, because
    it drops partitions.
    """
    write = partial(write_history, reach=reach)
    return _load(write, Portion.ALL, scale=scale, site_names=site_names, by=by, now=now, say=say)


def load_present(
    *,
    scale: int = 1,
    site_names: Collection[str] | None = None,
    by: User | None,
    now: datetime,
    say: Say = lambda line: None,
) -> DemoFleet:
    """Load what today's verdicts and pages need; `readiness.demo.operations.background` writes the past later."""
    return _load(write_present, Portion.NEWEST, scale=scale, site_names=site_names, by=by, now=now, say=say)


class _Write(Protocol):
    def __call__(self, plan: FleetPlan, fleet: DemoFleet, *, now: datetime, say: Say) -> None: ...


def _load(
    write: _Write,
    portion: Portion,
    *,
    scale: int,
    site_names: Collection[str] | None,
    by: User | None,
    now: datetime,
    say: Say,
) -> DemoFleet:
    earlier_fleet = DemoFleet.objects.first()
    if earlier_fleet is not None and earlier_fleet.sampled_at is not None:
        say("The demo fleet is loaded already.")
        return earlier_fleet
    with acting(by or ACTOR, message="Load the demo fleet"):
        if earlier_fleet is not None:
            say("Removing what an earlier load left behind ...")
            remove(by=by, now=now)
        plan = fleet_plan(scale=scale, names=site_names)
        say(f"Writing {len(plan.sites)} sites ...")
        # Round to the second: sample times are whole milliseconds, and a sample after `now` would be ignored.
        now = now.replace(microsecond=0)
        fleet = write_inventory(plan, scale=scale, portion=portion, now=_anchor(now))
        staff = people(fleet.made)
        # Write these before the history, because its decisions rest on them.
        say(load_published(by=staff.get("planner"), now=now))
        write(plan, fleet, now=now, say=say)
        write_plans(_sites(fleet), staff, now=now)
        plan_the_road(_sites(fleet), staff, DemoObjects(fleet.made), now=now)
        run = ask_portfolio(staff, now=now)
        fleet.made |= {PortfolioRun._meta.label: [run.pk] if run else []}
        write_loop(_sites(fleet), staff, now=now)
        write_night(_sites(fleet), staff, DemoObjects(fleet.made), loaded_at=fleet.loaded_at, now=now)
        write_incidents(_sites(fleet), staff, DemoObjects(fleet.made), now=now)
        fleet.sampled_at = now
        fleet.history = DemoFleet.History.DONE if portion is Portion.ALL else DemoFleet.History.RUNNING
        fleet.save(update_fields=["sampled_at", "history", "made"])
    return fleet


def catch_up(fleet: DemoFleet, *, now: datetime) -> None:
    """Add the minutes that passed during the loading, so that no source is late from the start."""
    now = now.replace(microsecond=0)
    began = fleet.sampled_at
    if began is None or not timedelta(minutes=1) <= now - began <= LOAD_TAKES:
        return
    with acting(ACTOR, message="Load the demo fleet"):
        plan = fleet_plan(scale=fleet.scale, names=fleet.site_names)
        add_minutes(plan, fleet, after=began, now=now)
        fleet.sampled_at = now
        fleet.save(update_fields=["sampled_at"])


def _sites(fleet: DemoFleet) -> dict[str, Site]:
    return {site.name: site for site in Site.objects.filter(pk__in=fleet.made[Site._meta.label])}


def _anchor(now: datetime) -> datetime:
    """Return the instant from which the past is counted back: the end of a quarter of an hour of the same UTC day.

    Samples up to then fill whole windows, and a circuit's continuous load is a 15-minute mean.
    """
    anchor = now - timedelta(minutes=now.minute % 15, seconds=now.second)
    return anchor if anchor.time() > time.min else anchor - timedelta(minutes=15)


@transaction.atomic
def write_inventory(
    plan: FleetPlan, *, scale: int, portion: Portion = Portion.ALL, now: datetime
) -> DemoFleet:
    objects = DemoObjects()
    catalogue = write_catalogue(plan.hardware, objects)
    sites = write_sites(plan, write_regions(plan.fleet["regions"], objects), objects)
    write_parts(plan, sites, catalogue, now=now)
    count_rows(apps.get_app_config("inventory").get_models())
    write_workloads(plan, sites, catalogue.accelerators, objects, now=now)
    write_logins(objects, now=now)
    logins = people(objects.ids)
    # Sources begin to send when the history begins, and their states are dated from then.
    write_sources(plan, sites, objects, owner=logins.get("ops"), now=now - HISTORY)
    write_records(plan, sites, logins, objects, now=now)
    staff = write_owners(sites, logins, objects, now=now)
    if staff is not None and staffed_of(sites):
        workforce = write_workforce(sites, staff, catalogue.manufacturers, objects, now=now)
        write_duty(plan, sites, workforce, objects, now=now)
        write_practice(sites, workforce, objects, now=now)
        write_legal_duties(sites, workforce.teams, objects, now=now)
    if staff is not None:
        write_standards(sites, staff, logins, objects, now=now)
    write_trials(plan, sites, by=logins.get("ops"), now=now)
    write_evidence(plan, sites, portion=portion, staff=logins, now=now)
    write_review(sites, logins, now=now)
    write_factors(plan, sites, objects, by=logins.get("planner"), now=now)
    return DemoFleet.objects.create(
        loaded_at=now, scale=scale, site_names=[site.name for site in plan.sites], made=objects.ids
    )


def write_evidence(
    plan: FleetPlan, sites: Mapping[str, Site], *, portion: Portion, staff: Mapping[str, User], now: datetime
) -> None:
    """Write a portion of the records and runs up to `now`, the time of loading."""
    write_values(plan, sites, daily=scored_days(), portion=portion, staff=staff, now=now)
    nights = {age - 1 for age in scored_days() if age}
    write_runs(plan, sites, nights=nights, portion=portion, by=staff.get("ops"), now=now)
