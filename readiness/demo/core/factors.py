"""A plan of what the demo's operator knows about the costs and energy of its sites: daily entries and hourly values.

Pure and deterministic: a value depends only on the data file and the instant, so days can be added as they come.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

import numpy as np

from readiness.demo.core.noise import seeds, uniform, wander
from readiness.demo.core.plan import SitePlan, book
from readiness.tradeoffs.factors.core.entries import FactorEntry, LatencyEntry, RateEntry
from readiness.tradeoffs.factors.core.series import SeriesRow

DAY_S = 86_400.0
WEATHER_S = 2.5 * DAY_S
SUN_UP_H, SUN_DOWN_H = 8.0, 16.0
EVENING_H = 18.0
TRIPS_AGO = 90
CAPACITY_REPORTS = (66, 3)
"""Ages of the reports in days; decisions in the demo's past rest on the older one."""


def entries(site: SitePlan, slug: str, today: date) -> list[FactorEntry]:
    factors = (*_place_factors(site), *_hardware_factors(site))
    return [
        FactorEntry(
            line=line,
            site=slug,
            kind=kind,
            value=float(value),
            unit=unit,
            **_sourced(source, site.name, today, ago),
            **more,
        )
        for line, (kind, value, unit, source, ago, more) in enumerate(factors, start=1)
    ]


type Stated = tuple[str, float, str, str, int, dict[str, Any]]
"""Kind, value, unit, source, age in days, and further fields such as currency or band."""


def _place_factors(site: SitePlan) -> Iterator[Stated]:
    row = book("factors")["sites"].get(site.name, {})
    amounts = {
        "price": ("electricity_price", "tariff", 200),
        "earlier": ("electricity_price", "tariff", 565),
        "demand": ("demand_charge", "tariff", 200),
        "carbon_market": ("carbon_market", "supplier", 320),
        "supplier_average": ("carbon_average", "supplier", 320),
    }
    for key, (kind, source, ago) in amounts.items():
        if key in row:
            value, unit, *currency = row[key]
            yield kind, value, unit, source, ago, {"currency": currency[0]} if currency else {}
    if row:
        yield "pue", row["pue"], "", "design", 500, {}
        yield "egress_price", row["egress"], "USD/GB", "finance", 110, {}
        yield "network_free_gbps", row["wan"], "Gb/s", "network", 110, {}
        for ago in CAPACITY_REPORTS:
            yield "accelerators_free", row["free"], "", "scheduler", ago, {}


def _hardware_factors(site: SitePlan) -> Iterator[Stated]:
    row = book("factors")["accelerators"][site.node_type.key]
    years, unit = book("factors")["depreciation"]
    yield "accelerator_capex", row["capex"], "USD", "finance", 110, {}
    yield "depreciation_years", years, unit, "finance", 110, {}
    yield "accelerator_power_kw", *row["power"], "design", 500, {}
    band = {"low": float(row["low"]), "high": float(row["high"])}
    yield "accelerator_utilisation", *row["utilisation"], "scheduler", 66, band


def _sourced(source: str, site: str, today: date, ago: int) -> dict[str, Any]:
    return {
        "provenance": "simulated",
        "source": book("factors")["sources"][source].format(site=site),
        "as_of_on": today - timedelta(days=ago),
    }


def round_trips(site: SitePlan, slug: str, today: date) -> list[LatencyEntry]:
    """Return round trips to the user regions that no probe of the site covers."""
    return [
        LatencyEntry(
            line=line,
            site=slug,
            user_region=region,
            value=float(value),
            percentile=99.0,
            **_sourced("carrier", site.name, today, TRIPS_AGO),
        )
        for line, (region, value) in enumerate(
            book("factors")["round_trips"].get(site.name, {}).items(), start=1
        )
    ]


def rates(today: date) -> list[RateEntry]:
    fixed = [
        (today - timedelta(days=row["ago"]), currency, rate)
        for row in book("factors")["rates"]
        for currency, rate in row["of_a_dollar"].items()
    ]
    return [
        RateEntry(
            line=line,
            currency="USD",
            to_currency=currency,
            rate=float(rate),
            as_of_on=as_of_on,
            source=book("factors")["sources"]["finance"],
            provenance="simulated",
        )
        for line, (as_of_on, currency, rate) in enumerate(fixed, start=1)
    ]


def hourly(site_name: str) -> list[Mapping[str, Any]]:
    return [row for row in book("factors")["hours"] if row["site"] == site_name]


def hours(row: Mapping[str, Any], first: date, last: date, *, utc_offset_h: float) -> list[SeriesRow]:
    """Values of every interval of these UTC days, both included. The sun follows the site's local clock."""
    step_s = 60 * row.get("step_min", 60)
    begin = datetime.combine(first, time(), UTC)
    count = ((last - first).days + 1) * int(DAY_S) // step_s
    instants = begin.timestamp() + step_s * np.arange(count, dtype=np.float64)
    values = _shape(row, instants, utc_offset_h)
    return [
        SeriesRow(line, begin + timedelta(seconds=step_s * line), round(float(value), 5))
        for line, value in enumerate(values)
    ]


def _shape(row: Mapping[str, Any], instants: np.ndarray[Any, Any], utc_offset_h: float) -> Sequence[float]:
    """A daily curve: the mean, an evening peak, a midday dip from solar power, weather over days, and rare scarce
    hours."""
    seed = seeds([f"{row['site']}:{row['kind']}"])
    column = instants[:, np.newaxis]
    local_h = (instants / 3600 + utc_offset_h) % 24
    evening = np.cos((local_h - EVENING_H) / 24 * 2 * np.pi)
    high_sun = np.sin(np.clip((local_h - SUN_UP_H) / (SUN_DOWN_H - SUN_UP_H), 0, 1) * np.pi)
    cloud = (1 + wander(seed + np.uint64(1), column, every_s=DAY_S)[:, 0]) / 2
    weather = wander(seed, column, every_s=WEATHER_S)[:, 0]
    values = row["base"] + row["day"] * evening - row["noon"] * high_sun * cloud + row["wind"] * weather
    scarce = uniform(seed + np.uint64(2), column, every_s=3600.0)[:, 0] < row.get("spikes", 0) / 1000
    values = np.where(scarce, row["base"] * row.get("peak", 1), values)
    # Emissions cannot be negative; prices can.
    floor = -np.inf if row["kind"] == "electricity_price" else 0.05 * row["base"]
    return cast(Sequence[float], np.maximum(values, floor).tolist())
