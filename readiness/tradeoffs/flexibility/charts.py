"""A chart of sites by conformance and by the freedom of their critical workloads, without combining the two."""

from collections import defaultdict
from collections.abc import Iterable

from plotly import graph_objects as go

from readiness.tradeoffs.flexibility.queries import FleetFlexibility, SiteFlexibility
from readiness.tradeoffs.flexibility.tables import finding, index, shares
from web.charts import Figure, figure, nothing, points, table
from web.units import day, how_many

MOST_TICKS = 10
MOST_NAMED = 3
HOVER = "Critical workloads, vendor concentration<br>%{customdata}<extra></extra>"


def conformance(fleet: FleetFlexibility) -> Figure:
    drawn = [site for site in fleet.sites if site.fewest is not None and site.conformance.value is not None]
    if not drawn:
        return nothing("No site has both an attested conformance and a critical workload.")
    looks = (
        (
            "A critical workload has no alternative",
            "bad",
            "diamond",
            [site for site in drawn if site.fewest == 0],
        ),
        ("Every critical workload has one", "ready", "circle", [site for site in drawn if site.fewest]),
    )
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
        "footer": _left_out(fleet),
        "narrow": {"margin": {"l": 44, "r": 20}, "xaxis": {"nticks": 4}},
        "table": _table(fleet),
    }
    return figure(
        [_dots(name, role, symbol, sites) for name, role, symbol, sites in looks if sites], layout, meta
    )


def _dots(name: str, role: str, symbol: str, sites: Iterable[SiteFlexibility]) -> go.Scatter:
    together: dict[tuple[float | None, int | None], list[SiteFlexibility]] = defaultdict(list)
    for site in sites:
        together[site.conformance.value, site.fewest].append(site)
    dots = points(
        name,
        [x for x, _ in together],
        [y for _, y in together],
        role,
        hover=HOVER,
        marker={"symbol": symbol, "size": 11},
        text=[_names(here) for here in together.values()],
        customdata=[
            "<br>".join(f"{site.name}: {len(site.alternatives)}, {_index(site)}" for site in here)
            for here in together.values()
        ],
        textposition="top center",
        cliponaxis=False,
    )
    return dots.update(mode="markers+text")


def _names(here: list[SiteFlexibility]) -> str:
    more = len(here) - MOST_NAMED
    names = [site.name for site in here[:MOST_NAMED]]
    return "<br>".join([*names, f"+ {more}"] if more > 0 else names)


def _index(site: SiteFlexibility) -> str:
    return index(site.vendors) or "unknown"


def _left_out(fleet: FleetFlexibility) -> str:
    without = sum(1 for site in fleet.sites if site.fewest is not None and site.conformance.value is None)
    idle = sum(1 for site in fleet.sites if site.fewest is None)
    sentences = []
    if without:
        sentences.append(f"{without} sites are not drawn: nobody attested their conformance")
    if idle:
        sentences.append(f"{how_many(idle, 'site runs', 'sites run')} no critical workload")
    return "; ".join(sentences)


def _table(fleet: FleetFlexibility) -> Figure:
    heads = (
        *("Site", "Conformance, %", "Provenance", "Attested"),
        *("Critical workloads", "Fewest alternatives", "Vendor concentration", "Accelerators by vendor"),
    )
    rows = [
        [
            site.name,
            site.conformance.value,
            str(site.conformance.provenance or ""),
            day(site.record.taken_on) if site.record else "",
            len(site.alternatives),
            site.fewest,
            _index(site),
            shares(site.vendors),
        ]
        for site in fleet.sites
    ]
    return table(heads, rows)
