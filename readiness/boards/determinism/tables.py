"""Filters and columns of determinism, and the sentences above them. The sites must come from `queries.sites`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django import forms

from inventory.models import Site
from readiness.assessment.scoring.core.states import CHECK_STATES
from readiness.boards.determinism.judging import PARTS, JudgedPath, equal_medians
from readiness.boards.determinism.queries import HistoryPoint, SitePaths
from web.ages import ago
from web.links import link
from web.rest.filters import ObjectFilterSet
from web.rest.lookups import AnyOf, Existing
from web.tables import Column, Table
from web.units import day, format_value, how_many, number


class DeterminismFilters(ObjectFilterSet):
    site = AnyOf(field_name="slug", inner=Existing(Site, "slug"), commas=True, label="Site")
    state = AnyOf(
        field_name="latency_state", inner=forms.ChoiceField(choices=CHECK_STATES), label="State of the check"
    )

    class Meta:
        model = Site
        fields = ["region", "stage"]
        search_fields = ["name", "slug", "city"]
        panel = ["state", "region", "stage"]


FIGURES = (
    ("idle", 50.0, "Idle p50"),
    ("loaded", 50.0, "Loaded p50"),
    ("idle", 99.0, "Idle p99"),
    ("loaded", 99.0, "Loaded p99"),
    ("idle", 99.9, "Idle p99.9"),
    ("loaded", 99.9, "Loaded p99.9"),
)


@dataclass(frozen=True, slots=True)
class PathRow:
    """`path` is None for a site that has no latency run."""

    site_paths: SitePaths
    path: JudgedPath | None
    state: str
    id: str

    @property
    def name(self) -> str:
        return self.path.name if self.path else ""

    @property
    def url(self) -> str:
        path = {"path": self.path.path.key} if self.path else {}
        return link("site-determinism", self.site_paths.site.slug, **path)


def rows(sites: Iterable[SitePaths]) -> list[PathRow]:
    path_rows: list[PathRow] = []
    for site in sites:
        key = site.site.pk
        path_rows += [PathRow(site, path, path.state.value, f"{key}-{path.path.key}") for path in site.paths]
        path_rows += [] if site.paths else [PathRow(site, None, site.state or "unknown", f"{key}")]
    return path_rows


def table(now: datetime, *, may_add: bool) -> Table:
    way_out = {"action_url": link("validation-run-add"), "action_label": "Import a run"} if may_add else {}
    return Table(
        id="determinism",
        noun=("site", "sites"),
        label="Paths of each site, idle and under load",
        columns=(
            Column("state", "State", template="readiness/cells/check_state.html", sort="latency_severity",
                   phone="status"),
            Column("site", "Site and path", "site_paths.site.name", template="readiness/determinism/path_cell.html",
                   sort="name", locked=True, phone="title", export="site_paths.site.slug"),
            Column("path", "Path", "name", default=False),
            Column("tool", "Tool", "path.path.tool", default=False),
            *(_figure(load, percentile, label) for load, percentile, label in FIGURES),
            _part("load-factor", "Load factor", "Loaded p99 over idle p99", unit=" ×"),
            _part("tail-ratio", "Jitter", "p99.9 over p50, both under load", unit=" ×"),
            _part("p99-cv", "CV of p99, %", "Coefficient of variation over the repeats"),
            _part("repeats", "Repeats", "Of the loaded measurement"),
            Column("change", "Baseline", "path.change", lambda row: change_words(row.path) if row.path else "",
                   numeric=True, hint="The newest loaded p99 against the path’s own earlier runs"),
            Column("parts", "Sub-measures", lambda row: " ".join(f"{part}={state}" for part, state in part_states(row)),
                   template="readiness/determinism/parts_cell.html", phone="row"),
            Column("age", "Age", "path.taken_at", lambda row: ago(row.path.taken_at, now=now) if row.path else "",
                   numeric=True, hint="Since the newest run that is shown"),
            Column("provenance", "Provenance", "path.provenance", default=False),
        ),
        filterset=DeterminismFilters,
        row_id="id",
        row_name=lambda row: f"{row.site_paths.site.name} {row.name}".strip(),
        row_url="url",
        api="determinism-api-list",
        empty={
            "title": "No site yet",
            "text": "Sites appear here with their paths once latency runs of them are imported.",
            "icon": "gauge",
            **way_out,
        },
    )  # fmt: skip


def _figure(load: str, percentile: float, label: str) -> Column:
    key = f"{load}-p{percentile:g}".replace(".", "")
    value, text = (partial(read, load=load, percentile=percentile) for read in (_tail, _tail_words))
    return Column(key, label, value, text, numeric=True, unit="µs", hint="Median over the repeats")


def _part(part_id: str, label: str, hint: str, unit: str = "") -> Column:
    def value(row: PathRow) -> float | None:
        return row.path.value(part_id) if row.path else None

    def text(row: PathRow) -> str:
        return "" if (figure := value(row)) is None else f"{number(figure)}{unit}"

    return Column(part_id, label, value, text, numeric=True, hint=hint)


def part_states(row: PathRow) -> Sequence[tuple[str, str]]:
    if row.path is None:
        return []
    return [(part, row.path.parts[part].state.value) for part in PARTS if part in row.path.parts]


def _tail(row: PathRow, load: str, percentile: float) -> float | None:
    if row.path is None:
        return None
    tail = getattr(row.path, load)[percentile]
    return None if tail.caution else tail.value


def _tail_words(row: PathRow, load: str, percentile: float) -> str:
    value = _tail(row, load, percentile)
    if value is not None:
        return str(number(value))
    tail = getattr(row.path, load)[percentile] if row.path else None
    return "not supported" if tail and tail.value is not None else ""


def change_words(path: JudgedPath) -> str:
    if path.change is None:
        return "none yet"
    percent = round(100 * path.change)
    return f"{'−' if percent < 0 else '+'}{abs(percent)}\N{NO-BREAK SPACE}%"


def micros(value: float | None) -> str:
    return str(format_value(value, "µs"))


def contrast(sites: Iterable[SitePaths]) -> str:
    names = {path.path.key: f"{site.site.name}, {path.name}" for site in sites for path in site.paths}
    pair = equal_medians([path for site in sites for path in site.paths])
    if pair is None:
        return ""
    good, bad = pair
    return (
        f"{names[good.path.key]} and {names[bad.path.key]} have the same median under load, {micros(good.median)}."
        f" On the first 99 of 100 messages arrive within {micros(good.tail)} and it passes; on the second within"
        f" {micros(bad.tail)} and it fails: {bad.reason}"
    )


def tails_finding(rows: Sequence[PathRow]) -> str:
    factors = [(row.path.load_factor, row) for row in rows if row.path and row.path.load_factor is not None]
    if not factors:
        return "No path was measured both idle and under load."
    factor, worst = max(factors, key=lambda pair: pair[0] or 0.0)
    return (
        f"Load stretches the p99 most at {worst.site_paths.site.name}, {worst.name}:"
        f" {number(factor or 0.0)} times that of the idle path"
    )


def curve_finding(judged_path: JudgedPath) -> str:
    return (
        f"{judged_path.name} under load: median {micros(judged_path.median)}, p99 {micros(judged_path.tail)};"
        f" the p99 idle is {micros(judged_path.idle_tail)}"
    )


def history_finding(history: Sequence[HistoryPoint], judged_path: JudgedPath | None) -> str:
    if judged_path and judged_path.baseline:
        now, then = micros(judged_path.baseline.value), micros(judged_path.baseline.p99)
        return f"The loaded p99 is {now}, against {then} of its baseline: {change_words(judged_path)}"
    return f"{how_many(len(history), 'run that is', 'runs that are')} kept"


def path_title(path: JudgedPath) -> str:
    """Name a path, such as `perftest write, mlx5_0, 2 B`."""
    size = str(format_value(path.path.size_bytes, "B")) if path.path.size_bytes is not None else ""
    parts = [f"{path.path.tool} {path.path.operation}".strip(), path.path.port, size]
    return ", ".join(part for part in parts if part)


def baseline(path: JudgedPath) -> tuple[str, str]:
    base = path.baseline
    if base is None:
        return "none yet", (
            "the newest result is compared with a marked run of this path, or else with its first runs"
        )
    on = day(base.taken_at)
    if base.marked:
        runs = f"the run of {on}, which was marked as its baseline"
    elif base.runs == 1:
        runs = f"the first run of the path, {on}"
    else:
        runs = f"median of the first {base.runs} runs of the path, until {on}"
    return f"{micros(base.p99)}, now {change_words(path)}", runs
