"""Health as it stands when nobody hears the site any more."""

from datetime import timedelta

import pytest

from readiness.assessment.scoring.core.states import (
    CHECK_STATES,
    HEALTHS,
    TIERS,
    HealthAt,
    counts_in_silence,
    health_at,
)
from tests.readiness.assessment.scoring.core.builders import HOUR, NOW

OBJECTS = {"critical": 2, "ok": 5, "not-judged": 1, "unknown": 1, "maintenance": 3}
IN_SILENCE = {"critical": 2, "unknown": 7, "maintenance": 3}


def evaluated(health):
    return HealthAt(health, NOW - HOUR, "ok", NOW, OBJECTS, {"pue": 1.3})


@pytest.mark.parametrize("health", ["warn", "critical"])
def test_known_trouble_stays_as_last_known(health):
    blind_at = NOW + timedelta(minutes=5)
    before = evaluated(health)
    assert health_at(before, blind_at, blind_at) == before
    assert health_at(before, blind_at, blind_at + timedelta(seconds=1)) == before._replace(
        is_last_known=True, objects_by_health=IN_SILENCE, figures={}
    )


@pytest.mark.parametrize("health", ["ok", "not-judged"])
def test_what_only_samples_show_ends_with_them(health):
    blind_at = NOW + timedelta(minutes=5)
    assert health_at(evaluated(health), blind_at, blind_at) == evaluated(health)
    assert health_at(evaluated(health), blind_at, blind_at + timedelta(seconds=1)) == HealthAt(
        health="unknown",
        since=blind_at,
        last_health=health,
        heard_at=NOW,
        objects_by_health=IN_SILENCE,
        figures={},
    )


@pytest.mark.parametrize("health", ["unknown", "maintenance", "not-monitored"])
def test_what_was_not_read_from_samples_stays(health):
    assert health_at(evaluated(health), NOW, NOW + HOUR) == evaluated(health)


def test_who_will_not_be_blind_stays():
    assert health_at(evaluated("critical"), None, NOW + HOUR) == evaluated("critical")


def test_objects_keep_their_number():
    assert counts_in_silence(OBJECTS) == IN_SILENCE
    assert counts_in_silence({}) == {}


def test_each_state_has_its_word():
    assert dict(CHECK_STATES)["n-a"] == "Not applicable"
    assert dict(HEALTHS) | {"ok": "OK", "not-monitored": "Not monitored"} == dict(HEALTHS)
    assert TIERS == [
        ("measured", "Measured"),
        ("declared", "Declared"),
        ("capped", "Declared, not measured"),
    ]
