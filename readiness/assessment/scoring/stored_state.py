"""The stored state of a site: rows of decided checks, each with a digest by which the next evaluation recognises
unchanged results; and the data read back: earlier states to compare with, and evidence that may still count."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from operator import attrgetter
from typing import Any, NamedTuple

import orjson
from psycopg.types.json import set_json_loads

from readiness.assessment.evidence.core.limits import Limit
from readiness.assessment.scoring.checks import COMPUTED, has_subject
from readiness.assessment.scoring.core.combine import CombinedCheck
from readiness.assessment.scoring.core.evaluate import SiteResult
from readiness.assessment.scoring.core.flips import Before, CheckBefore
from readiness.assessment.scoring.core.judge import PartResult, Reading
from readiness.assessment.scoring.core.reasons import OpenReason, ReasonPlace
from readiness.assessment.scoring.core.states import CheckState, Gate, Provenance, ReasonCode, Tier, Verdict
from readiness.assessment.scoring.facts import EvaluationFacts
from readiness.assessment.scoring.models import DomainHealth, ScoreInputs, ScorePoint, SiteScore
from readiness.assessment.scoring.site_facts import WINDOW
from telemetry.binary import binary_cursor

_STATES = {state.value: state for state in CheckState}
RECORDED = ("run:", "fact:", "attestation:", "ownership:", "review:")
"""Evidence stored as rows of its own and read at each evaluation, so its proof does not outlive the row."""


class StoredResult(NamedTuple):
    """The part of a result that the next evaluation needs. `parts` is large and only read if needed: `read_parts` adds
    those of changed results."""

    id: int
    site_id: int
    check_id: str
    state: str
    measured_state: str
    since: datetime
    first_bad_at: datetime | None
    digest: str
    framework_version_id: int
    tier: str
    parts: list[dict[str, Any]] | None


_RESULTS = """
SELECT id, site_id, check_id, state, measured_state, since, first_bad_at, digest,
    framework_version_id, tier, CASE WHEN check_id = ANY(%(with_parts)s) THEN parts END
