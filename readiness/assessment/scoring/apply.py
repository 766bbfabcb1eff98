"""Store an evaluation: only changed rows, all sites at once, in key order; and which inputs are kept with a day's
score, how often, and for how long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.db.models import Model

from readiness.assessment.evidence.core.rules import RULES
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.scoring.core import flips as core_flips
from readiness.assessment.scoring.core.combine import worst
from readiness.assessment.scoring.core.evaluate import SiteInputs, SiteResult
from readiness.assessment.scoring.core.kept import encode
from readiness.assessment.scoring.core.reasons import ReasonPlace
from readiness.assessment.scoring.core.states import KNOWN, CheckState, Health
from readiness.assessment.scoring.figures import Figures
from readiness.assessment.scoring.health import DomainResult, SiteHealth
from readiness.assessment.scoring.models import (
    CheckResult,
    DomainHealth,
    Flip,
    HealthReason,
    ScoreInputs,
    ScorePoint,
    SiteScore,
)
from readiness.assessment.scoring.models.stored import Stored
from readiness.assessment.scoring.models.writing import Row, insert, upsert
from readiness.assessment.scoring.records import RecordTokens
from readiness.assessment.scoring.stored_state import Content
from telemetry.binary import binary_cursor


def columns_of(value: Any) -> dict[str, Any]:
    """The fields of a dataclass whose names are columns."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


REFRESHED_AFTER = timedelta(hours=1)
"""Every sample changes the inputs. If no state changes, storing them once an hour is enough: evaluating the stored
inputs gives the same states."""


def is_due(kept_at: datetime | None, has_moved: bool, now: datetime) -> bool:
    return has_moved or kept_at is None or now - kept_at >= REFRESHED_AFTER


def inputs_row(site_id: int, inputs: SiteInputs, version: FrameworkVersion, now: datetime) -> Row:
    return {
        "site_id": site_id,
        "on_date": now.date(),
        "evaluated_at": now,
        "framework_version_id": version.pk,
        "content": encode(inputs),
        "rules": RULES,
    }


def forget(*, now: datetime) -> int:
    oldest = now.date() - timedelta(days=settings.SCORE_INPUTS_DAYS)
    gone, _ = ScoreInputs.objects.filter(on_date__lt=oldest).delete()
    return gone


@dataclass(frozen=True, slots=True)
class Outcome:
    site_id: int
    result: SiteResult
    inputs: SiteInputs
    contents: Mapping[str, Content]
    flips: core_flips.FlipSet
    health: SiteHealth
    figures: Mapping[str, Figures]
    newest_sample_at: datetime | None
    tokens: RecordTokens
    changes_at: datetime
    stored: Stored


def apply(outcomes: Sequence[Outcome], version: FrameworkVersion, *, now: datetime) -> None:
    in_order = sorted(outcomes, key=lambda outcome: outcome.site_id)
    results = [row for outcome in in_order for row in _results(outcome, version, now)]
    upsert(CheckResult, results, ("site_id", "check_id"))
    _decided_alike(in_order, version)
    upsert(
        DomainHealth, [row for outcome in in_order for row in _health(outcome, now)], ("site_id", "domain")
    )
    _apply_reasons(in_order)
    decided = {outcome.site_id: decided_columns(outcome.result) for outcome in in_order}
    scores = [{**decided[outcome.site_id], **_score(outcome, version, now)} for outcome in in_order]
    upsert(SiteScore, scores, ("site_id",))
    points = [row for outcome in in_order for row in _point(outcome, decided[outcome.site_id], version, now)]
    upsert(ScorePoint, points, ("site_id", "on_date"))
    rewritten = {point["site_id"] for point in points}
    inputs = [
        inputs_row(outcome.site_id, outcome.inputs, version, now)
        for outcome in in_order
        if is_due(outcome.stored.inputs_at, outcome.site_id in rewritten or bool(outcome.flips.flips), now)
    ]
    upsert(ScoreInputs, inputs, ("site_id", "on_date"))
    _remove_checks_no_longer_defined(in_order)
    insert(Flip, [row for outcome in in_order for row in _flips(outcome, version, now)])


