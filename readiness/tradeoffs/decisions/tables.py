"""Columns and filters as data: the list of decisions, and the options of one."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.utils.text import capfirst

from readiness.tradeoffs.decisions.queries import Pair, mean_error
from readiness.tradeoffs.decisions.realising import IN_USE, PEAK
from readiness.tradeoffs.models import Decision, FactorKind
from readiness.tradeoffs.placing.rows import LABELS
from readiness.tradeoffs.units import number, signed
from web import clock
from web.links import link
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import Flag
from web.tables import Column, RowFilter, Table
from web.units import day, how_many
from web.workflows.approvals import rests_on

OBJECTIVES = LABELS | {PEAK: "Peak power of the site", IN_USE: "Accelerators in use at the site"}


def objective(name: str) -> str:
    return str(OBJECTIVES.get(name, capfirst(name.replace("-", " "))))


def factor(kind: str) -> str:
    name, _dot, region = kind.partition(".")
    if name == "latency":
        return f"Round trip from {region}" if region else "Round trip"
    return str(FactorKind(kind).label) if kind in FactorKind.values else capfirst(kind.replace("_", " "))


def spoken_unit(stated: str) -> str:
    return stated.replace("/month", " a month")


def figure(value: float | None, stated_in: str) -> str:
    """`9,000 EUR a month`; empty where it is unknown."""
    return "" if value is None else f"{number(value)} {spoken_unit(stated_in)}".strip()


def band(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    return " to ".join("?" if end is None else number(end) for end in (low, high))


def percent(value: float | None) -> str:
    if value is None:
        return ""
    return f"{signed(round(value, 1))} %"


AS_IT_IS: Mapping[str, float] = {"demand": 1, "electricity_price": 1, "carbon_price": 0}
WITHIN = 15
"""Percent of the forecast within which an outcome counts as expected."""


def levers(what_if: Mapping[str, Any]) -> list[tuple[str, str]]:
    moved = {
        name: value
        for name, value in what_if.items()
        if value not in (None, "", [], {}) and value != AS_IT_IS.get(name)
    }
    return [(name.replace("_", " "), spoken(value)) for name, value in sorted(moved.items())]


def spoken(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {spoken(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(spoken, value))
    return number(value) if isinstance(value, (int, float)) else str(value)


def flips(decision: Decision) -> list[str]:
    sensitivity = decision.sensitivity
    robust = sensitivity.get("robustness", {}).get("words")
    return [*([robust] if robust else []), *(flip["words"] for flip in sensitivity.get("flips", ()))]


def finding(pairs: Sequence[Pair], decision: Decision) -> str:
    if not pairs:
        if decision.state == Decision.State.RECORDED:
            return "The forecast is compared once somebody has approved the decision."
        return "The decision was not approved, so nothing is compared."
    comparisons = [pair.comparison for pair in pairs if pair.comparison.error is not None]
    if not comparisons:
        return "Nothing can be compared: the outcome is unknown."
    within = sum(100 * abs(each.error or 0) <= WITHIN * abs(each.expected.value or 0) for each in comparisons)
    # Count unknown outcomes too: leaving them out would suggest that all were checked.
    objectives = how_many(len(pairs), "objective", "objectives")
    sentence = f"{within} of {objectives} came within {WITHIN} % of what was expected"
    if unknown_objectives := [pair.forecast.objective for pair in pairs if pair.comparison.error is None]:
        sentence += f", {len(unknown_objectives)} unknown ({', '.join(map(objective, unknown_objectives))})"
    return sentence + ("." if pairs[0].final else ", so far.")


def versions(decision: Decision) -> str:
    snapshot = decision.snapshot
    rules = snapshot.get("rules") or {}
    version_names = [rules.get("version") if isinstance(rules, Mapping) else rules, snapshot.get("framework")]
    return ", ".join(str(version) for version in version_names if version)


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
        return f"reviewed {day(decision.reviewed_at)}"
    if decision.state in (Decision.State.REJECTED, Decision.State.WITHDRAWN):
        return "not reviewed"
    return f"on {day(decision.due_on)}"


def _mean_error(decision: Decision) -> str:
    error = mean_error(decision)
    return "" if error is None else f"{number(error)} %"


DECISIONS = Table(
    id="decisions",
    page="decisions",
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
        Column("review", "Review", value="due_on", text=reviewed, sort="due_on", export="due_on",
               phone="full"),
        Column("mean_error", "Mean error", value=mean_error, text=_mean_error, numeric=True,
               hint="Mean of the errors of its objectives, each in percent of the outcome and without its sign"),
        Column("reviewed_at", "Reviewed at", sort="reviewed_at", default=False),
        Column("rationale", "Rationale", phone="full", default=False),
        rests_on(),
    ),
    filterset=DecisionFilters,
    default_sort="-decided_at",
    row_url=address,
    api="tradeoffs-api-decision-list",
    empty={
        "title": "No decision yet",
        "text": "Decisions on where workloads run appear here, with reason and outcome. Open the placement of a "
        "workload, choose a site, and record why.",
        "icon": "scale",
        "page": "tradeoffs",
        "action_label": "Placement",
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
            Column("score", "Score", text=_score, sort=True, numeric=True, hint="Of 100"),
            *(_figure_column(name, _unit_of(decision, name)) for name in weighed),
            Column("reasons", "Why not", value=lambda row: "; ".join(row["reasons"]),
                   template="readiness/decisions/reasons_cell.html", phone="full"),
            Column("factors", "Factors", value="site", text=lambda _row: "View frozen factors",
                   url=lambda row: f"{link('decision', decision.pk, factors=row["site"])}#h-factors", phone="hide"),
        ),
        filters=(RowFilter("standing", "Standing", "standing", [*STANDINGS.items()]),),
        per_page=20,
        row_id="site",
        row_name="name",
    )  # fmt: skip


def _score(row: Mapping[str, Any]) -> str:
    """The explorer shows scores to 100; the file keeps 0 to 1."""
    return "" if row["score"] is None else number(100 * row["score"])


def _unit_of(decision: Decision, name: str) -> str:
    figures = [option["objectives"][name] for option in decision.options if name in option["objectives"]]
    units = {stated["unit"] for stated in figures if stated["value"] is not None}
    return units.pop() if len(units) == 1 else ""


def _figure_column(name: str, unit: str) -> Column:
    def text(row: dict[str, Any]) -> str:
        stated = row["objectives"][name]
        return figure(stated["value"], "" if unit else stated["unit"]) or "unknown"

    return Column(
        name,
        objective(name),
        value=f"objectives.{name}.value",
        text=text,
        unit=spoken_unit(unit),
        # Sort unknown values last.
        sort=lambda row: (
            row["objectives"][name]["value"] is None,
            row["objectives"][name]["value"] or 0.0,
        ),
        numeric=True,
    )
