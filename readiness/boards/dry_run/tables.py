"""Columns of the sites that a dry-run moves. The rows are those of its result."""

from collections.abc import Mapping
from typing import Any

from readiness.boards.dry_run import lines
from web.links import link
from web.states import state as state_of
from web.tables import Column, RowFilter, Table
from web.units import percent, power

type Row = Mapping[str, Any]

RANK = {"not-ready": 0, "conditional": 1, "ready": 2, "": 3}


def moved_sites() -> Table:
    return Table(
        id="moved",
        noun=("site", "sites"),
        label="Sites that would move",
        columns=_COLUMNS,
        filters=(
            RowFilter(
                "moves",
                "Moves",
                lambda row: "verdict" if row["verdict_moves"] else "score",
                (("verdict", "Verdict"), ("score", "Score alone")),
            ),
            RowFilter("to", "Verdict then", lambda row: row["to"], _verdicts()),
        ),
        row_id=lambda row: row["site"],
        row_name=lambda row: row["name"],
        row_url=lambda row: link("site", row["site"]),
        empty={
            "title": "No site moves",
            "text": "Neither verdict nor score of any site would be another one.",
            "icon": "circle-check",
        },
    )


def _verdicts() -> tuple[tuple[str, Any], ...]:
    return tuple(
        (verdict, state_of("verdict", verdict).word) for verdict in ("ready", "conditional", "not-ready")
    )


def _score(row: Row) -> str:
    return f"{percent(row['score_from'], decimals=1)} → {percent(row['score_to'], decimals=1)}"


def _moved_by(row: Row) -> float:
    return float((row["score_to"] or 0.0) - (row["score_from"] or 0.0))


_COLUMNS = (
    Column(
        "site",
        "Site",
        value=lambda row: row["name"],
        url=lambda row: link("site", row["site"]),
        sort=lambda row: row["name"],
        locked=True,
        phone="title",
        export=lambda row: row["site"],
    ),
    Column(
        "from",
        "Verdict now",
        value=lambda row: row["from"],
        template="readiness/framework/verdict_cell.html",
        sort=lambda row: RANK[row["from"]],
    ),
    Column(
        "to",
        "Verdict then",
        value=lambda row: row["to"],
        template="readiness/framework/verdict_cell.html",
        sort=lambda row: (not row["verdict_moves"], RANK[row["to"]]),
        phone="status",
    ),
    Column(
        "because",
        "Checks and thresholds responsible",
        value=lambda row: "; ".join(lines.responsible(row)),
        template="readiness/framework/because_cell.html",
        phone="full",
    ),
    Column(
        "score",
        "Score",
        value=_moved_by,
        text=_score,
        sort=_moved_by,
        numeric=True,
        export=lambda row: None if row["score_to"] is None else round(100 * row["score_to"], 4),
        file_unit="points",
    ),
    Column(
        "it_kw",
        "IT power",
        value=lambda row: row["it_kw"],
        text=lambda row: str(power(row["it_kw"])),
        file_unit="kW",
        sort=lambda row: row["it_kw"],
        numeric=True,
    ),
    Column(
        "accelerators",
        "Accelerators",
        value=lambda row: row["accelerators"],
        sort=lambda row: row["accelerators"],
        numeric=True,
    ),
)
