"""A fleet of which the inputs of two days are kept: one site got worse, one got a waiver, one stayed, one is new."""

from dataclasses import replace

import pytest

from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.grants import operations as waivers
from readiness.assessment.grants.queries import standing_grants
from readiness.assessment.scoring.models import SiteScore
from readiness.boards.waivers.requests import ask_for_grant
from tests.inventory import made
from tests.readiness.assessment.scoring import stored
from tests.readiness.boards.explain.scene import BACKUP, DAY, MONTH, failing, good


@pytest.fixture
def before(frozen_now):
    return frozen_now.at - MONTH


@pytest.fixture
def dallas(db, frozen_now, before):
    """Ready a month ago; since yesterday a BLOCK check fails."""
    there = made.site(name="Dallas", slug="dallas")
    made.capacity_event(site=there, it_kw=900.0)
    stored.kept(there, good(before), at=before)
    stored.kept(there, failing(good(frozen_now.at)), at=frozen_now.at)
    version, _ = framework_queries.current()
    SiteScore.objects.create(
        site=there,
        verdict="not-ready",
        verdict_since=frozen_now.at - DAY,
        evaluated_at=frozen_now.at,
        framework_version=version,
    )
    return there


@pytest.fixture
def gent(db, frozen_now, before, user_of):
    """The same check failed a month ago, and is waived now."""
    there = made.site(name="Gent", slug="gent")
    made.capacity_event(site=there, it_kw=400.0)
    asked = {"kind": "waiver", "check_id": BACKUP, "reason": "UPS B is being replaced"}
    grant = ask_for_grant(
        site=there, ends_at=frozen_now.at + 7 * DAY, by=user_of("ops"), now=frozen_now.at - DAY, **asked
    )
    waivers.approve(grant, note="", by=user_of("manager"), now=frozen_now.at - DAY)
    given = standing_grants([there.pk], now=frozen_now.at)[there.pk]
    stored.kept(there, failing(good(before)), at=before)
    stored.kept(there, replace(failing(good(frozen_now.at)), waivers=given.waivers), at=frozen_now.at)
    return there


@pytest.fixture
def hull(db, frozen_now, before):
    """Well on both days."""
    there = made.site(name="Hull", slug="hull")
    made.capacity_event(site=there, it_kw=100.0)
    stored.kept(there, good(before), at=before)
    stored.kept(there, good(frozen_now.at), at=frozen_now.at)
    return there


@pytest.fixture
def oslo(db, frozen_now):
    """New: there was nothing of it a month ago."""
    there = made.site(name="Oslo", slug="oslo")
    made.capacity_event(site=there, it_kw=300.0)
    stored.kept(there, failing(good(frozen_now.at)), at=frozen_now.at)
    return there


@pytest.fixture
def fleet(dallas, gent, hull, oslo):
    return [dallas, gent, hull, oslo]
