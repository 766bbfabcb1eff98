"""The report: all that the matrix shows, with the figures and the checks that decide, to print and to keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readiness.boards.matrix.queries import MatrixRow
from readiness.boards.matrix.words import short_name
from readiness.framework.core.definition import Check, Framework
from readiness.scoring.core.gap import Gap
from readiness.scoring.core.states import Tier
from readiness.scoring.queries.capacity import check_name
from web.states import state
from web.units import number, power, power_unit

type Line = dict[str, Any]

# On paper a letter stands for a state: a copy in black and white keeps it.
LETTERS = {"pass": "·", "warn": "W", "fail": "F", "unknown": "?", "stale": "S", "waived": "V", "n-a": "–"}
CAPPED = "D"
"""In the place of W where a declaration is all there is."""
VERDICTS = ("ready", "conditional", "not-ready", "none")


@dataclass(frozen=True, slots=True)
class ReportRow:
    row: MatrixRow
    gap: str
    score: str
    coverage: str
    deciding: list[str]
    letters: list[tuple[str, str]]


def key_figures(gap: Gap, verdicts: Mapping[str, int]) -> list[Line]:
    unit = power_unit(gap.deployed.it_kw)
    capacities = (
        ("Deployed", gap.deployed, "deployed"),
        ("Ready", gap.ready, "ready"),
        ("Conditional", gap.conditional, "conditional"),
        ("Readiness gap", gap.gap, "gap"),
    )
    judged = sum(count for verdict, count in verdicts.items() if verdict != "none")
    sites = {
        "label": "Sites ready",
        "value": number(verdicts.get("ready", 0)),
        "unit": f"of {number(judged)}",
        "note": ", ".join(
            f"{state('verdict', each).word} {verdicts[each]}" for each in VERDICTS if verdicts.get(each)
        ),
    }
    figures = [
        {"label": label, "value": power(capacity.it_kw, unit).value, "unit": unit, "role": role,
         "note": f"{number(capacity.accelerators)} accelerators"}
        for label, capacity, role in capacities
    ]  # fmt: skip
    return [*figures, sites]


def rows(matrix_rows: Iterable[MatrixRow], checks: Sequence[Check], framework: Framework) -> list[ReportRow]:
    return [
        ReportRow(
            row=row,
            gap=power(row.gap_kw, "kW").value or "",
            score="–" if row.score is None else number(100 * row.score, 0),
            coverage="–" if row.coverage is None else number(100 * row.coverage, 0),
            deciding=[check_name(framework, check_id) for check_id in row.deciding],
            letters=[_letter(row, check.id) for check in checks],
        )
        for row in matrix_rows
    ]


def _letter(row: MatrixRow, check_id: str) -> tuple[str, str]:
    cell = row.cells.get(check_id)
    if cell is None:
        return "none", ""
    return cell.state, CAPPED if cell.tier == Tier.CAPPED else LETTERS[cell.state]


def key(checks: Sequence[Check]) -> list[Line]:
    """The full names of the columns: on paper nothing can be pointed at."""
    return [
        {"number": place, "short": short_name(check), "name": check.name, "gate": check.gate}
        for place, check in enumerate(checks, 1)
    ]


def letters() -> list[Line]:
    words = [(each, letter, state("check", each).word) for each, letter in LETTERS.items()]
    words.insert(2, ("warn", CAPPED, state("tier", Tier.CAPPED).word))
    return [{"state": each, "letter": letter, "word": word} for each, letter, word in words]


def stamp(version: str, at: datetime) -> str:
    """When it was made and by which rules, for the top of the page and the name of a file."""
    return "Framework {version}, generated {at} UTC".format(
        version=version,
        at=f"{at:%Y-%m-%d %H:%M}",
    )