def _results(outcome: Outcome, version: FrameworkVersion, now: datetime) -> Iterable[Row]:
    for check_id, content in outcome.contents.items():
        before = outcome.stored.results.get(check_id)
        if before is not None and before.digest == content.digest:
            continue
        yield content.row | {
            "site_id": outcome.site_id,
            "framework_version_id": version.pk,
            "digest": content.digest,
            "since": before.since if before is not None and before.state == content.row["state"] else now,
            "first_bad_at": outcome.flips.after.checks[check_id].first_bad_at,
        }


def _decided_alike(outcomes: Iterable[Outcome], version: FrameworkVersion) -> None:
    """Write only the version for results that another version of the framework decided as stored."""
    alike = [
        row.id
        for outcome in outcomes
        for check_id, content in outcome.contents.items()
        if (row := outcome.stored.results.get(check_id)) is not None
        and row.digest == content.digest
        and row.framework_version_id != version.pk
    ]
    if alike:
        CheckResult.objects.filter(pk__in=alike).update(framework_version=version)


def _differ(row: Row, before: Model) -> bool:
    """Whether there is anything to write; a new time of evaluation alone is not a reason."""
    return any(value != getattr(before, name) for name, value in row.items() if name != "evaluated_at")


def _health(outcome: Outcome, now: datetime) -> Iterable[Row]:
    for domain in outcome.health.domains:
        before = outcome.stored.health.get(domain.domain)
        taken_at = domain.taken_at
        if taken_at is None and before is not None:
            taken_at = before.taken_at
        row = columns_of(domain) | {
            "site_id": outcome.site_id,
            "since": _health_since(domain, before, now),
            "figures": outcome.figures.get(domain.domain, {}),
            "taken_at": taken_at,
            "evaluated_at": now,
        }
        del row["value_now"], row["due_at"]
        if before is None or _differ(row, before):
            yield row


def _apply_reasons(outcomes: Sequence[Outcome]) -> None:
    """Write the reasons that differ; their number does not change the number of statements."""
    changed: list[Row] = []
    ended: list[int] = []
    for outcome in outcomes:
        before = outcome.stored.reasons
        differing = [reason for reason in outcome.health.reasons if reason not in before]
        changed += [
            {"site_id": outcome.site_id, **reason._asdict()}
            for reason in sorted(differing, key=attrgetter("place"))
        ]
        places = {reason.place for reason in outcome.health.reasons}
        ended += [reason_id for reason, reason_id in before.items() if reason.place not in places]
    upsert(HealthReason, changed, ("site_id", *ReasonPlace._fields))
    if ended:
        with binary_cursor() as cursor:
            cursor.execute("DELETE FROM scoring_healthreason WHERE id = ANY(%s)", [ended])


def _health_since(domain: DomainResult, before: DomainHealth | None, now: datetime) -> datetime:
    """A domain turns unknown when its samples stop counting as live; pages have shown it since then."""
    if before is None:
        return now
    if before.health == domain.health:
        return before.since
    is_silent = domain.health is Health.UNKNOWN and before.health in KNOWN
    return min(before.blind_at or now, now) if is_silent else now


def _score(outcome: Outcome, version: FrameworkVersion, now: datetime) -> Row:
    result, before = outcome.result, outcome.stored.score
    verdict = result.verdict
    same = before is not None and before.verdict == (verdict.verdict or "")
    return {
        "site_id": outcome.site_id,
        "verdict_reason": verdict.reason,
        "verdict_since": before.verdict_since if before is not None and same else now,
        "deciding": list(verdict.deciding),
        "excepted": list(verdict.excepted),
        "capped": list(verdict.capped),
        "measurable": result.measurable,
        "waived": result.score.result.waived or 0.0,
        "newest_sample_at": outcome.newest_sample_at,
        "evaluated_at": now,
        "changes_at": outcome.changes_at,
        "records_token": outcome.tokens.records,
        "facts_token": outcome.tokens.facts,
        "failed_at": None,
        "failure": "",
        "framework_version_id": version.pk,
        "rules": RULES,
    }


