"""How severe a date is, the nearer it comes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from readiness.loop.alerts.core.kinds import AlertKind
from readiness.loop.alerts.core.leads import LEADS, longest_lead, severity_at

DUE_AT = datetime(2026, 12, 24, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("kind", LEADS)
def test_the_nearer_a_date_the_more_severe(kind):
    steps = LEADS[kind]
    assert all(earlier.before > later.before for earlier, later in pairwise(steps))
    assert all(earlier.severity.rank > later.severity.rank for earlier, later in pairwise(steps))
    assert severity_at(kind, DUE_AT, now=DUE_AT - longest_lead(kind) - SECOND) is None
    for step in steps:
        assert severity_at(kind, DUE_AT, now=DUE_AT - step.before) is step.severity


def test_what_is_over_stays_as_severe_as_it_was():
    assert severity_at(AlertKind.OWNERSHIP, DUE_AT, now=DUE_AT + timedelta(days=99)) == "error"
