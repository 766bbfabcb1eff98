"""Columns as data: the paths of the fleet, one row a path; a site without runs has one row that says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.urls import reverse

from readiness.boards.determinism.filters import DeterminismFilters
from readiness.boards.determinism.judging import PARTS, JudgedPath
from readiness.boards.determinism.queries import SitePaths
from web.ages import ago
from web.links import link
from web.tables import Column, Table
from web.units import number


@dataclass(frozen=True, slots=True)
class PathRow:
    """`path` is None for a site that has no latency run."""

    site_paths: SitePaths
    path: JudgedPath | None
    state: str
    id: str

    @property
    def name(self) -> str:
        """The site's name for the path."""
        return path_name(self.path) if self.path else ""


def path_name(path: JudgedPath) -> str:
    return path.path.name or path.path.port or path.path.tool


def rows(sites: Iterable[SitePaths]) -> list[PathRow]:
    """A row for each path, in the order of the sites."""
    made: list[PathRow] = []
    for site in sites:
        made += [
            PathRow(site, path, path.state.value, f"{site.site.pk}-{path.path.key}") for path in site.paths
        ]
        if not site.paths:
            made.append(PathRow(site, None, site.state or "unknown", f"{site.site.pk}"))
    return made


def table(now: datetime, *, may_add: bool) -> Table:
    """The table of sites as `queries.sites` gives them; ages count from `now`."""
    return Table(
        id="determinism",
        noun=("site", "sites"),
        label="Paths of each site, idle and under load",
        columns=(*_subject(), *_figures(), *_comparisons(now)),
        filterset=DeterminismFilters,
        row_id="id",
        row_name=lambda row: f"{row.site_paths.site.name} {row.name}".strip(),
        row_url=address,
        api="determinism-api-list",
        empty={
            "title": "No site yet",
            "text": "Sites appear here with their paths once latency runs of them are imported.",
            "icon": "gauge",
            **(
                {"action_url": reverse("validation-run-add"), "action_label": "Import a run"}
                if may_add
                else {}
            ),
        },
    )


def address(row: PathRow) -> str:
    slug = row.site_paths.site.slug
    return link("site-determinism", slug, **({"path": row.path.path.key} if row.path else {}))


def _subject() -> tuple[Column, ...]:
    return (
        Column(
            "state",
            "State",
            value="state",
            template="readiness/cells/check_state.html",
            sort="latency_severity",
            phone="status",
        ),
        Column(
            "site",
            "Site and path",
            value=lambda row: row.site_paths.site.name,
            template="readiness/determinism/path_cell.html",
            sort="name",
            locked=True,
            phone="title",
            export=lambda row: row.site_paths.site.slug,
        ),
        Column("path", "Path", value="name", default=False),
        Column("tool", "Tool", value=lambda row: row.path.path.tool if row.path else "", default=False),
    )


def _figures() -> tuple[Column, ...]:
    """Idle beside loaded; a percentile with too few observations says so in place of its value."""
    return tuple(
        Column(
            f"{load}-p{percentile:g}".replace(".", ""),
            label,
            value=partial(_tail, load=load, percentile=percentile),
            text=partial(_tail_words, load=load, percentile=percentile),
            numeric=True,
            file_unit="µs",
            hint="µs, median over the repeats",
        )
        for load, percentile, label in (
            ("idle", 50.0, "Idle p50"),
            ("loaded", 50.0, "Loaded p50"),
            ("idle", 99.0, "Idle p99"),
            ("loaded", 99.0, "Loaded p99"),
            ("idle", 99.9, "Idle p99.9"),
            ("loaded", 99.9, "Loaded p99.9"),
        )
    )


def _comparisons(now: datetime) -> tuple[Column, ...]:
    return (
        _part("load-factor", "Load factor", "Loaded p99 over idle p99"),
        _part("tail-ratio", "Jitter", "p99.9 over p50, both under load"),
        _part("p99-cv", "CV of p99, %", "Coefficient of variation over the repeats"),
        _part("repeats", "Repeats", "Of the loaded measurement"),
        Column(
            "change",
            "Baseline",
            value=lambda row: row.path.change if row.path else None,
            text=lambda row: change_words(row.path) if row.path else "",
            numeric=True,
            hint="The newest loaded p99 against the path’s own earlier runs",
        ),
        Column(
            "parts",
            "Sub-measures",
            value=lambda row: " ".join(f"{part}={state}" for part, state in part_states(row)),
            template="readiness/determinism/parts_cell.html",
        ),
        Column(
            "age",
            "Age",
            value=lambda row: row.path.taken_at if row.path else None,
            text=lambda row: ago(row.path.taken_at, now=now) if row.path else "",
            numeric=True,
            hint="Since the newest run that is shown",
        ),
        Column(
            "provenance",
            "Provenance",
            value=lambda row: row.path.provenance if row.path else "",
            default=False,
        ),
    )


def _part(part_id: str, label: Any, hint: Any) -> Column:
    return Column(
        part_id,
        label,
        value=lambda row: row.path.value(part_id) if row.path else None,
        text=lambda row: _part_words(row, part_id),
        numeric=True,
        hint=hint,
    )


def _part_words(row: PathRow, part_id: str) -> str:
    value = row.path.value(part_id) if row.path else None
    return "" if value is None else number(value)


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
    """`+12 %`, or that there is nothing to compare with."""
    if path.change is None:
        return "none yet"
    percent = round(100 * path.change)
    return f"{'−' if percent < 0 else '+'}{abs(percent)}\N{NO-BREAK SPACE}%"