def decided_columns(result: SiteResult) -> dict[str, Any]:
    total = result.score.result
    return {
        "verdict": result.verdict.verdict or "",
        "first_blocker": result.verdict.first_blocker,
        "score": total.score,
        "score_upper": total.upper,
        "coverage": total.coverage,
        "pillars": _pillars(result),
        "counts": _counts(result),
    }


def _pillars(result: SiteResult) -> dict[str, dict[str, Any]]:
    states: dict[str, list[CheckState]] = {}
    for check in result.checks:
        states.setdefault(check.pillar, []).append(check.state)
    return {
        pillar: {
            **{
                name: getattr(score, name)
                for name in ("score", "upper", "waived", "waived_checks", "coverage")
            },
            "state": str(worst(states.get(pillar, ())) or CheckState.NOT_APPLICABLE),
        }
        for pillar, score in result.score.pillars.items()
    }


def _counts(result: SiteResult) -> dict[str, int]:
    counts: dict[str, int] = {}
    for check in result.checks:
        counts[str(check.state)] = counts.get(str(check.state), 0) + 1
    return counts


def _point(outcome: Outcome, decided: Row, version: FrameworkVersion, now: datetime) -> Iterable[Row]:
    before = outcome.stored.point
    row = {
        **decided,
        "site_id": outcome.site_id,
        "on_date": now.date(),
        "evaluated_at": now,
        "framework_version_id": version.pk,
    }
    if before is None or _differ(row, before):
        yield row


def _remove_checks_no_longer_defined(outcomes: Iterable[Outcome]) -> None:
    gone = [
        row.id
        for outcome in outcomes
        for check_id, row in outcome.stored.results.items()
        if check_id not in outcome.flips.after.checks
    ]
    if gone:
        CheckResult.objects.filter(pk__in=gone).delete()


def _flips(outcome: Outcome, version: FrameworkVersion, now: datetime) -> Iterable[Row]:
    of_all = {
        "site_id": outcome.site_id,
        "value_before": None,
        "at": now,
        "framework_version_id": version.pk,
    }
    for flip in outcome.flips.flips:
        yield (
            columns_of(flip)
            | of_all
            | {
                "from_state": flip.from_state or "",
                "to_state": flip.to_state or "",
                "threshold_text": flip.threshold_text[:100],
            }
        )
    for domain in outcome.health.domains:
        before = outcome.stored.health.get(domain.domain)
        if before is None or before.health != domain.health:
            yield _health_flip(outcome.site_id, domain, before, version, now)


def _health_flip(
    site_id: int,
    domain: DomainResult,
    before: DomainHealth | None,
    version: FrameworkVersion,
    now: datetime,
) -> Row:
    """The reason is the object that is worst now; if the domain recovered, the object that was worst, with its new
    value."""
    reasons_before = before.reasons if before else []
    reason = (domain.reasons or reasons_before or [{}])[0]
    same = ("object_kind", "object_id", "metric", "part")
    earlier: Mapping[str, Any] = next(
        (each for each in reasons_before if all(each.get(name) == reason.get(name) for name in same)), {}
    )
    if not domain.reasons:
        value, value_before = domain.value_now, reason.get("value")
    elif reason.get("is_last_known"):
        value, value_before = None, reason.get("value")
    else:
        value, value_before = reason.get("value"), earlier.get("value")
    return {
        "site_id": site_id,
        "subject": Flip.Subject.HEALTH,
        "key": domain.domain,
        "part": "",
        "from_state": before.health if before else "",
        "to_state": domain.health,
        "cause": Flip.Cause.DATA,
        "value": value,
        "value_before": value_before,
        "unit": reason.get("unit", ""),
        "threshold": reason.get("threshold"),
        "threshold_text": "",
        "reason": f"{reason.get('object', '')}: {reason.get('title', '')}".strip(": "),
        "first_bad_at": None,
        "at": now,
        "framework_version_id": version.pk,
    }
