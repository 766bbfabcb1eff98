"""Columns and filters as data: the list of decisions, and the options of one."""

from typing import Any

from django.db.models import Q

from readiness.tradeoffs.core.units import number
from readiness.tradeoffs.decisions import sentences
from readiness.tradeoffs.decisions.queries import mean_error
from readiness.tradeoffs.models import Decision
from web import clock
from web.links import link
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import Flag
from web.tables import Column, RowFilter, Table

STANDINGS = {"feasible": "Feasible", "undecided": "Undecided", "rejected": "Rejected"}


def _due(_key: str) -> Q:
    return Q(state=Decision.State.APPROVED, reviewed_at=None, due_on__lte=clock.now().date())


class DecisionFilters(ObjectFilterSet):
    due = Flag(read=_due, label="Review is due")
    reviewed = Flag(read=lambda _key: Q(reviewed_at__isnull=False), label="Reviewed")

    class Meta:
        model = Decision
        fields = [
            *("workload", "site", "previous_site", "state", "decided_by", "answered_by"),
            *("decided_at", "due_on", "reviewed_at"),
        ]
        search_fields = ["workload_name", "site__name", "previous_name", "rationale", "decided_by__username"]
        panel = ["state", "workload", "site", "decided_by", "due", "reviewed"]


def address(decision: Decision) -> str:
    return link("decision", decision.pk)


def reviewed(decision: Decision) -> str:
    if decision.reviewed_at is not None:
        return f"reviewed {decision.reviewed_at:%Y-%m-%d}"
    if decision.state in (Decision.State.REJECTED, Decision.State.WITHDRAWN):
        return "not reviewed"
    return f"on {decision.due_on.isoformat()}"


def _mean_error(decision: Decision) -> str:
    error = mean_error(decision)
    return "" if error is None else f"{number(error)} %"


DECISIONS = Table(
    id="decisions",
    noun=("decision", "decisions"),
    label="Decisions",
    columns=(
        Column("state", "State", template="readiness/decisions/state_cell.html", sort="state", phone="status"),
        Column("workload", "Workload", value="workload_name", url=address, sort="workload_name", locked=True,
               phone="title", export="workload_slug"),
        Column("site", "Chosen site", value="site.name", sort="site__name", export="site.slug"),
        Column("previous", "Site before", value="previous_name", sort="previous_name", phone="pair"),
        Column("decided_by", "Decided by", value="decided_by.username", sort="decided_by__username"),
        Column("decided_at", "Decided", sort="decided_at"),
        Column("answered_by", "Answered by", value="answered_by.username", sort="answered_by__username"),
        Column("review", "Review", value="due_on", text=reviewed, sort="due_on", export="due_on"),
        Column("mean_error", "Mean error", value=mean_error, text=_mean_error, numeric=True,
               hint="Mean of the errors of its objectives, each in percent of what came and without its sign"),
        Column("reviewed_at", "Reviewed at", sort="reviewed_at", default=False),
        Column("rationale", "Rationale", phone="full", default=False),
    ),
    filterset=DecisionFilters,
    default_sort="-decided_at",
    row_url=address,
    api="tradeoffs-api-decision-list",
    empty={
        "title": "No decision yet",
        "text": "Where a workload runs is decided from its placement: choose a site there, and say why.",
        "icon": "scale",
    },
)  # fmt: skip


def options(decision: Decision) -> Table:
    names = [forecast.objective for forecast in decision.forecasts.all()]
    weighed = [name for name in names if any(name in option["objectives"] for option in decision.options)]
    return Table(
        id="options",
        noun=("site", "sites"),
        label="Options",
        columns=(
            Column("name", "Site", template="readiness/decisions/option_cell.html", sort=True, locked=True,
                   phone="title"),
            Column("standing", "Standing", text=lambda row: STANDINGS[row["standing"]], sort=True),
            Column("rank", "Rank", sort=True, numeric=True),
            Column("score", "Score", text=lambda row: "" if row["score"] is None else f"{row['score']:.3f}", sort=True,
                   numeric=True),
            *(_figure_column(name, _unit_of(decision, name)) for name in weighed),
            Column("reasons", "Why not", value=lambda row: "; ".join(row["reasons"]),
                   template="readiness/decisions/reasons_cell.html", phone="full"),
            Column("factors", "Factors", value="site", text=lambda _row: "frozen",
                   url=lambda row: f"{link('decision', decision.pk, factors=row["site"])}#h-factors", phone="hide"),
        ),
        filters=(RowFilter("standing", "Standing", "standing", [*STANDINGS.items()]),),
        per_page=20,
        row_id="site",
        row_name="name",
    )  # fmt: skip


def _unit_of(decision: Decision, name: str) -> str:
    figures = [option["objectives"][name] for option in decision.options if name in option["objectives"]]
    units = {stated["unit"] for stated in figures if stated["value"] is not None}
    return units.pop() if len(units) == 1 else ""


def _figure_column(name: str, unit: str) -> Column:
    def text(row: dict[str, Any]) -> str:
        stated = row["objectives"][name]
        return sentences.figure(stated["value"], "" if unit else stated["unit"]) or "unknown"

    return Column(
        name,
        sentences.objective(name),
        value=f"objectives.{name}.value",
        text=text,
        unit=sentences.unit(unit),
        # Sequences are sorted as wholes: what is unknown goes last.
        sort=lambda row: (
            row["objectives"][name]["value"] is None,
            row["objectives"][name]["value"] or 0.0,
        ),
        numeric=True,
    )
