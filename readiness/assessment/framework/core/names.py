"""How checks are called: a short noun for each, and the words for one that does not pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from readiness.assessment.framework.core.vocabulary import CheckState, Direction
from web import yaml_documents

if TYPE_CHECKING:
    from readiness.assessment.framework.core.definition import Check, SubMeasure

FILE = Path(__file__).parents[1] / "data" / "names.yaml"
FAILING = "does not pass"
WITHOUT_RESULT = {CheckState.STALE: "result out of date", CheckState.UNKNOWN: "no result"}
BY_CODE = {
    "capped": "declared, not measured",
    "unconfirmed": "not confirmed",
    "run-failed": "a run failed",
    "no-limit": "no limit is declared",
    "voided": "evidence voided by a change",
    "in-the-future": "evidence dated in the future",
}
"""Words for codes of `readiness.assessment.scoring.core.states.ReasonCode` that say more than figure and limit."""
NOT_MET = frozenset({CheckState.FAIL, CheckState.WARN, CheckState.WAIVED})
COMPARED = {
    Direction.HIGHER: "below",
    Direction.LOWER: "above",
    Direction.RANGE: "outside",
    Direction.EQUAL: "not",
}


@dataclass(frozen=True, slots=True)
class CheckNames:
    """`failing` says in general what is wrong when the check does not pass; `parts` say it for the sub-measure that
    decides, with `{limit}` for the limit in force. `claim` is shown where a document has the sentence `stated_as`."""

    name: str
    failing: str
    claim: str = ""
    stated_as: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)


@cache
def listed_names() -> Mapping[str, CheckNames]:
    """Muster's own names of checks, by id. They hold for any framework that states none."""
    names_by_check = yaml_documents.read(FILE.read_text(encoding="utf-8"))
    return {check_id: CheckNames(**names) for check_id, names in names_by_check.items()}


def names_for(check_id: str, claim: str) -> CheckNames:
    """Muster's own names of the check, else its claim for a name."""
    own = listed_names().get(check_id) or CheckNames(claim, FAILING)
    return own if own.claim else replace(own, claim=claim, stated_as=claim)


def failing_words(check: Check, state: str, part_id: str = "", limit: str = "", code: str = "") -> str:
    """The words for a check that is not passed, such as "below 330 GB/s"; empty for one that is. `limit` is a
    text such as "≥ 330 GB/s" and `code` says why it is in its state, as results keep them."""
    if state not in NOT_MET and state not in WITHOUT_RESULT:
        return ""
    if code in BY_CODE:
        return BY_CODE[code]
    if state in WITHOUT_RESULT:
        return WITHOUT_RESULT[CheckState(state)]
    part = next((part for part in check.parts if part.id == part_id), None)
    if part is None:
        return check.failing
    bare_limit = limit.lstrip("≥≤<> ")
    words = names_for(check.id, check.claim).parts.get(part_id)
    if words is not None and (bare_limit or "{limit}" not in words):
        return words.replace("{limit}", bare_limit)
    return _compared(part, bare_limit) if bare_limit else check.failing


def _compared(part: SubMeasure, limit: str) -> str:
    figure = part.name if part.name[1:2].isupper() else part.name[:1].lower() + part.name[1:]
    if part.direction is Direction.LOWER and limit.partition(" ")[0] == "0":
        return figure
    return f"{figure} {COMPARED[part.direction]} {limit}"


def check_title(check: Check, words: str) -> str:
    """A check with what is wrong: "Fabric bandwidth: below 330 GB/s"."""
    return f"{check.name}: {words}" if words else check.name
