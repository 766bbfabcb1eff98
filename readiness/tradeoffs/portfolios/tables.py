"""A portfolio in words, the list of runs, and the moves of one point."""

from collections.abc import Mapping, Sequence

from readiness.tradeoffs.models import PortfolioRun
from readiness.tradeoffs.portfolios.result import KINDS, MoveRow, Result
from readiness.tradeoffs.units import signed
from web.links import link
from web.rest.filters import ObjectFilterSet
from web.tables import Column, Table
from web.units import Formatted, how_many, number, percent

OBJECTIVES = {"cost": "Cost", "carbon": "Carbon", "latency": "Latency", "risk": "Risk"}


def weights(weights_by_name: Mapping[str, float]) -> str:
    return ", ".join(f"{OBJECTIVES[name]} {weight:g}" for name, weight in weights_by_name.items())


def shares(point: Result) -> str:
    return ", ".join(
        f"{OBJECTIVES[name]} {number(round(100 * share))} %" for name, share in point["weights"].items()
    )


def gap(point: Result) -> Formatted:
    """Sums that are proven equal differ in their last bits, so round them."""
    return percent(round(point["gap"], 9), decimals=2)


def head(result: Result, name: str) -> str:
    return f"{OBJECTIVES[name]}, {result['units'][name]}"


def plans_told(result: Result) -> str:
    return f"{how_many(len(result['points']), 'plan', 'plans')} for {result['weightings']} weights"


def moves_told(rows: Sequence[MoveRow], left_out: int) -> str:
    counts = [
        f"{count} {label.lower()}"
        for kind, label in KINDS.items()
        if (count := sum(row.kind == kind for row in rows))
    ]
    left_out_text = how_many(left_out, "workload left out", "workloads left out")
    return f"{', '.join(counts)}; {left_out_text}" if counts else left_out_text


def coverage(result: Result, name: str, rows: Sequence[MoveRow]) -> str:
    inside = result["today"]["workloads"]
    if not inside:
        return "no workload runs today with every figure known"
    covered = f"over {how_many(len(inside), 'workload', 'workloads')}"
    forced = [
        change
        for row in rows
        if row.kind == "forced" and row.workload.slug in inside and (change := row.changes[name]) is not None
    ]
    return f"{covered}; {signed(sum(forced))} of it forced" if forced else covered


def reason(row: MoveRow, units: Mapping[str, str]) -> str:
    """Why a workload moves: what forces it, or what the choice gains and costs."""
    kind = KINDS[row.kind]
    if row.kind != "choice":
        return f"{kind}: {row.why}" if row.why else kind
    if row.why:
        return f"{kind}; {row.why}"
    amounts = {
        name: f"{signed(change)} {units[name].partition(',')[0].replace('/', ' a ')}"
        for name, change in row.changes.items()
        if change
    }
    gains = " and ".join(amounts[name] for name in amounts if (row.changes[name] or 0) < 0)
    prices = " and ".join(amounts[name] for name in amounts if (row.changes[name] or 0) > 0)
    bought = " for ".join(filter(None, (gains, prices)))
    return f"{kind}: {bought}" if bought else kind


def besides(row: MoveRow) -> str:
    """The consequences without a column: energy, law, verdict, circuits, other objectives."""
    words = [each["words"] for each in row.consequences if each["name"] not in row.changes]
    return ", ".join(words) or (row.line if not row.consequences else "–")


def today_told(result: Result) -> str:
    if not result["today"]["counted"]:
        return "Today is not drawn, because no running workload has all its figures known."
    return " ".join(filter(None, (_same(result), _stays(result), _uncounted(result))))


def _same(result: Result) -> str:
    today, names = result["today"], result["names"]
    if today["counted"] == len(names):
        return f"The sums of today and of every point cover all workloads ({today['counted']})."
    outside = ", ".join(f"{names.get(slug, slug)} ({why})" for slug, why in today["outside"].items())
    same = (
        f"The sums of today and of every point cover the same {today['counted']} of {len(names)} workloads."
    )
    return f"{same} Not included: {outside}." if outside else same


def _stays(result: Result) -> str:
    """Classes at several sites; runs of an earlier version name no sites and count one."""
    names, sites, today = result["names"], result["site_names"], result["today"]
    stays, unknown = today.get("stays", {}), today.get("unknown_stays", {})
    if not stays:
        return ""
    many = ", ".join(f"{names.get(slug, slug)} (one of {len(others) + 1})" for slug, others in stays.items())
    sentence = (
        f"Of a class at several sites one placement is planned, and the sums count all of them: {many}."
    )
    left_out = [
        f"{names.get(slug, slug)} at {sites.get(site, site)}" for slug in unknown for site in unknown[slug]
    ]
    if not left_out:
        return sentence
    return f"{sentence} Not counted, because a figure is unknown: {', '.join(left_out)}."


def _uncounted(result: Result) -> str:
    reasons = result.get("uncounted")
    if not reasons:
        return ""
    sentences = "; ".join(
        f"{result['site_names'].get(site, site)}, because {why}" for site, why in reasons.items()
    )
    return f"No site for workloads that need accelerators of any type: {sentences}."


def finding(result: Result, *, x: str, y: str) -> str:
    points = list(enumerate(result["points"], 1))
    if not points:
        return "The run ended before a point was found."
    sentences = []
    for name in dict.fromkeys((x, y)):
        place, point = min(points, key=lambda each: each[1]["compared"][name])
        least = f"{number(round(point['compared'][name]))} {result['units'][name]}"
        sentences.append(f"Least {OBJECTIVES[name].lower()}: point {place} with {least}.")
    return " ".join(sentences)


SITE_CELL = "readiness/portfolios/site_cell.html"


class PortfolioFilters(ObjectFilterSet):
    """The endpoint has the same filters."""

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
        Column("weights", "Weights", value=lambda run: weights(run.inputs["weights"]), phone="full"),
        Column("finished_at", "Ended", sort="finished_at", default=False),
    ),
    filterset=PortfolioFilters,
    default_sort="-asked_at",
    row_url=lambda run: link("portfolio", run.pk),
    row_name=str,
    api="tradeoffs-api-portfolio-run-list",
    empty={
        "title": "No portfolio yet",
        "text": "A portfolio places all workloads at once within the free capacity of the sites and shows the changes.",
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
            Column("why", "Why it moves", value=lambda row: reason(row, result["units"]), sort=lambda row: row.order,
                   phone="full"),
            *(_change(result, name) for name in result["objectives"]),
            Column("consequences", "Other effects", value="line", text=besides, phone="full"),
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
        f"{OBJECTIVES[name]}, {unit.partition('/')[0]}",
        hint=unit.replace("/", " a "),
        file_unit=unit,
        value=lambda row: row.changes[name],
        text=lambda row: "unknown" if row.changes[name] is None else signed(row.changes[name]),
        sort=True,
        numeric=True,
    )
