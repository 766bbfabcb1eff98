"""Sites by how far they conform and how free their critical workloads are: side by side, in no one number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from plotly import graph_objects as go

from readiness.tradeoffs.flexibility.queries import FleetFlexibility, SiteFlexibility
from readiness.tradeoffs.flexibility.words import index, shares
from web.charts import Figure, figure, nothing
from web.units import how_many

MOST_TICKS = 10
MOST_NAMED = 3


def conformance(fleet: FleetFlexibility) -> Figure:
    drawn = [site for site in fleet.sites if site.fewest is not None and site.conformance.value is not None]
    if not drawn:
        return nothing("No site has both: an attested conformance, and a critical workload.")
    bound = [site for site in drawn if site.fewest == 0]
    free = [site for site in drawn if site.fewest]
    looks = zip(_looks(), (bound, free), strict=True)
    traces = [_dots(name, role, symbol, points) for (name, role, symbol), points in looks if points]
    most = max(site.fewest or 0 for site in drawn)
    layout = go.Layout(
        margin={"l": 62, "r": 24, "t": 16, "b": 48},
        hovermode="closest",
        xaxis={"title": {"text": "Devices that conform, % (attested)"}, "zeroline": False},
        yaxis={
            "title": {"text": "Alternatives of the workload with fewest"},
            "range": [-0.35, most * 1.15 + 0.85],
            "zeroline": False,
            **({"dtick": 1} if most <= MOST_TICKS else {}),
        },
    )
    meta = {
        "finding": finding(fleet),
        "footer": _left_out(fleet, drawn),
        "narrow": {"margin": {"l": 44, "r": 20}, "xaxis": {"nticks": 4}},
        "table": _table(fleet),
    }
    return figure(traces, layout, meta)


def finding(fleet: FleetFlexibility) -> str:
    with_none = sum(1 for site in fleet.sites if site.fewest == 0)
    with_any = sum(1 for site in fleet.sites if site.fewest is not None)
    if not with_any:
        return "No critical workload runs at a site in service."
    sites = f"{with_none} of {with_any} sites"
    return f"At {sites} with critical workloads, one of them has no alternative."


def _looks() -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    """Name, role and symbol of the sites with a workload that has no alternative, and of the others."""
    return (
        ("A critical workload has no alternative", "bad", "x"),
        ("Every critical workload has one", "ready", "circle"),
    )


def legend() -> list[dict[str, str]]:
    return [{"label": name, "role": role, "shape": "dot"} for name, role, _symbol in _looks()]


def _dots(name: str, role: str, symbol: str, points: Sequence[SiteFlexibility]) -> go.Scatter:
    """Sites with the same two figures are one mark, named together."""
    together: dict[tuple[float | None, int | None], list[SiteFlexibility]] = defaultdict(list)
    for site in points:
        together[site.conformance.value, site.fewest].append(site)
    return go.Scatter(
        x=[x for x, _ in together],
        y=[y for _, y in together],
        text=[
            "<br>".join(site.name for site in here[:MOST_NAMED]) + _rest(here) for here in together.values()
        ],
        customdata=[
            "<br>".join(f"{site.name}: {len(site.alternatives)}, {index(site.vendors)}" for site in here)
            for here in together.values()
        ],
        name=name,
        mode="markers+text",
        textposition="top center",
        cliponaxis=False,
        marker={"symbol": symbol, "size": 11},
        hovertemplate=f"{'Critical workloads, vendor concentration'}<br>%{{customdata}}<extra></extra>",
        meta={"role": role},
    )


def _rest(here: Sequence[SiteFlexibility]) -> str:
    more = len(here) - MOST_NAMED
    return f"<br>+ {more}" if more > 0 else ""


def _left_out(fleet: FleetFlexibility, drawn: Sequence[SiteFlexibility]) -> str:
    without = sum(1 for site in fleet.sites if site.fewest is not None and site.conformance.value is None)
    idle = sum(1 for site in fleet.sites if site.fewest is None)
    sentences = []
    if without:
        sentences.append(f"{without} sites are not drawn: nobody attested their conformance")
    if idle:
        sentences.append(f"{how_many(idle, 'site runs', 'sites run')} no critical workload")
    return "; ".join(sentences)


def _table(fleet: FleetFlexibility) -> dict[str, Any]:
    columns = [
        "Site",
        "Conformance, %",
        "Provenance",
        "Attested",
        "Critical workloads",
        "Fewest alternatives",
        "Vendor concentration",
        "Accelerators by vendor",
    ]
    rows = [
        [
            site.name,
            site.conformance.value,
            str(site.conformance.provenance or ""),
            site.record.taken_on.isoformat() if site.record else "",
            len(site.alternatives),
            site.fewest,
            index(site.vendors),
            shares(site.vendors),
        ]
        for site in fleet.sites
    ]
    return {"columns": columns, "rows": rows}
