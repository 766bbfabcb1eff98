"""Sites by how far they conform and how free their critical workloads are: side by side, in no one number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext, ngettext
from plotly import graph_objects as go

from readiness.scoring.charts import Figure, figure, nothing
from readiness.tradeoffs.flexibility.queries import FleetFlexibility, SiteFlexibility
from readiness.tradeoffs.flexibility.words import index, shares

MOST_TICKS = 10
MOST_NAMED = 3


def conformance(found: FleetFlexibility) -> Figure:
    drawn = [one for one in found.sites if one.fewest is not None and one.conformance.value is not None]
    if not drawn:
        return nothing(gettext("No site has both: an attested conformance, and a critical workload."))
    bound = [one for one in drawn if one.fewest == 0]
    free = [one for one in drawn if one.fewest]
    looks = zip(_looks(), (bound, free), strict=True)
    traces = [_dots(name, role, symbol, points) for (name, role, symbol), points in looks if points]
    most = max(one.fewest or 0 for one in drawn)
    layout = go.Layout(
        margin={"l": 62, "r": 24, "t": 16, "b": 48},
        hovermode="closest",
        xaxis={"title": {"text": gettext("Devices that conform, % (attested)")}, "zeroline": False},
        yaxis={
            "title": {"text": gettext("Alternatives of the workload with fewest")},
            "range": [-0.35, most * 1.15 + 0.85],
            "zeroline": False,
            **({"dtick": 1} if most <= MOST_TICKS else {}),
        },
    )
    meta = {
        "finding": finding(found),
        "footer": _left_out(found, drawn),
        "narrow": {"margin": {"l": 44, "r": 20}, "xaxis": {"nticks": 4}},
        "table": _table(found),
    }
    return figure(traces, layout, meta)


def finding(found: FleetFlexibility) -> str:
    with_none = sum(1 for one in found.sites if one.fewest == 0)
    with_any = sum(1 for one in found.sites if one.fewest is not None)
    if not with_any:
        return gettext("No critical workload runs at a site in service.")
    told = gettext("At %(none)s of %(all)s sites with critical workloads, one of them has no alternative.")
    return told % {"none": with_none, "all": with_any}


def _looks() -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    """Name, role and symbol of the sites with a workload that has no alternative, and of the others."""
    return (
        (gettext("A critical workload has no alternative"), "bad", "x"),
        (gettext("Every critical workload has one"), "ready", "circle"),
    )


def legend() -> list[dict[str, str]]:
    return [{"label": name, "role": role, "shape": "dot"} for name, role, _symbol in _looks()]


def _dots(name: str, role: str, symbol: str, points: Sequence[SiteFlexibility]) -> go.Scatter:
    """Sites with the same two figures are one mark, named together."""
    together: dict[tuple[float | None, int | None], list[SiteFlexibility]] = defaultdict(list)
    for one in points:
        together[one.conformance.value, one.fewest].append(one)
    return go.Scatter(
        x=[x for x, _ in together],
        y=[y for _, y in together],
        text=["<br>".join(one.name for one in here[:MOST_NAMED]) + _rest(here) for here in together.values()],
        customdata=[
            "<br>".join(f"{one.name}: {len(one.alternatives)}, {index(one.vendors)}" for one in here)
            for here in together.values()
        ],
        name=name,
        mode="markers+text",
        textposition="top center",
        cliponaxis=False,
        marker={"symbol": symbol, "size": 11},
        hovertemplate=f"{gettext('Critical workloads, vendor concentration')}<br>%{{customdata}}<extra></extra>",
        meta={"role": role},
    )


def _rest(here: Sequence[SiteFlexibility]) -> str:
    more = len(here) - MOST_NAMED
    return f"<br>+ {more}" if more > 0 else ""


def _left_out(found: FleetFlexibility, drawn: Sequence[SiteFlexibility]) -> str:
    without = sum(1 for one in found.sites if one.fewest is not None and one.conformance.value is None)
    idle = sum(1 for one in found.sites if one.fewest is None)
    told = []
    if without:
        told.append(gettext("%(n)s sites are not drawn: nobody attested their conformance") % {"n": without})
    if idle:
        run = ngettext("%(n)s site runs no critical workload", "%(n)s sites run no critical workload", idle)
        told.append(run % {"n": idle})
    return "; ".join(told)


def _table(found: FleetFlexibility) -> dict[str, Any]:
    columns = [
        gettext("Site"),
        gettext("Conformance, %"),
        gettext("Provenance"),
        gettext("Attested"),
        gettext("Critical workloads"),
        gettext("Fewest alternatives"),
        gettext("Vendor concentration"),
        gettext("Accelerators by vendor"),
    ]
    rows = [
        [
            one.name,
            one.conformance.value,
            str(one.conformance.provenance or ""),
            one.record.taken_on.isoformat() if one.record else "",
            len(one.alternatives),
            one.fewest,
            index(one.vendors),
            shares(one.vendors),
        ]
        for one in found.sites
    ]
    return {"columns": columns, "rows": rows}
