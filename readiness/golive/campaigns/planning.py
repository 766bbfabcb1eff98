"""Which runs a framework's checks require, and the progress of an item. Nothing here reads the database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from readiness.assessment.framework.core.conditions import SiteContext
from readiness.assessment.framework.core.definition import Check, Framework, applicable, gate_for, part_gate
from readiness.assessment.framework.core.vocabulary import CheckState, EvidenceKind, Gate
from readiness.assessment.scoring.core.states import ReasonCode, Tier
from readiness.golive.models import Progress, RunTarget
from web import yaml_documents
from web.units import day

DATA = Path(__file__).resolve().parent / "data" / "setups.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One way to run a tool. `repeats` counts for each target; `how` holds instructions that no other field covers."""

    parts: tuple[str, ...]
    tool: str
    scope: str
    targets: RunTarget
    load: str = ""
    size_bytes: int | None = None
    repeats: int = 1
    how: str = ""


class Planned(NamedTuple):
    check: Check
    setup: Setup


@cache
def setups() -> Mapping[str, tuple[Setup, ...]]:
    stated = yaml_documents.read(DATA.read_text(encoding="utf-8"))
    return {
        check_id: tuple(
            Setup(**setup | {"parts": tuple(setup["parts"]), "targets": RunTarget(setup["targets"])})
            for setup in of_check
        )
        for check_id, of_check in stated.items()
    }


def plan(framework: Framework, site: SiteContext) -> tuple[Planned, ...]:
    """Plan the runs that prove, at this site, every check that runs prove, in the framework's order.

    Sub-measures without effect are left out. A sub-measure without its own setup is proved by a table that names it.
    """
    planned: list[Planned] = []
    for check in framework.checks:
        if applicable(check, site)[0]:
            part_ids = _proved_by_runs(check, gate_for(check, site), site)
            planned += [Planned(check, setup) for setup in _setups(check, part_ids)]
    return tuple(planned)


def parts_by_runs(check: Check) -> tuple[str, ...]:
    return tuple(part.id for part in check.parts if EvidenceKind.VALIDATION_RUN in part.evidence)


def _proved_by_runs(check: Check, gate: Gate, site: SiteContext) -> list[str]:
    of_runs = set(parts_by_runs(check))
    return [
        part.id
        for part in check.parts
        if part.id in of_runs
        and applicable(part, site)[0]
        and (part_gate(part, gate) is not Gate.INFO or gate is Gate.INFO)
    ]


def _setups(check: Check, part_ids: list[str]) -> Iterable[Setup]:
    unplanned = list(part_ids)
    for setup in setups().get(check.id, ()):
        parts = tuple(part for part in setup.parts if part in part_ids)
        if parts:
            unplanned = [part for part in unplanned if part not in parts]
            yield replace(setup, parts=parts)
    if unplanned:
        columns = ", ".join(f"{check.id}/{part}" for part in unplanned[:3])
        more = f" and {len(unplanned) - 3} more" if len(unplanned) > 3 else ""
        yield Setup(
            parts=tuple(unplanned),
            tool="csv",
            scope="site",
            targets=RunTarget.SITE,
            how=f"A table with the measures {columns}{more}.",
        )


WORST_FIRST = (
    *(Progress.FAILED, Progress.BLOCKED, Progress.STALE, Progress.MISSING, Progress.DONE),
    *(Progress.NOT_APPLICABLE, Progress.DROPPED),
)
"""A failed run comes before one that could not be judged, and that before a missing run."""
RECORDS = {"run": "a run", "fact": "a recorded fact", "attestation": "an attestation"}
IN_NO_SHARE = (Progress.NOT_APPLICABLE, Progress.DROPPED)
IN_THE_WAY = frozenset({ReasonCode.CANNOT_JUDGE, ReasonCode.NO_LIMIT, ReasonCode.NOT_A_NUMBER})


class Since(NamedTuple):
    """The first day, in a zone, whose runs count."""

    day: date
    zone: str

    def is_before(self, at: datetime) -> bool:
        return at.astimezone(ZoneInfo(self.zone)).date() < self.day


