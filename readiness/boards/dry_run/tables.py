"""Columns of the sites that a dry-run moves; the rows are those of its result."""

from collections.abc import Mapping
from typing import Any

from readiness.boards.dry_run.sentences import moved_by
from web.links import link
from web.states import STATES
from web.tables import Column, RowFilter, Table
from web.units import percent, power

type Row = Mapping[str, Any]

RANK = {"not-ready": 0, "conditional": 1, "ready": 2, "": 3}
VERDICT_CELL = "readiness/framework/verdict_cell.html"


def _page(row: Row) -> str:
    return link("site", row["site"])


def _points(row: Row) -> float:
    return float((row["score_to"] or 0.0) - (row["score_from"] or 0.0))


def _score(row: Row) -> str:
    return f"{percent(row['score_from'], decimals=1)} → {percent(row['score_to'], decimals=1)}"


MOVED_SITES = Table(
    id="moved",
    noun=("site", "sites"),
    label="Sites that would move",
    columns=(
        Column("site", "Site", "name", url=_page, sort=True, locked=True, phone="title", export="site"),
        Column("from", "Verdict now", template=VERDICT_CELL, sort=lambda row: RANK[row["from"]]),
        Column("to", "Verdict then", template=VERDICT_CELL, phone="status",
               sort=lambda row: (not row["verdict_moves"], RANK[row["to"]])),
        Column("because", "Checks and thresholds responsible", moved_by, phone="full",
               template="readiness/framework/because_cell.html"),
        Column("score", "Score", _points, _score, sort=True, numeric=True, file_unit="points",
               export=lambda row: None if row["score_to"] is None else round(100 * row["score_to"], 4)),
        Column("it_kw", "IT power", text=lambda row: power(row["it_kw"]), file_unit="kW", sort=True, numeric=True),
        Column("accelerators", "Accelerators", sort=True, numeric=True),
    ),
    filters=(
        RowFilter("moves", "Moves", lambda row: "verdict" if row["verdict_moves"] else "score",
                  (("verdict", "Verdict"), ("score", "Score alone"))),
        RowFilter("to", "Verdict then", "to",
                  [(verdict, STATES["verdict"][verdict].word) for verdict in ("ready", "conditional", "not-ready")]),
    ),
    row_id="site",
    row_name="name",
    row_url=_page,
    empty={
        "title": "No site moves",
        "text": "Neither verdict nor score of any site would be another one.",
        "icon": "circle-check",
    },
)  # fmt: skip
