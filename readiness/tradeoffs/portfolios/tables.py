"""Columns as data: the list of runs, and the moves of one point."""

from readiness.tradeoffs.models import PortfolioRun
from readiness.tradeoffs.portfolios import sentences
from readiness.tradeoffs.portfolios.result import Result
from web.links import link
from web.rest.filters import ObjectFilterSet
from web.tables import Column, Table

SITE_CELL = "readiness/portfolios/site_cell.html"


class PortfolioFilters(ObjectFilterSet):
    """The endpoint has the same."""

    class Meta:
        model = PortfolioRun
        fields = ("state", "asked_by", "asked_at", "finished_at", "points_total", "workloads_total")
        search_fields = ("asked_by__username",)


RUNS = Table(
    id="portfolios",
    noun=("portfolio", "portfolios"),
    label="Portfolios",
    columns=(
        Column("state", "State", template="readiness/portfolios/state_cell.html", sort="state", phone="status"),
        Column("asked_at", "Asked", url=lambda run: link("portfolio", run.pk), sort="asked_at", locked=True,
               phone="title"),
        Column("asked_by", "By", value="asked_by.username", sort="asked_by__username"),
        Column("workloads", "Workloads", value="workloads_total", sort="workloads_total", numeric=True),
        Column("points", "Points found", text=lambda run: f"{run.points_done} / {run.points_total}",
               value="points_done", numeric=True),
        Column("weights", "Weights", value=lambda run: sentences.weights(run.inputs["weights"]), phone="full"),
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
)  # fmt: skip


def moves(result: Result) -> Table:
    return Table(
        id="moves",
        noun=("move", "moves"),
        label="Moves",
        columns=(
            Column("workload", "Workload", value="workload.name", url=lambda row: link("workload", row.workload.slug),
                   sort=True, locked=True, phone="title", export="workload.slug"),
            Column("from", "From", value="before.name", template=SITE_CELL, sort=True, export="before.slug"),
            Column("to", "To", value="after.name", template=SITE_CELL, sort=True, export="after.slug"),
            Column("why", "Why it moves", value="reason", sort=lambda row: row.order, phone="full"),
            *(_change(result, name) for name in result["objectives"]),
            Column("consequences", "What it does", value="line", phone="full"),
        ),
        row_id="workload.slug",
        row_name="workload.name",
        default_sort="why",
        row_url=lambda row: link("workload", row.workload.slug),
        empty={
            "title": "Nothing moves",
            "text": "At this point every workload runs where it runs today.",
            "icon": "circle-check",
        },
    )  # fmt: skip


def _change(result: Result, name: str) -> Column:
    unit = result["units"][name].partition(",")[0]
    return Column(
        name,
        f"{sentences.OBJECTIVES[name]}, {unit}",
        value=lambda row: row.changes[name],
        text=lambda row: sentences.signed(row.changes[name]),
        sort=True,
        numeric=True,
    )