@dataclass(frozen=True, slots=True)
class ItemProgress:
    """`part` is the sub-measure that decides, "" if all are done; `detail` says what is left."""

    progress: str
    part: str
    reason: str
    detail: str = ""
    taken_at: datetime | None = None


def progress_of(
    check: Check | None,
    parts: Sequence[str],
    stored: Mapping[str, Mapping[str, Any]],
    *,
    since: Since | None = None,
) -> ItemProgress:
    """The worst of an item's sub-measures. `stored` holds the results of the last evaluation, by sub-measure."""
    if check is None:
        return ItemProgress(Progress.NOT_APPLICABLE, "", "The framework in force has no such check.")
    part_ids = {part.id for part in check.parts}
    outcomes = [_part_progress(check, part, stored.get(part), since) for part in parts if part in part_ids]
    gone = ItemProgress(Progress.NOT_APPLICABLE, "", "The framework no longer has it.")
    return min(outcomes, key=lambda outcome: WORST_FIRST.index(Progress(outcome.progress)), default=gone)


def _part_progress(
    check: Check, part: str, stored: Mapping[str, Any] | None, since: Since | None
) -> ItemProgress:
    if stored is None:
        return ItemProgress(
            Progress.MISSING, part, f"Not evaluated yet. {check.part(part).waits_for}".strip()
        )
    taken_at = datetime.fromisoformat(stored["taken_at"]) if stored.get("taken_at") else None
    progress, reason = _judged(check, part, stored, taken_at, since)
    return ItemProgress(progress, part, reason or stored["reason"], stored.get("detail", ""), taken_at)


def _judged(
    check: Check, part: str, stored: Mapping[str, Any], taken_at: datetime | None, since: Since | None
) -> tuple[Progress, str]:
    match CheckState(stored["state"]):
        case CheckState.NOT_APPLICABLE:
            return Progress.NOT_APPLICABLE, ""
        case CheckState.FAIL:
            return Progress.FAILED, ""
        case CheckState.STALE:
            return Progress.STALE, ""
        case CheckState.PASS | CheckState.WARN if stored.get("tier") != Tier.CAPPED:
            if reason := _not_proved(check, part, stored, taken_at, since):
                return Progress.MISSING, reason
            return Progress.DONE, ""
        case CheckState.PASS | CheckState.WARN:
            return Progress.MISSING, ""
    return (Progress.BLOCKED if stored.get("code") in IN_THE_WAY else Progress.MISSING), ""


def _not_proved(
    check: Check, part: str, stored: Mapping[str, Any], taken_at: datetime | None, since: Since | None
) -> str:
    """Say why a passing sub-measure does not rest on a run that the campaign counts; "" if it does."""
    kind, _, _ = stored.get("evidence", "").partition(":")
    by_telemetry = EvidenceKind.TELEMETRY in check.part(part).evidence and kind not in RECORDS
    if kind != "run" and not by_telemetry:
        return f"Accepted from {RECORDS.get(kind, 'a record')}; test run missing."
    if since and taken_at and since.is_before(taken_at):
        return f"The run that counts was taken on {day(taken_at)}; this campaign counts runs from {day(since.day)} on."
    return ""


@dataclass(frozen=True, slots=True)
class Sum:
    """Items by progress. Dropped items and those that do not apply are in no share."""

    by_progress: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(count for progress, count in self.by_progress.items() if progress not in IN_NO_SHARE)

    @property
    def done(self) -> int:
        return self.by_progress.get(Progress.DONE, 0)

    @property
    def open(self) -> int:
        return self.total - self.done

    @property
    def percent(self) -> float | None:
        return 100.0 * self.done / self.total if self.total else None

    @property
    def share(self) -> str:
        return f"{self.done} / {self.total}"

    @property
    def parts(self) -> dict[str, int]:
        """The parts that a bar of the share is drawn of, in its order."""
        return {progress: self.by_progress.get(progress, 0) for progress in (Progress.DONE, *WORST_FIRST[:4])}
