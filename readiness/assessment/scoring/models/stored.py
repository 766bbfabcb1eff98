"""The rows of sites as they are stored, read before an evaluation in a number of statements that does not depend on the
number of sites."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from psycopg.types.json import set_json_loads

from readiness.assessment.scoring.checks import COMPUTED
from readiness.assessment.scoring.core.reasons import OpenReason, ReasonPlace
from readiness.assessment.scoring.facts import WINDOW
from readiness.assessment.scoring.models.health import DomainHealth
from readiness.assessment.scoring.models.results import ScoreInputs, ScorePoint, SiteScore
from readiness.assessment.scoring.stored_state import StoredResult
from telemetry.binary import binary_cursor

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
