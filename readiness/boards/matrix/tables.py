"""The matrix as columns: a few about the site, and one a check. Files have them all; the page draws checks itself."""

from collections.abc import Sequence
from typing import Any

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
    def only_in_file(key: str, label: str, value: Any, **more: Any) -> Column:
        return Column(key, label, value, default=in_file, **more)

    def shown(key: str, label: str, value: Any, **more: Any) -> Column:
        return Column(key, label, value, locked=True, **more)

    return [
        shown("site", "Site", "site.name", sort="name"),
        only_in_file("slug", "Slug", "site.slug"),
        only_in_file("region", "Region", "site.region", sort="region__name"),
        only_in_file("kind", "Kind", "site.kind"),
        only_in_file("stage", "Stage", "site.stage"),
        shown("verdict", "Verdict", "verdict", sort="verdict_order"),
        only_in_file("blocker", "First blocker", "first_blocker"),
        only_in_file("deciding", "Deciding checks", lambda row: " ".join(row.deciding)),
        only_in_file("capped", "Declared, not measured", lambda row: " ".join(row.capped)),
        only_in_file("measurable", "Blocking checks to measure", "measurable"),
        only_in_file("deployed", "Deployed", "deployed.it_kw", unit="kW"),
        shown("gap", "Gap", "gap_kw", text=lambda row: power(row.gap_kw, "kW").value, sort="gap_kw", unit="kW",
              numeric=True),
        shown("score", "Score", lambda row: _percent(row.score), sort="score__score", numeric=True, unit="%"),
        only_in_file("upper", "Upper score", lambda row: _percent(row.upper), unit="%"),
        shown("coverage", "Coverage", lambda row: _percent(row.coverage), sort="score__coverage", numeric=True,
              unit="%"),
        only_in_file("evaluated", "Evaluated at", "evaluated_at"),
        only_in_file("failed", "Not evaluable since", "failed_at"),
        only_in_file("framework", "Framework", "framework_version"),
    ]  # fmt: skip


def _of_check(check: Check, default: bool) -> Column:
    def state(row: MatrixRow) -> str:
        cell = row.cells.get(check.id)
        return cell.state if cell else ""

    return Column(check.id, check.id, value=state, sort="state_order", default=default)
