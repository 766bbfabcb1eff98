"""The demo loaded in two parts comes to what it comes to when it is loaded at once, on every day of its past."""

import random
import re

import pytest
from django.db import connection

from readiness.assessment.evidence.models import RecordedFact, ValidationRun
from readiness.assessment.scoring.models import CheckResult, DomainHealth, Flip, ScorePoint, SiteScore
from readiness.demo import operations
from readiness.demo.models import DemoFleet
from readiness.demo.operations import background
from readiness.tradeoffs.models import Decision
from telemetry.models import Series, SourceFlip, SourceStatus
from tests.conftest import NOW
from tests.readiness.demo.scenes import SITES_WITH_PAST, demo_past

pytestmark = [pytest.mark.django_db, pytest.mark.full, pytest.mark.timeout(900)]
SINGLE_STEPS = 12
ROLLUPS = "SELECT digest, start, count, sum, min, max, last, increase FROM {} JOIN telemetry_series ON id = series_id"


def known():
    """All that scoring and telemetry keep of the sites, by names that do not depend on who wrote first."""
    rows = {
        "points": ScorePoint.objects.order_by("on_date", "site").values_list(
            "on_date", "site__name", "verdict", "score", "score_upper", "pillars"
        ),
        "flips": Flip.objects.order_by("at", "site", "subject", "key", "part", "to_state").values_list(
            *(
                "at",
                "site__name",
                "subject",
                "key",
                "part",
                "from_state",
                "to_state",
                "cause",
                "first_bad_at",
            ),
            *("value", "value_before", "reason"),
        ),
        "scores": SiteScore.objects.order_by("site").values_list(
            "site__name", "verdict", "verdict_since", "score", "deciding", "capped", "excepted"
        ),
        "results": CheckResult.objects.order_by("site", "check_id").values_list(
            "site__name", "check_id", "state", "since", "first_bad_at", "value", "margin", "reason"
        ),
        "health": DomainHealth.objects.order_by("site", "domain").values_list(
            "site__name", "domain", "health", "since", "last_health"
        ),
        "sources": SourceStatus.objects.order_by("source__name").values_list(
            "source__name", "state", "state_since", "first_sample_at"
        ),
        "source flips": SourceFlip.objects.order_by("at", "source__name").values_list(
            "source__name", "from_state", "to_state", "at"
        ),
        "series": Series.objects.order_by("digest", "source__name").values_list("digest", "first_seen_at"),
        "facts": RecordedFact.objects.order_by("site", "check_id", "part", "taken_at", "value").values_list(
            "site__name", "check_id", "part", "taken_at", "value"
        ),
        "runs": ValidationRun.objects.order_by("site", "taken_at", "file_name").values_list(
            "site__name", "tool", "file_name", "taken_at", "voided_at"
        ),
        "decisions": Decision.objects.order_by("decided_at").values_list(
            "workload_slug", "site__name", "state", "decided_at", "answered_at", "reviewed_at"
        ),
    }
    listed = {name: [tuple(map(_without_ids, row)) for row in of] for name, of in rows.items()}
    with connection.cursor() as cursor:
        for table in ("telemetry_rollup_1h", "telemetry_rollup_5m"):
            cursor.execute(f"{ROLLUPS.format(table)} WHERE start < %s ORDER BY 1, 2", [NOW.replace(minute=0)])
            listed[table] = [tuple(map(str, row)) for row in cursor.fetchall()]
    return listed


def _without_ids(value):
    """A reason names the record that it rests on by its id, which tells only who wrote first."""
    return re.sub(r"(fact|attestation|run) \d+", r"\1", value) if isinstance(value, str) else value


@pytest.fixture(scope="module")
def loads(django_db_setup, django_db_blocker):
    """What there is after a load at once; after the first part of the other; and after its last step."""
    with django_db_blocker.unblock():
        with django_db_setup.on(demo_past, commits=False):
            at_once = known()
        with django_db_setup.apart():
            operations.load_present(site_names=SITES_WITH_PAST, by=None, now=NOW)
            first = known()
            # As tasks do: each takes the steps that it has time for, and remembers nothing of those before.
            for _ in range(SINGLE_STEPS):
                background.go_on(clock=lambda: NOW, budget_s=0)
            while DemoFleet.objects.filter(history="running").exists():
                background.go_on(clock=lambda: NOW)
            fleet = DemoFleet.objects.get()
            assert fleet.history == "done", fleet.history_failure
            yield at_once, first, known()


def test_todays_verdicts_are_those_of_a_load_at_once_before_any_history_is_written(loads):
    at_once, first, _ = loads
    assert [row[:2] for row in first["scores"]] == [row[:2] for row in at_once["scores"]]
    # Before there is a past, nothing is known that could be too old.
    first, at_once = (
        [(*row[:2], row[2].replace("stale", "unknown")) for row in of["results"]] for of in (first, at_once)
    )
    assert first == at_once


def test_ten_dates_have_the_same_verdict_score_and_flips(loads):
    at_once, _, afterwards = loads
    dates = random.Random(14).sample(sorted({row[0] for row in at_once["points"]}), 10)
    for on_date in dates:
        for name, day in (("points", lambda row: row[0]), ("flips", lambda row: row[0].date())):
            assert [row for row in afterwards[name] if day(row) == on_date] == [
                row for row in at_once[name] if day(row) == on_date
            ], on_date


@pytest.mark.parametrize(
    "name",
    [
        "points",
        "flips",
        "scores",
        "results",
        "health",
        "sources",
        "source flips",
        "series",
        "facts",
        "runs",
        "decisions",
        "telemetry_rollup_1h",
        "telemetry_rollup_5m",
    ],
)
def test_nothing_differs_in_the_end(loads, name):
    at_once, _, afterwards = loads
    assert afterwards[name] == at_once[name]


def test_the_past_leaves_no_schema_behind(loads):
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace('demo_history')")
        assert cursor.fetchone() == (None,)
