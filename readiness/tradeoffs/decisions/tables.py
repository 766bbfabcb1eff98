"""Columns as data: the list of decisions, and the options of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from readiness.tradeoffs.core.words import number
from readiness.tradeoffs.decisions import sentences
from readiness.tradeoffs.decisions.filters import DecisionFilters
from readiness.tradeoffs.decisions.queries import DecisionRow, OptionRow
from readiness.tradeoffs.models import Decision
from web.links import link
from web.tables import Column, RowFilter, Table


def address(row: DecisionRow) -> str:
    return link("decision", row.decision.pk)


def reviewed(row: DecisionRow) -> str:
    """When it was compared with what came, or when it will be."""
    decision = row.decision
    if decision.reviewed_at is not None:
        return f"reviewed {decision.reviewed_at:%Y-%m-%d}"
    if decision.state in (Decision.State.REJECTED, Decision.State.WITHDRAWN):
        return "not reviewed"
    return f"on {decision.due_on.isoformat()}"


DECISIONS = Table(
    id="decisions",
    noun=("decision", "decisions"),
    label="Decisions",
    columns=(
        Column(
            "state",
            "State",
            value="decision.state",
            template="readiness/decisions/state_cell.html",
            sort="state",
            phone="status",
        ),
        Column(
            "workload",
            "Workload",
            value="decision.workload_name",
            url=address,
            sort="workload_name",
            locked=True,
            phone="title",
            export="decision.workload_slug",
        ),
        Column(
            "site",
            "Chosen site",
            value="decision.site.name",
            sort="site__name",
            export="decision.site.slug",
        ),
        Column("previous", "Site before", value="decision.previous_name", sort="previous_name", phone="pair"),
        Column("decided_by", "Decided by", value="decision.decided_by.username", sort="decided_by__username"),
        Column("decided_at", "Decided", value="decision.decided_at", sort="decided_at"),
        Column(
            "answered_by",
            "Answered by",
            value="decision.answered_by.username",
            sort="answered_by__username",
        ),
        Column(
            "review",
            "Review",
            value="decision.due_on",
            text=reviewed,
            sort="due_on",
            export="decision.due_on",
        ),
        Column(
            "mean_error",
            "Mean error",
            text=lambda row: "" if row.mean_error is None else f"{number(row.mean_error)} %",
            numeric=True,
            hint="Mean of the errors of its objectives, each in percent of what came and without its sign",
        ),
        Column("reviewed_at", "Reviewed at", value="decision.reviewed_at", sort="reviewed_at", default=False),
        Column("rationale", "Rationale", value="decision.rationale", phone="full", default=False),
    ),
    filterset=DecisionFilters,
    default_sort="-decided_at",
    row_id="decision.pk",
    row_name=lambda row: str(row.decision),
    row_url=address,
    api="tradeoffs-api-decision-list",
    empty={
        "title": "No decision yet",
        "text": "Where a workload runs is decided from its placement: choose a site there, and say why.",
        "icon": "scale",
    },
)

STANDINGS = (
    ("feasible", "Feasible"),
    ("undecided", "Undecided"),
    ("rejected", "Rejected"),
)


def options(decision: Decision) -> Table:
    """List the rows of OptionRow; each objective that was weighed has a column."""
    names = [forecast.objective for forecast in decision.forecasts.all()]
    weighed = [name for name in names if any(name in option["objectives"] for option in decision.options)]
    return Table(
        id="options",
        noun=("site", "sites"),
        label="Options",
        columns=(
            Column(
                "name",
                "Site",
                template="readiness/decisions/option_cell.html",
                sort=True,
                locked=True,
                phone="title",
            ),
            Column("standing", "Standing", text=lambda row: dict(STANDINGS)[row.standing], sort=True),
            Column("rank", "Rank", sort=True, numeric=True),
            Column(
                "score",
                "Score",
                text=lambda row: "" if row.score is None else f"{row.score:.3f}",
                sort=True,
                numeric=True,
            ),
            *(_figure_column(name, _unit_of(decision, name)) for name in weighed),
            Column(
                "reasons",
                "Why not",
                value=lambda row: "; ".join(row.reasons),
                template="readiness/decisions/reasons_cell.html",
                phone="full",
            ),
            Column(
                "factors",
                "Factors",
                value=lambda row: row.site,
                text=lambda _row: "frozen",
                url=lambda row: f"{link('decision', decision.pk, factors=row.site)}#h-factors",
                phone="hide",
            ),
        ),
        filters=(RowFilter("standing", "Standing", "standing", STANDINGS),),
        per_page=20,
        row_id="site",
        row_name="name",
    )


def _unit_of(decision: Decision, name: str) -> str:
    """Return what every known figure of the objective is in; "" where they differ, and each says its own."""
    figures = [option["objectives"][name] for option in decision.options if name in option["objectives"]]
    units = {stated["unit"] for stated in figures if stated["value"] is not None}
    return units.pop() if len(units) == 1 else ""


def _figure_column(name: str, unit: str) -> Column:
    def text(row: OptionRow) -> str:
        stated = row.figures[name]
        return sentences.figure(stated["value"], "" if unit else stated["unit"]) or "unknown"

    return Column(
        name,
        sentences.objective(name),
        value=_value(name),
        text=text,
        unit=sentences.unit(unit),
        # Sequences are sorted as wholes: what is unknown goes last.
        sort=lambda row: (row.figures[name]["value"] is None, row.figures[name]["value"] or 0.0),
        numeric=True,
    )


def _value(name: str) -> Callable[[OptionRow], Any]:
    return lambda row: row.figures[name]["value"]