FROM scoring_checkresult WHERE site_id = ANY(%(sites)s) ORDER BY check_id
"""
_REASONS = f"""
SELECT id, site_id, {", ".join(OpenReason._fields)} FROM scoring_healthreason WHERE site_id = ANY(%s) ORDER BY id
"""
_ENDS = f"""
SELECT site_id, {", ".join(ReasonPlace._fields)}, max(ended_at) FROM scoring_reasonend
WHERE site_id = ANY(%s) AND ended_at >= %s GROUP BY site_id, {", ".join(ReasonPlace._fields)}
"""
_PARTS = "SELECT site_id, check_id, parts FROM scoring_checkresult WHERE id = ANY(%s)"


@dataclass(slots=True)
class Stored:
    """The rows of one site. `score` is None until its first evaluation; `inputs_at` is the time of the inputs stored
    today. `reasons` are the open reasons of health with their keys, `ends` those that a person ended, with the time, as
    long as samples from before may be read."""

    score: SiteScore | None = None
    results: dict[str, StoredResult] = field(default_factory=dict)
    health: dict[str, DomainHealth] = field(default_factory=dict)
    reasons: dict[OpenReason, int] = field(default_factory=dict)
    ends: dict[ReasonPlace, datetime] = field(default_factory=dict)
    point: ScorePoint | None = None
    inputs_at: datetime | None = None


def stored_of(site_ids: Collection[int], *, now: datetime) -> dict[int, Stored]:
    by_site = {site_id: Stored() for site_id in site_ids}
    scores = SiteScore.objects.filter(site_id__in=site_ids).select_related("framework_version")
    # The definition is large; the framework's queries cache it.
    for score in scores.defer("framework_version__definition").order_by():
        by_site[score.site_id].score = score
    for row in _fetch(_RESULTS, {"sites": list(by_site), "with_parts": list(COMPUTED)}):
        result = StoredResult._make(row)
        by_site[result.site_id].results[result.check_id] = result
    for health in DomainHealth.objects.filter(site_id__in=site_ids).order_by("domain"):
        by_site[health.site_id].health[health.domain] = health
    for reason_id, site_id, *columns in _fetch(_REASONS, [list(by_site)]):
        by_site[site_id].reasons[OpenReason._make(columns)] = reason_id
    for site_id, *columns, ended_at in _fetch(_ENDS, [list(by_site), now - WINDOW]):
        by_site[site_id].ends[ReasonPlace(*columns)] = ended_at
    for point in ScorePoint.objects.filter(site_id__in=site_ids, on_date=now.date()).order_by():
        by_site[point.site_id].point = point
    stored_inputs = ScoreInputs.objects.filter(site_id__in=site_ids, on_date=now.date()).order_by()
    for site_id, inputs_at in stored_inputs.values_list("site_id", "evaluated_at"):
        by_site[site_id].inputs_at = inputs_at
    return by_site


def read_parts(stored: Mapping[int, Stored], digests: Mapping[int, Mapping[str, str]]) -> None:
    missing = [
        result.id
        for site_id, of_site in digests.items()
        for check_id, digest in of_site.items()
        if (result := stored[site_id].results.get(check_id)) is not None
        and result.digest != digest
        and result.parts is None
    ]
    for site_id, check_id, parts in _fetch(_PARTS, [missing]) if missing else ():
        results = stored[site_id].results
        results[check_id] = results[check_id]._replace(parts=parts)


def _fetch(statement: str, values: Any) -> list[tuple[Any, ...]]:
    with binary_cursor() as cursor:
        set_json_loads(orjson.loads, cursor)
        return cursor.execute(statement, values).fetchall()


def state_before(stored: Stored) -> Before | None:
    if stored.score is None:
        return None
    return Before(
        framework_digest=stored.score.framework_version.digest,
        verdict=Verdict(stored.score.verdict) if stored.score.verdict else None,
        deciding=tuple(stored.score.deciding),
        excepted=tuple(stored.score.excepted),
        evaluated_at=stored.score.evaluated_at,
        rules=stored.score.rules,
        checks={
            check_id: CheckBefore(
                state=_STATES[result.state],
                measured_state=_STATES[result.measured_state],
                parts={part["part"]: _STATES[part["state"]] for part in result.parts or ()},
                first_bad_at=result.first_bad_at,
                tier=Tier(result.tier) if result.tier else None,
            )
            for check_id, result in stored.results.items()
        },
    )


def still_standing(
    stored: Stored, facts: EvaluationFacts, readings: Mapping[tuple[str, str], Reading], now: datetime
) -> dict[tuple[str, str], Reading]:
    """Earlier readings of sub-measures without a new one: evidence counts until it goes stale, even if nothing more is
    sent, as long as its subject exists."""
    standing = {}
    for check_id, result in stored.results.items():
        for part in result.parts or ():
            place = (check_id, part["part"])
            stands = place not in readings and has_subject(check_id, facts, part.get("detail", ""))
            reading = reading_from(part) if stands else None
            if reading is not None and reading.taken_at <= now:
                standing[place] = reading
    return standing


def reading_from(part: Mapping[str, Any]) -> Reading | None:
    # Where a value could not be judged, nothing keeps the reason: alone it would pass.
    if part.get("value") is None or not part.get("taken_at") or part.get("code") == ReasonCode.CANNOT_JUDGE:
        return None
    if part.get("evidence", "").startswith(RECORDED):
        return None
    limit = part.get("limit")
    return Reading(
        value=part["value"],
        taken_at=datetime.fromisoformat(part["taken_at"]),
        provenance=Provenance(part["provenance"]),
        evidence=part.get("evidence", ""),
        detail=part.get("detail", ""),
        cadence_s=part.get("cadence_s"),
        limit=Limit(value=limit["value"], source=limit["source"]) if limit else None,
        bad_since=datetime.fromisoformat(part["bad_since"]) if part.get("bad_since") else None,
    )


type Readings = Mapping[tuple[str, str], Reading]


class Content(NamedTuple):
    """`row` is everything that follows from the inputs alone. The start of a state depends on earlier rows, and the
    framework version is stored beside it, because most versions decide most checks alike."""

    row: dict[str, Any]
    digest: str


def contents_of(result: SiteResult, readings: Readings) -> dict[str, Content]:
    contents = {}
    for check in result.checks:
        row = _result_row(check, readings)
        encoded = orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY)
        contents[check.check_id] = Content(row, blake2b(encoded, digest_size=16).hexdigest())
    return contents


_OF_CHECK = ("check_id", "pillar", "gate", "state", "measured_state", "code", "reason")
_OF_FIGURES = ("value", "unit", "threshold", "margin", "taken_at")
_OF_PART = (
    *("gate", "state", "code", "reason", "unit", "value", "threshold", "threshold_text", "limit_source"),
    *("margin", "taken_at", "fresh_until", "evidence", "detail", "bad_since"),
)
_check_values, _figure_values, _part_values = (
    attrgetter(*names) for names in (_OF_CHECK, _OF_FIGURES, _OF_PART)
)


def _result_row(check: CombinedCheck, readings: Readings) -> dict[str, Any]:
    return {
        **dict(zip(_OF_CHECK, _check_values(check), strict=True)),
        **dict(zip(_OF_FIGURES, _figure_values(check.figures), strict=True)),
        "tier": check.tier or "",
        "threshold_text": check.figures.threshold_text[:100],
        "evidence": _evidence(check),
        "parts": [_part(part, readings.get((check.check_id, part.part_id))) for part in check.parts],
        "expires_at": _expires_at(check),
    }


def _evidence(check: CombinedCheck) -> dict[str, str]:
    decided = check.decided_by
    if decided is None or decided.provenance is None:
        return {}
    return {
        "part": decided.part_id,
        "ref": decided.evidence,
        "object": decided.detail,
        "provenance": decided.provenance,
    }


def _expires_at(check: CombinedCheck) -> datetime | None:
    """When somebody must prove it again. Live telemetry is left out, because it would always be about to expire."""
    due = [
        part.fresh_until
        for part in check.parts
        if part.fresh_until
        and part.state is not CheckState.STALE
        and part.evidence.startswith(RECORDED)
        and (part.gate is not Gate.INFO or check.gate is Gate.INFO)
    ]
    return min(due, default=None)


def _part(part: PartResult, reading: Reading | None) -> dict[str, Any]:
    """The stored form: everything that a page shows, and everything needed to judge the reading again without new data.
    Its age is not stored, or every row would change at every evaluation."""
    limit = reading.limit if reading else None
    return {
        "part": part.part_id,
        **dict(zip(_OF_PART, _part_values(part), strict=True)),
        "tier": part.tier or "",
        "provenance": part.provenance or "",
        "cadence_s": reading.cadence_s if reading else None,
        "limit": {"value": limit.value, "source": limit.source}
        if limit and limit.value is not None
        else None,
    }
