"""A site, people who ask and decide, and grants in a word each."""

from datetime import timedelta

import pytest

from readiness.assessment.grants import operations
from readiness.boards.waivers.requests import ask_for_grant
from tests.inventory import made

DAY = timedelta(days=1)
WAIVABLE = "p2-backup-power"


@pytest.fixture
def porto(db):
    return made.site(name="Porto", slug="porto", owner="Ops South")


@pytest.fixture
def ask(ops, frozen_now):
    """`ask(site, days=7, by=planner, kind="exception")` asks as the role ops for a week's waiver of backup power."""

    def make(site, *, days=7, by=ops, **given):
        given = {"kind": "waiver", "check_id": WAIVABLE, "reason": "UPS B is being replaced"} | given
        given.setdefault("ends_at", given.get("starts_at", frozen_now.at) + days * DAY)
        return ask_for_grant(site=site, by=by, now=frozen_now.at, **given)

    return make


@pytest.fixture
def grant(ask, manager, frozen_now):
    """As `ask`, and the manager approves at once."""

    def make(site, **given):
        return operations.approve(ask(site, **given), by=manager, now=frozen_now.at)

    return make
