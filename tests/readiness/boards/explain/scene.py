"""Inputs of a site on one day or another: well, failing, waived, silent."""

from dataclasses import replace
from datetime import timedelta

from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.core.states import CheckState
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.core.builders import NOW, figure, grant, site_inputs

BACKUP = "p2-backup-power"
DAY = timedelta(days=1)
MONTH = 30 * DAY


def good(at):
    """Every check passes, on evidence a minute old."""
    inputs = site_inputs(framework_queries.current()[1])
    readings = {key: one._replace(taken_at=one.taken_at + (at - NOW)) for key, one in inputs.readings.items()}
    return replace(inputs, readings=readings)


def failing(inputs, check_id=BACKUP):
    part = framework_queries.current()[1].check(check_id).parts[0]
    key = (check_id, part.id)
    bad = inputs.readings[key]._replace(value=figure(part, CheckState.FAIL), evidence="run:12")
    return replace(inputs, readings={**inputs.readings, key: bad})


def silent(inputs, since, check_id):
    """Of this check nothing came since."""
    readings = {
        key: one._replace(taken_at=since) if key[0] == check_id else one
        for key, one in inputs.readings.items()
    }
    return replace(inputs, readings=readings)


def eventful(there, *, now):
    """Something of every cause but the rule between a month ago and now."""
    before = now - MONTH
    start, end = failing(good(before), "p1-soak-24h"), good(now)
    end = silent(failing(end, "p5-telemetry-coverage"), before, "p5-accelerator-health")
    end = replace(failing(end), waivers={BACKUP: grant(starts_at=now - DAY, ends_at=now + DAY, grant_id="7")})
    end = replace(end, context=replace(end.context, vendors_in_path=1))
    stored.kept(there, start, at=before)
    stored.kept(there, end, at=now)
