"""Interoperability in words: key figures and the matrix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from readiness.boards import findings
from readiness.boards.interop.queries import WORST_FIRST, FleetPair, Matrix, ProductPairCell, SitePairs
from readiness.boards.interop.tables import worst_site
from readiness.evidence.core.proving.interop import JudgedPair, PairStanding
from readiness.scoring.core.gap import CapacityFigures
from web.links import link
from web.states import state
from web.units import how_many, plural

type Line = dict[str, Any]


def fleet_figures(sites: Sequence[SitePairs], pairs: Sequence[FleetPair]) -> list[Line]:
    """At how many sites pairs are proven, and what hangs on those that are not."""
    open_sites = [site for site in sites if site.proven < len(site.pairs) and not site.is_single_vendor]
    stake = sum((site.deployed for site in open_sites), start=CapacityFigures(0, 0))
    standings = Counter(pair.standing for pair in pairs)
    return [
        {
            "label": "Pairs deployed",
            "value": len(pairs),
            "note": "products at their versions",
        },
        {
            "label": "Proven at every site",
            "value": standings[PairStanding.PROVEN],
            "note": "every aspect, at the deployed versions",
        },
        {
            "label": "Proven at other versions",
            "value": standings[PairStanding.OTHER_VERSIONS],
            "note": "tested, and upgraded since",
            "tone": "warn" if standings[PairStanding.OTHER_VERSIONS] else "",
        },
        {
            "label": "Capacity at stake",
            "value": findings.kw(stake.it_kw),
            "note": plural(
                len(open_sites),
                f"at {len(open_sites)} site of several vendors with unproven pairs",
                f"at {len(open_sites)} sites of several vendors with unproven pairs",
            ),
            "tone": "warn" if open_sites else "",
        },
        {
            "label": "Single-vendor sites",
            "value": sum(site.is_single_vendor for site in sites),
            "note": "not proven multi-vendor",
        },
    ]


def matrix_lines(matrix: Matrix) -> dict[str, Any]:
    """Heads and rows of the matrix; below the diagonal only, since a pair has no direction."""
    names = [{"vendor": vendor, "model": model} for vendor, model in matrix.products]
    rows = [
        {
            "head": names[row],
            "cells": [
                _cell(matrix.cells.get((row, column)), names[row], names[column]) for column in range(row + 1)
            ]
            + [None] * (len(names) - row - 1),
        }
        for row in range(len(names))
    ]
    return {"heads": names, "rows": rows}


def _leads_to(pair: FleetPair | JudgedPair) -> str:
    """The run that says so; over the fleet the site where it stands worst. "" where there is no record."""
    if isinstance(pair, FleetPair):
        return worst_site(pair)
    return link("validation-run-detail", pair.runs[-1].id) if pair.runs else ""


def _cell(cell: ProductPairCell | None, first: Line, second: Line) -> Line | None:
    if cell is None:
        return None
    total = sum(cell.standings.values())
    proven = cell.standings[PairStanding.PROVEN]
    counted = ", ".join(
        f"{count} × {state('interop', standing.value).word}"
        for standing in WORST_FIRST
        if (count := cell.standings[standing])
    )
    return {
        "state": cell.worst.value,
        "url": _leads_to(cell.pairs[0]),
        "note": cell.pairs[0].reason if cell.worst is PairStanding.OTHER_VERSIONS else "",
        "count": f"{proven} of {total}",
        "links": how_many(cell.links, "link", "links"),
        "back_end": cell.back_end,
        "label": f"{first['vendor']} {first['model']} – {second['vendor']} {second['model']}: {counted}",
    }
