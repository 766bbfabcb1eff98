"""Columns as data: the list of runs, and the moves of one point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from readiness.tradeoffs.portfolios import lines
from readiness.tradeoffs.portfolios.filters import PortfolioFilters
from web.links import link
from web.tables import Column, Table

SITE_CELL = "readiness/portfolios/site_cell.html"
RUNS = Table(
    id="portfolios",
    noun=("portfolio", "portfolios"),
    label="Portfolios",
    columns=(
        Column(
            "state",
            "State",
            value=lambda run: run.state,
            template="readiness/portfolios/state_cell.html",
            sort="state",
            phone="status",
        ),
        Column(
            "asked_at",
            "Asked",
            url=lambda run: link("portfolio", run.pk),
            sort="asked_at",
            locked=True,
            phone="title",
        ),
        Column("asked_by", "By", value="asked_by.username", sort="asked_by__username"),
        Column("workloads", "Workloads", value="workloads_total", sort="workloads_total", numeric=True),
        Column(
            "points",
            "Points found",
            text=lambda run: f"{run.points_done} / {run.points_total}",
            value="points_done",
            numeric=True,
        ),
        Column(
            "weights",
            "Weights",
            value=lambda run: ", ".join(
                f"{lines.OBJECTIVE_NAMES[name]} {weight:g}" for name, weight in run.inputs["weights"].items()
            ),
            phone="full",
        ),
        Column("finished_at", "Ended", sort="finished_at", default=False),
    ),
    filterset=PortfolioFilters,
    default_sort="-asked_at",
    row_url=lambda run: link("portfolio", run.pk),
    row_name=str,
    api="tradeoffs-api-portfolio-run-list",
    empty={
        "title": "No portfolio yet",
        "text": "A portfolio places all workloads at once under what the sites have free, and shows what that changes.",
        "icon": "arrows-sort",
    },
)


def moves(result: Mapping[str, Any]) -> Table:
    return Table(
        id="moves",
        noun=("move", "moves"),
        label="Moves",
        columns=(
            Column(
                "workload",
                "Workload",
                value="name",
                url=lambda row: link("workload", row.workload),
                sort="name",
                locked=True,
                phone="title",
                export="workload",
            ),
            Column(
                "from",
                "From",
                value="before_name",
                template=SITE_CELL,
                sort="before_name",
                export="before",
            ),
            Column("to", "To", value="after_name", template=SITE_CELL, sort="after_name", export="after"),
            Column("why", "Why it moves", value="reason", sort=lines.order, phone="full"),
            *(_change(result, name) for name in result["objectives"]),
            Column(
                "consequences",
                "What it does",
                value="line",
                phone="full",
            ),
        ),
        row_id="workload",
        row_name="name",
        default_sort="why",
        row_url=lambda row: link("workload", row.workload),
        empty={
            "title": "Nothing moves",
            "text": "At this point every workload runs where it runs today.",
            "icon": "circle-check",
        },
    )


def _change(result: Mapping[str, Any], name: str) -> Column:
    unit = result["units"][name].partition(",")[0]
    return Column(
        name,
        f"{lines.OBJECTIVE_NAMES[name]}, {unit}",
        value=lambda row: row.changes[name],
        text=lambda row: lines.signed(row.changes[name]),
        sort=lambda row: row.changes[name],
        numeric=True,
    )
