"""Sites by how far they conform and how free their critical workloads are: side by side, in no one number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext
from plotly import graph_objects as go

from readiness.scoring.charts import Figure, figure, nothing
from readiness.tradeoffs.flexibility.queries import Fleet, SiteRow
from readiness.tradeoffs.flexibility.words import index, shares

MOST_NAMED = 12


def conformance(found: Fleet) -> Figure:
    drawn = [one for one in found.sites if one.fewest is not None and one.conformance.value is not None]
    if not drawn:
        return nothing(gettext("No site has both: an attested conformance, and a critical workload."))
    bound = [one for one in drawn if one.fewest == 0]
    free = [one for one in drawn if one.fewest]
    kinds = (
        (gettext("A critical workload has no alternative"), "bad", "x", bound),
        (gettext("Every critical workload has one"), "ready", "circle", free),
    )
    traces = [
        _dots(name, role, symbol, points, named=len(drawn) <= MOST_NAMED)
        for name, role, symbol, points in kinds
        if points
    ]
    layout = go.Layout(
        margin={"l": 62, "r": 24, "t": 16, "b": 48},
        hovermode="closest",
        showlegend=True,
        xaxis={"title": {"text": gettext("Devices that conform, % (attested)")}, "zeroline": False},
        yaxis={
            "title": {"text": gettext("Alternatives of the workload with fewest")},
            "rangemode": "tozero",
            "zeroline": False,
            "tickformat": "d",
        },
    )
    meta = {
        "finding": finding(found),
        "footer": _left_out(found, drawn),
        "narrow": {"margin": {"l": 48}, "xaxis": {"nticks": 4}},
        "table": _table(found),
    }
    return figure(traces, layout, meta)


def finding(found: Fleet) -> str:
    with_none = sum(1 for one in found.sites if one.fewest == 0)
    with_any = sum(1 for one in found.sites if one.fewest is not None)
    if not with_any:
        return gettext("No critical workload runs at a site in service.")
    told = gettext("At %(none)s of %(all)s sites with critical workloads, one of them has no alternative.")
    return told % {"none": with_none, "all": with_any}


def _dots(name: str, role: str, symbol: str, points: Sequence[SiteRow], *, named: bool) -> go.Scatter:
    return go.Scatter(
        x=[one.conformance.value for one in points],
        y=[one.fewest for one in points],
        text=[one.name for one in points],
        customdata=[[len(one.alternatives), index(one.vendors)] for one in points],
        name=name,
        mode="markers+text" if named else "markers",
        textposition="top center",
        marker={"symbol": symbol, "size": 11},
        hovertemplate=gettext("<b>%(site)s</b><br>critical workloads: %(n)s<br>vendor concentration: %(hhi)s")
        % {"site": "%{text}", "n": "%{customdata[0]}", "hhi": "%{customdata[1]}"}
        + "<extra></extra>",
        meta={"role": role},
    )


def _left_out(found: Fleet, drawn: Sequence[SiteRow]) -> str:
    without = sum(1 for one in found.sites if one.fewest is not None and one.conformance.value is None)
    idle = sum(1 for one in found.sites if one.fewest is None)
    told = []
    if without:
        told.append(gettext("%(n)s sites are not drawn: nobody attested their conformance") % {"n": without})
    if idle:
        told.append(gettext("%(n)s run no critical workload") % {"n": idle})
    return "; ".join(told)


def _table(found: Fleet) -> dict[str, Any]:
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
