"""Rows of problems with who is on each."""

from collections.abc import Iterable
from dataclasses import replace

from readiness.boards.alerts.carriers import carriers_of
from readiness.boards.problems.rows import ProblemRow


def carried(rows: Iterable[ProblemRow]) -> list[ProblemRow]:
    """The rows, each with who is on it; two statements."""
    rows = list(rows)
    carriers = carriers_of([row.number for row in rows])
    return [replace(row, carrier=carriers.get(row.number)) for row in rows]
