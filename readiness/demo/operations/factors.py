"""Write the operator's knowledge of costs and energy, and hourly prices and carbon as they arrive."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import User
from inventory.models import Site
from readiness.demo.core.factors import entries, hourly, hours, rates, round_trips
from readiness.demo.core.plan import FleetPlan, book
from readiness.demo.operations.made import DemoObjects
from readiness.tradeoffs.factors.core.published import DataSetUnreadable
from readiness.tradeoffs.factors.loading import NotInstalled, load_factors
from readiness.tradeoffs.factors.operations import (
    SeriesOf,
    enter_factors,
    enter_latencies,
    enter_rates,
    enter_series,
)
from readiness.tradeoffs.models import ExchangeRate, FactorDay


def write_factors(
    plan: FleetPlan, sites: Mapping[str, Site], objects: DemoObjects, *, by: User | None, now: datetime
) -> None:
    """Entries dated before `now`, each in the unit of its source, all marked simulated."""
    today = now.date()
    planned = [entry for site in plan.sites for entry in entries(site, sites[site.name].slug, today)]
    enter_factors(entries=planned, by=by, now=now)
    trips = [trip for site in plan.sites for trip in round_trips(site, sites[site.name].slug, today)]
    enter_latencies(entries=trips, by=by, now=now)
    # Rates from the installation's own sources stay unchanged and are not removed with the demo.
    earlier_ids = set(ExchangeRate.objects.values_list("pk", flat=True))
    entered = enter_rates(entries=rates(today), by=by, now=now)
    objects.note([rate for rate in entered.rows if rate.pk not in earlier_ids])
    keep_hours(sites.values(), by=by, now=now)


def keep_hours(sites: Iterable[Site], *, by: User | None, now: datetime) -> int:
    """Enter the hours up to the end of tomorrow, as a day-ahead market publishes them; returns the number of days."""
    today = now.astimezone(UTC).date()
    entered = 0
    for site in sites:
        for row in hourly(site.name):
            source = book("factors")["sources"]["exchange"].format(site=site.name)
            factor_days = FactorDay.objects.days_of_source(site.pk, row["kind"], source)
            newest = factor_days.order_by("-day_on").values_list("day_on", flat=True).first()
            first = _first(newest, today)
            last = today + timedelta(days=1)
            if first > last:
                continue
            about = SeriesOf(
                site=site,
                kind=row["kind"],
                unit=row["unit"],
                source=source,
                basis="published",
                provenance="simulated",
                step_min=row.get("step_min", 60),
            )
            offset = ZoneInfo(site.time_zone).utcoffset(now)
            utc_offset_h = offset.total_seconds() / 3600 if offset else 0.0
            stated = hours(row, first, last, utc_offset_h=utc_offset_h)
            entered += enter_series(about=about, rows=stated, by=by, now=now).created
    return entered


def _first(newest: date | None, today: date) -> date:
    since = today - timedelta(days=int(book("factors")["hours_since"]))
    return since if newest is None else max(newest + timedelta(days=1), since)


def load_published(*, by: User | None, now: datetime) -> str:
    """Load published data about the sites and return one sentence. The demo also works without it."""
    try:
        loaded = load_factors(by=by, now=now)
    except (NotInstalled, DataSetUnreadable) as error:
        return f"Published factors are left out: {error}"
    return f"Published factors: carbon {loaded.carbon}; round trips {loaded.latencies}."
