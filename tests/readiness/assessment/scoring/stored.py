"""Stored verdicts made by hand, for tests of what is read from them."""

from datetime import UTC, datetime, timedelta

from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring import apply
from readiness.assessment.scoring.apply import decided_columns
from readiness.assessment.scoring.core.evaluate import evaluate
from readiness.assessment.scoring.models import (
    CheckResult,
    DomainHealth,
    Flip,
    HealthReason,
    ScoreInputs,
    ScorePoint,
    SiteScore,
)
from readiness.assessment.scoring.queries.results import kept_on
from tests.inventory import made
from tests.inventory.made import maker

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
IN_FORCE = {"framework_version": lambda _: framework_queries.current()[0]}


_score = maker(
    SiteScore,
    score=0.5,
    score_upper=0.9,
    coverage=0.4,
    newest_sample_at=NOW - timedelta(seconds=40),
    evaluated_at=NOW - timedelta(seconds=20),
    **IN_FORCE,
)
_result = maker(
    CheckResult,
    "site",
    "check_id",
    "state",
    since=NOW - DAY,
    **IN_FORCE,
)
flip = maker(
    Flip,
    "site",
    "subject",
    "key",
    "to_state",
    at=NOW - DAY,
    from_state="",
    cause="data",
    **IN_FORCE,
)
point = maker(
    ScorePoint,
    "site",
    "on_date",
    "score",
    "verdict",
    verdict="not-ready",
    evaluated_at=NOW,
    **IN_FORCE,
)
_health = maker(DomainHealth, "site", "domain", "health", health="ok", since=NOW - DAY, evaluated_at=NOW)


def site(verdict="not-ready", *, kw=1000.0, first_blocker="", commissioned=NOW - 200 * DAY, **given):
    """A site in production with deployed capacity and a verdict."""
    there = made.site(**given)
    if kw:
        made.capacity_event(site=there, happened_on=commissioned.date(), it_kw=kw, accelerators=int(kw / 10))
    score(there, verdict, first_blocker=first_blocker)
    return there


def score(there, verdict="not-ready", *, since=NOW - 90 * DAY, first_blocker="", **columns):
    _, framework = framework_queries.current()
    half = {"score": 0.5, "upper": 0.9, "waived": 0.0, "coverage": 0.4, "state": "unknown"}
    decided = {
        "verdict": verdict,
        "verdict_since": since,
        "first_blocker": first_blocker if verdict == "not-ready" else "",
        "deciding": [first_blocker] if first_blocker else [],
        "pillars": {pillar.id: half for pillar in framework.pillars},
    }
    flip(there, "verdict", "", verdict, at=since)
    return _score(site=there, **decided | columns)


def result(there, check_id, state="pass", **columns):
    check = framework_queries.current()[1].check(check_id)
    judged = {"pillar": check.pillar, "gate": check.gate, "measured_state": state}
    return _result(there, check_id, state, **judged | columns)


def health(there, domain, state="ok", **columns):
    for stored in columns.get("reasons", ()):
        reason(there, domain, **stored)
    return _health(there, domain, state, **columns)


RANKS = {"critical": 1, "warn": 3, "unknown": 4}


def reason(there, domain, **given):
    """An open reason, as the domain's row has it too."""
    standing = given.get("standing") or ("live" if given.get("metric") else "silent")
    rank = RANKS[given["health"]] - (standing == "silent" and given["health"] != "unknown")
    at = {"since": given.get("since") or NOW - DAY, "taken_at": given.get("taken_at")}
    return HealthReason.objects.create(
        site=there,
        domain=domain,
        **given | at | {"standing": standing, "rank": rank, "counts_from": at["since"]},
    )


def kept(there, inputs, *, at, version=None):
    """The day's point and its inputs, as an evaluation at `at` would have left them."""
    version = version or framework_queries.current()[0]
    result = evaluate(framework_queries.definition_of(version), inputs, now=at)
    ScorePoint.objects.update_or_create(
        site=there,
        on_date=at.date(),
        defaults=decided_columns(result) | {"evaluated_at": at, "framework_version": version},
    )
    row = apply.inputs_row(there.pk, inputs, version, at)
    ScoreInputs.objects.update_or_create(site=there, on_date=at.date(), defaults=row)


def kept_at(point):
    """The inputs that this very point was decided from; None where they are past their time."""
    newest = kept_on([point.site_id], point.on_date).get(point.site_id)
    return newest if newest and newest.on_date == point.on_date else None


def differences(point):
    """Columns of a stored point that do not follow from its inputs, as (stored, again); empty if all do."""
    snapshot = kept_at(point).snapshot
    again = evaluate(snapshot.framework, snapshot.inputs, now=snapshot.evaluated_at)
    return {
        name: (getattr(point, name), value)
        for name, value in decided_columns(again).items()
        if getattr(point, name) != value
    }
