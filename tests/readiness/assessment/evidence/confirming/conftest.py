"""Porto, and attestations of it that ops entered."""

from datetime import timedelta

import pytest

from readiness.assessment.evidence.operations import attest
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.operations import evaluate
from tests.inventory import made
from web.workflows import waiting

CHECK = "p1-commissioning-l5"
PARTS = {"level": 5, "critical-deficiencies": 0, "undated-deficiencies": 0, "dated-deficiencies": 0}
DAY = timedelta(days=1)


@pytest.fixture
def porto():
    return made.site(name="Porto", slug="porto", stage="production", profiles=["training"])


@pytest.fixture
def state(porto, ops, frozen_now):
    """`state(part)` is an attestation of Porto that ops entered."""

    def one(part="level", value=None, **given):
        values = {"statement": "The report says so", "attested_by": "H. Brandt", "by": ops, "check": CHECK}
        values |= {"value": PARTS[part] if value is None else value, "taken_on": frozen_now.at.date() - DAY}
        return attest(site=porto, part=part, now=frozen_now.at, **(values | given))

    return one


@pytest.fixture
def whole(state):
    """`whole()` states every sub-measure of the check."""
    return lambda **given: [state(part, **given) for part in PARTS]


@pytest.fixture
def result(porto, frozen_now):
    def look(check_id=CHECK):
        evaluate(site_ids=[porto.pk], now=frozen_now.at)
        return CheckResult.objects.get(site=porto, check_id=check_id)

    return look


@pytest.fixture
def inbox(frozen_now):
    def read(user):
        numbers = waiting.counts(user, now=frozen_now.at)
        entries = waiting.inbox(user, now=frozen_now.at, numbers=numbers)
        return [entry.subject for entry in entries if entry.turn.kind == "Confirm an attestation"]

    return read
