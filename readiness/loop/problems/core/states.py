"""States, kinds and ends of problems."""

from enum import StrEnum


class ProblemState(StrEnum):
    """States of a problem, worst first."""

    CRITICAL = "critical"
    SILENT = "silent"
    FAILING = "failing"
    WARN = "warn"
    LATE = "late"
    MISSING = "missing"


class ProblemKind(StrEnum):
    HEALTH = "health"
    SOURCE = "source"
    CHECK = "check"
    OWNERSHIP = "ownership"
    DUTY = "duty"
    INVENTORY = "inventory"
    INTAKE = "intake"
    MUSTER = "muster"
    SHIFT = "shift"
    MEASUREMENT = "measurement"


class ProblemEnd(StrEnum):
    """How a problem ended. Silence is not among them."""

    SAMPLE = "sample"
    SOURCE = "source"
    CHECK = "check"
    OWNERSHIP = "ownership"
    DUTY = "duty"
    INVENTORY = "inventory"
    MUSTER = "muster"
    SHIFT = "shift"
    RULE = "rule"
    PERSON = "person"
    OBJECT_GONE = "object-gone"
    REGROUPED = "regrouped"


PLACE = {state: place for place, state in enumerate(ProblemState)}


def rank_of(state: ProblemState, *, is_last_known: bool) -> int:
    """The place in a list, worst first: what is known and silent comes before what is known."""
    return 2 * PLACE[state] + (0 if is_last_known else 1)
