"""The matrix as columns: a few about the site, and one a check. Files have them all; the page draws checks itself."""

from collections.abc import Sequence

from readiness.boards.matrix.filters import MatrixFilters
from readiness.boards.matrix.queries import MatrixRow
from readiness.framework.core.definition import Check
from web.links import link
from web.tables import Column, Table
from web.units import power

REGION_FIRST = ("region__name",)


def matrix_table(checks: Sequence[Check], *, shown: Sequence[Check], in_file: bool, grouped: bool) -> Table:
    """Any of `checks` can be sorted by; those `shown` are columns of a file."""
    return Table(
        id="readiness-matrix",
        label="Readiness matrix",
        noun=("site", "sites"),
        filterset=MatrixFilters,
        default_sort="-gap",
        columns=[*_of_site(in_file), *(_of_check(check, in_file and check in shown) for check in checks)],
        row_id=lambda row: row.site.id,
        row_url=lambda row: link("site", row.site.slug),
        row_name=lambda row: row.site.name,
        empty={
            "title": "No sites yet",
            "text": "The matrix shows every site against every check. Add a site, then connect a source to it.",
            "icon": "grid-dots",
            "action_url": "/inventory/sites/",
            "action_label": "Go to the inventory",
        },
        api="scoring-api-matrix-list",
        group_by=REGION_FIRST if grouped else (),
    )


def _percent(share: float | None) -> int | None:
    return None if share is None else round(100 * share)


def _of_site(in_file: bool) -> list[Column]:
    return [
        Column("site", "Site", value=lambda row: row.site.name, sort="name", locked=True),
        Column("slug", "Slug", value=lambda row: row.site.slug, default=in_file),
        Column("region", "Region", value=lambda row: row.site.region, sort="region__name", default=in_file),
        Column("kind", "Kind", value=lambda row: row.site.kind, default=in_file),
        Column("stage", "Stage", value=lambda row: row.site.stage, default=in_file),
        Column("verdict", "Verdict", value=lambda row: row.verdict, sort="verdict_order", locked=True),
        Column("blocker", "First blocker", value=lambda row: row.first_blocker, default=in_file),
        Column(
            "deciding", "Deciding checks", value=lambda row: " ".join(row.deciding), default=in_file
        ),
        Column(
            "capped", "Declared, not measured", value=lambda row: " ".join(row.capped), default=in_file
        ),
        Column(
            "measurable", "Blocking checks to measure", value=lambda row: row.measurable, default=in_file
        ),
        Column("deployed", "Deployed", value=lambda row: row.deployed.it_kw, unit="kW", default=in_file),
        Column(
            "gap",
            "Gap",
            value=lambda row: row.gap_kw,
            text=lambda row: power(row.gap_kw, "kW").value,
            sort="gap_kw",
            unit="kW",
            numeric=True,
            locked=True,
        ),
        Column(
            "score", "Score", value=lambda row: _percent(row.score), sort="score__score", numeric=True,
            locked=True, unit="%",
        ),
        Column("upper", "Upper score", value=lambda row: _percent(row.upper), unit="%", default=in_file),
        Column(
            "coverage", "Coverage", value=lambda row: _percent(row.coverage), sort="score__coverage", numeric=True,
            locked=True, unit="%",
        ),
        Column("evaluated", "Evaluated at", value=lambda row: row.evaluated_at, default=in_file),
        Column("failed", "Not evaluable since", value=lambda row: row.failed_at, default=in_file),
        Column("framework", "Framework", value=lambda row: row.framework_version, default=in_file),
    ]  # fmt: skip


def _of_check(check: Check, default: bool) -> Column:
    def state(row: MatrixRow) -> str:
        cell = row.cells.get(check.id)
        return cell.state if cell else ""

    return Column(check.id, check.id, value=state, sort="state_order", default=default)
