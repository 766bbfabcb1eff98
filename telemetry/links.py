"""Addresses of the explorer and of a series' object."""

from collections.abc import Mapping, Sequence

from telemetry.explore import ExploredLine
from telemetry.intake import object_of
from telemetry.models import Series
from telemetry.params import EXPLORED, OBJECTS, SECOND
from web.links import link, page_url

type Parameter = str | int | float | Sequence[str] | None


def object_url(series: Series) -> str:
    described = object_of(series)
    return (page_url(described) or "") if described is not None else ""


def explore_url(
    first: Mapping[str, Parameter],
    *,
    second: Mapping[str, Parameter] | None = None,
    relation: str = "",
    earlier: str = "",
) -> str:
    """The address of Explore with everything filled in, for whoever draws a metric.

    `first` and `second` are questions, with parameters of `telemetry.params.PARAMETERS`: `metric`, `site`,
    `device_id`, `labels`, `aggregation`, `combine`, `group_by`, `start` …; the second takes site and object of the
    first if it names none. `relation` (`RELATIONS`) is how the two are compared, `earlier` (`EARLIER`) the period
    drawn beside. Empty values are left out. Raises ValueError for a parameter that Explore does not know.
    """
    query = {"relation": relation, "earlier": earlier} | dict(first)
    query |= {f"{SECOND}{name}": value for name, value in (second or {}).items()}
    filled = {name: value for name, value in query.items() if value not in ("", None, [], ())}
    if unknown := sorted(filled.keys() - set(EXPLORED)):
        raise ValueError(f"Explore has no parameter {unknown[0]}.")
    return link("explore", **filled)


def series_url(series: Series) -> str:
    labels = [f"{name}={value}" for name, value in sorted(series.labels.items())]
    return explore_url({"metric": series.metric, "site": _slug(series), "labels": labels})


def metric_url(series: Series) -> str:
    described = next((name for name in OBJECTS if getattr(series, name)), "")
    narrowed: dict[str, Parameter] = {described: getattr(series, described)} if described else {}
    return explore_url({"metric": series.metric, "site": _slug(series)} | narrowed)


def _slug(series: Series) -> str:
    return series.site.slug if series.site else ""


def line_url(line: ExploredLine) -> str:
    return series_url(line.series) if line.series else ""
