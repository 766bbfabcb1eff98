"""Names of checks, sub-measures and limits in the history, with the units of their figures."""

from collections.abc import Sequence

from readiness.assessment.framework import queries
from web.history import naming
from web.history.naming import UNIT, Names, Snapshot


def register() -> None:
    naming.register("check_id", _checks)
    naming.register("limit_id", _limits)


def _checks(rows: Sequence[Snapshot]) -> list[Names]:
    """Ids that the framework in force lacks stay as they are."""
    _version, framework = queries.current()
    names: list[Names] = []
    for row in rows:
        check = framework.checks_by_id.get(row.get("check_id") or "")
        part = framework.parts_by_key.get((row.get("check_id") or "", row.get("part") or ""))
        of_row: dict[str, str] = {"check_id": check.name} if check else {}
        names.append(of_row | ({"part": part.name, UNIT: part.unit} if part else {}))
    return names


def _limits(rows: Sequence[Snapshot]) -> list[Names]:
    _version, framework = queries.current()
    kinds = {kind.id: kind for kind in framework.limits}
    kinds_of_rows = [kinds.get(row.get("limit_id") or "") for row in rows]
    return [{"limit_id": kind.name, UNIT: kind.unit} if kind else {} for kind in kinds_of_rows]
