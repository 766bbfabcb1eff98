"""Stored results as rows: a check with its sub-measures, their thresholds and the thresholds' sources; scores of past
days and their stored inputs."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from inventory.models import Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core import wording
from readiness.assessment.framework.core.definition import Check, Framework, SubMeasure
from readiness.assessment.framework.core.names import failing_words
from readiness.assessment.framework.core.thresholds import Threshold
from readiness.assessment.scoring.core.coalitions import Snapshot
from readiness.assessment.scoring.core.evaluate import SiteInputs
from readiness.assessment.scoring.core.kept import decode
from readiness.assessment.scoring.core.states import CheckState
from readiness.assessment.scoring.models import CheckResult, ScoreInputs, ScorePoint
from readiness.assessment.scoring.queries.rows import CheckRow, PartRow, ThresholdRow, copied


def check_row(result: CheckResult, framework: Framework, *, now: datetime) -> CheckRow:
    check = framework.checks_by_id.get(result.check_id)
    parts = tuple(_part_row(stored, check, framework, now) for stored in result.parts) if check else ()
    return copied(
        CheckRow,
        result,
        id=result.check_id,
        name=check.name if check else result.check_id,
        claim=check.claim if check else "",
        failing=failing_of(check, result) if check else "",
        provenance=result.evidence.get("provenance", ""),
        age_s=_age_s(result.taken_at, now),
        parts=parts,
    )


def failing_of(check: Check, result: CheckResult) -> str:
    state = result.measured_state if result.state == CheckState.WAIVED else result.state
    return failing_words(check, state, result.evidence.get("part", ""), result.threshold_text, result.code)


_BLANK: dict[str, Any] = {
    **dict.fromkeys(("value", "threshold", "margin")),
    **dict.fromkeys(("gate", "state", "unit", "limit_source", "code", "tier", "reason"), ""),
    **dict.fromkeys(("detail", "evidence", "provenance"), ""),
}
"""Defaults for the values that a stored sub-measure leaves out."""


def _part_row(stored: dict[str, Any], check: Check, framework: Framework, now: datetime) -> PartRow:
    part = next((each for each in check.parts if each.id == stored["part"]), None)
    taken_at = _instant(stored.get("taken_at"))
    source = part.pass_at.source if part and part.pass_at else ""
    return PartRow(
        id=stored["part"],
        name=part.figure_name if part else stored["part"],
        **{name: stored.get(name, blank) for name, blank in _BLANK.items()},
        threshold_text=stored.get("threshold_text") or (pass_text(part, framework) if part else ""),
        warn_text=_threshold_text(part, part.warn_at, framework) if part else "",
        threshold_source=source,
        threshold_source_title=wording.source_title(part.pass_at, framework) if part else "",
        limit_id=part.limit_from if part else "",
        taken_at=taken_at,
        age_s=_age_s(taken_at, now),
        bad_since=_instant(stored.get("bad_since")),
        measure=part.measure if part else "",
        metrics=part.metrics if part else (),
    )


def threshold_rows(check: Check, framework: Framework) -> tuple[ThresholdRow, ...]:
    return tuple(_threshold_row(part, check, framework) for part in check.parts)


def _threshold_row(part: SubMeasure, check: Check, framework: Framework) -> ThresholdRow:
    source = part.pass_at.source if part.pass_at else ""
    listed = next((entry for entry in framework.sources if entry.id == source), None)
    limit = next((each for each in framework.limits if each.id == part.limit_from), None)
    gate = part.gate or check.gate
    notes = [part.note, part.pass_at.note if part.pass_at else "", part.warn_at.note if part.warn_at else ""]
    return ThresholdRow(
        part_id=part.id,
        part=part.figure_name,
        unit=part.unit,
        gate=gate,
        measure=part.measure,
        pass_text=pass_text(part, framework),
        warn_text=_threshold_text(part, part.warn_at, framework),
        source=source,
        source_title=wording.source_title(part.pass_at, framework),
        source_urls=listed.urls if listed else (),
        is_default=source == "OD",
        note=" ".join(note for note in notes if note),
        validity_text=wording.validity(part.validity),
        limit_name=limit.name if limit else "",
        limit_declared_on=limit.declared_on if limit else "",
        waits_for=part.waits_for,
    )


def pass_text(part: SubMeasure, framework: Framework) -> str:
    return _threshold_text(part, part.pass_at, framework)


def _threshold_text(part: SubMeasure, threshold: Threshold | None, framework: Framework) -> str:
    """`≤ 80 %`, or `≤ 85 % of Contracted or commissioned power` where the limit is the site's own."""
    if threshold is None:
        return ""
    if threshold.bound is not None:
        return threshold.bound.text(part.unit)
    limit = next((each.name for each in framework.limits if each.id == part.limit_from), part.limit_from)
    edge = threshold.bound_for(part.direction, 100.0).text("%")
    return f"{edge} of: {limit}"


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _age_s(taken_at: datetime | None, now: datetime) -> float | None:
    return max((now - taken_at).total_seconds(), 0.0) if taken_at else None


NEAR = timedelta(days=14)
"""A day without data uses the two weeks before it; older data would describe another time."""


def pillars_on(site: Site, *, at: datetime) -> dict[str, float | None] | None:
    points = ScorePoint.objects.filter(site=site, on_date__lte=at.date(), on_date__gt=(at - NEAR).date())
    point = points.order_by("-on_date").first()
    if point is None:
        return None
    return {pillar: stored.get("score") for pillar, stored in point.pillars.items()}


@dataclass(frozen=True, slots=True)
class Kept:
    site_id: int
    on_date: date
    evaluated_at: datetime
    version_id: int
    framework: Framework
    inputs: SiteInputs
    rules: int

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot(self.framework, self.inputs, self.evaluated_at, self.rules)


def kept_on(site_ids: Collection[int] | None, day: date) -> dict[int, Kept]:
    """The newest inputs of the two weeks up to `day`, by site id; None means every site. Sites without inputs are left
    out. One statement, and one for each version of the framework not read yet."""
    rows = ScoreInputs.objects.filter(on_date__lte=day, on_date__gt=day - NEAR)
    if site_ids is not None:
        rows = rows.filter(site_id__in=site_ids)
    newest = rows.order_by("site_id", "-on_date").distinct("site_id").select_related("framework_version")
    return {
        row.site_id: Kept(
            site_id=row.site_id,
            on_date=row.on_date,
            evaluated_at=row.evaluated_at,
            version_id=row.framework_version_id,
            framework=framework_queries.definition_of(row.framework_version),
            inputs=decode(bytes(row.content)),
            rules=row.rules,
        )
        for row in newest.defer("framework_version__definition")
    }
