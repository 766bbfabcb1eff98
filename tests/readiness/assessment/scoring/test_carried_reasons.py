"""An upgrade makes a row of each reason that an older Muster kept with the domain."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection

from readiness.assessment.scoring.models import DomainHealth, HealthReason
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW

pytestmark = pytest.mark.django_db
migration = import_module("readiness.assessment.scoring.migrations.0005_carry_reasons")
BLANK = dict.fromkeys(("metric", "title", "unit", "direction", "source", "measure", "was"), "")
BLANK |= dict.fromkeys(("value", "threshold", "taken_at", "since"))


def old(number, health, **given):
    return BLANK | {
        "health": health,
        "object_kind": "device",
        "object_id": number,
        "object": f"n{number}",
        **given,
    }


@pytest.fixture
def carried(db):
    at = {"taken_at": NOW.isoformat(), "since": (NOW - timedelta(hours=3)).isoformat()}
    value = {"measure": "value", "direction": "above", "unit": "%", "source": "OD", **at}
    load = {
        "metric": "upsOutputPercentLoad",
        "title": "UPS load",
        "value": 104.5,
        "threshold": 100.0,
        **value,
    }
    inlet = {
        "metric": "ipmi_temperature_celsius",
        "title": "Temperature (Inlet Temp (1))",
        "value": 33,
        **value,
    }
    there = stored.site(name="Faro", slug="faro")
    DomainHealth.objects.create(
        site=there,
        domain="energy",
        health="unknown",
        last_health="critical",
        since=NOW,
        evaluated_at=NOW,
        reasons=[
            old(1, "critical", **load),
            old(2, "unknown", was="warn", **inlet),
            old(3, "unknown", title="Not heard from"),
        ],
    )
    with connection.cursor() as cursor:
        cursor.execute(migration._CARRY)
    return {row.object: row for row in HealthReason.objects.all()}


def test_what_was_live_is_so(carried):
    reason = carried["n1"]
    assert (reason.health, reason.standing, reason.is_last_known) == ("critical", "live", False)
    assert (reason.metric, reason.part, reason.value, reason.threshold) == (
        *("upsOutputPercentLoad", ""),
        *(104.5, 100.0),
    )
    assert (reason.since, reason.counts_from) == (NOW - timedelta(hours=3),) * 2


def test_what_a_silent_object_was_is_last_known(carried):
    reason = carried["n2"]
    assert (reason.health, reason.standing, reason.is_last_known) == ("warn", "last-known", True)
    assert reason.part == "Inlet Temp (1)"


def test_silence_is_a_reason_without_a_metric(carried):
    reason = carried["n3"]
    assert (reason.health, reason.standing, reason.title, reason.since) == (
        "unknown",
        "silent",
        "Not seen",
        NOW,
    )
    assert len(carried) == 3
