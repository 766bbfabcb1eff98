"""When time alone next changes something at a site: until then an evaluation without new samples and records comes to
the same. Arithmetic only: it imports no framework."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from readiness.assessment.scoring.core.evaluate import SiteResult
from readiness.assessment.scoring.core.judge import worded_until
from readiness.assessment.scoring.core.reasons import GONE_AFTER
from readiness.assessment.scoring.core.states import ReasonCode, ReasonStanding
from readiness.assessment.scoring.facts import JUST_GONE_S, WINDOW, EvaluationFacts
from readiness.assessment.scoring.health import SiteHealth
from readiness.assessment.scoring.judging import DAY_S, dated_metrics
from telemetry.core.instants import FIVE_MINUTES, HOUR, floor
from telemetry.core.registry import registry
from telemetry.core.rows import Rise

_INSTANT = timedelta(microseconds=1)


def changes_at(
    facts: EvaluationFacts, result: SiteResult, health: SiteHealth, *, records_until: datetime, now: datetime
) -> datetime:
    """`records_until` is when what is on record changes. Moments that are over do not count; what ends with this very
    instant is different after it."""
    moments = (*_check_moments(result, now), *_health_moments(health), *_sample_moments(facts, now))
    first = min((moment for moment in moments if moment >= now), default=records_until)
    return min(records_until, max(first, now + _INSTANT))


def _check_moments(result: SiteResult, now: datetime) -> Iterator[datetime]:
    if result.changes_at is not None:
        yield result.changes_at
    for check in result.checks:
        for part in check.parts:
            if part.code is ReasonCode.TOO_OLD and part.taken_at is not None:
                yield worded_until(part.taken_at, now)


def _health_moments(health: SiteHealth) -> Iterator[datetime]:
    for domain in health.domains:
        if domain.due_at is not None:
            yield domain.due_at
    for reason in health.reasons:
        if reason.standing == ReasonStanding.LAST_KNOWN and reason.taken_at is not None:
            yield reason.taken_at + GONE_AFTER


def _sample_moments(facts: EvaluationFacts, now: datetime) -> Iterator[datetime]:
    live = {source_id: timedelta(seconds=facts.live_s(source_id)) for source_id in facts.sources}
    floor_s = timedelta(seconds=facts.live_floor_s)
    for samples in facts.latest.values():
        for sample in samples:
            yield sample.ts + live.get(sample.source_id, floor_s)
    for samples in facts.latest_of_day.values():
        yield from (sample.ts + WINDOW for sample in samples)
    yield from (at + WINDOW for at in facts.changed_at.values())
    for of_object in facts.seen.values():
        for source_id, at in of_object.items():
            yield at + live.get(source_id, floor_s) + timedelta(seconds=JUST_GONE_S)
    for source in facts.sources.values():
        # Its clock is ahead, and a sample counts from its own time on.
        if source.last_sample_at is not None and source.last_sample_at > now:
            yield source.last_sample_at
    yield from _rise_moments(facts)
    yield from _date_moments(facts)
    if facts.was_well:
        yield now.replace(minute=0, second=0, microsecond=0) + HOUR


def _rise_moments(facts: EvaluationFacts) -> Iterator[datetime]:
    """The instants at which the first rise leaves a window, which begins with whole five minutes."""
    for rises in facts.rises.values():
        yield from (_leaves_at(rise, WINDOW) for rise in rises)
    for (window_s, _), rise in facts.rises_within.items():
        window = timedelta(seconds=window_s)
        yield from (_leaves_at(rise, window), rise.last_bad_at + window)


def _leaves_at(rise: Rise, window: timedelta) -> datetime:
    return floor(rise.first_bad_at) + FIVE_MINUTES + window


def _date_moments(facts: EvaluationFacts) -> Iterator[datetime]:
    """The instants at which the days that are left until a date, such as the end of a certificate, pass a limit."""
    for metric in dated_metrics() & facts.latest.keys():
        for sample in facts.latest[metric]:
            definition = registry().get(metric, sample.labels)
            for rule in definition.health if definition else ():
                for limit in (*rule.warn, *rule.critical) if rule.days_left else ():
                    for slack in (-rule.hysteresis, 0.0, rule.hysteresis):
                        yield _instant(sample.value - (limit + slack) * DAY_S)


def _instant(epoch_s: float) -> datetime:
    """A date that no clock can tell never comes."""
    try:
        return datetime.fromtimestamp(epoch_s, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.max.replace(tzinfo=UTC)
