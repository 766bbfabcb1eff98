"""What ownership does to the two checks that are about it."""

from datetime import date, timedelta

import pytest

from readiness.assessment.evidence.operations import attest, record_fact
from readiness.assessment.scoring import operations as scoring
from readiness.assessment.scoring.models import CheckResult, SiteScore
from readiness.organisation.ownership import operations
from readiness.organisation.ownership.core.standing import CONFIRM_EVERY, Item

pytestmark = pytest.mark.django_db
ORCHESTRATION, ASSETS = "p4-orchestration-owner", "p4-asset-ownership"


@pytest.fixture
def rescore(plant, frozen_now):
    """As the workers do: what claims name, then what the clock alone changes; gives one check."""

    def run(check_id=ORCHESTRATION):
        scoring.rescore_changed(now=frozen_now.at)
        scoring.rescore_aged(now=frozen_now.at)
        return CheckResult.objects.get(site=plant.site, check_id=check_id)

    return run


def test_an_attestation_counts_until_anybody_accepts_and_yields_from_then_on(
    plant, own, ana, ask, rescore, frozen_now
):
    assert rescore().state == "unknown"
    attest(
        site=plant.site, check=ORCHESTRATION, part="items-owned", value=100, taken_on=date(2026, 11, 20),
        statement="All owned", attested_by="R. Okafor", by=None, now=frozen_now.at,
    )  # fmt: skip
    ask(plant.site, ana, Item.COMPUTE)
    assert rescore().evidence["ref"].startswith("attestation:")
    own(plant.site, ana)
    found = rescore()
    assert (found.state, round(found.value, 2)) == ("fail", 14.29)
    assert "compute-network (nobody)" in found.reason
    assert "Ana" not in found.reason
    # Younger, and still it yields.
    frozen_now.move(days=3)
    record_fact(
        site=plant.site, check=ORCHESTRATION, part="items-owned", value=100, taken_on=date(2026, 11, 26),
        source="Register", by=None, now=frozen_now.at,
    )  # fmt: skip
    assert rescore().state == "fail"


def test_it_passes_with_all_seven_and_says_until_when(plant, own_all, ana, rescore, frozen_now):
    owned = own_all(plant.site, ana)
    found = rescore()
    assert (found.state, found.value) == ("pass", 100)
    assert found.evidence["ref"] in {f"ownership:{one.pk}" for one in owned}
    assert found.expires_at == frozen_now.at + CONFIRM_EVERY


def test_a_confirmation_that_runs_out_at_noon_changes_the_check_at_noon(
    plant, own_all, ana, rescore, frozen_now
):
    owned = own_all(plant.site, ana)
    noon = frozen_now.at + CONFIRM_EVERY
    frozen_now.at = noon - timedelta(days=1)
    for one in owned[1:]:
        operations.confirm(one, by=ana.user, now=frozen_now.at)
    frozen_now.at = noon - timedelta(seconds=1)
    assert rescore().state == "pass"
    assert SiteScore.objects.get(site=plant.site).changes_at <= noon
    frozen_now.at = noon
    found = rescore()
    assert (found.state, round(found.value, 1)) == ("fail", 85.7)
    assert "orchestration (not confirmed in time)" in found.reason


def test_a_past_instant_is_scored_by_who_answered_then(plant, own_all, ana, manager, rescore, frozen_now):
    begun = frozen_now.at
    owned = own_all(plant.site, ana)
    frozen_now.move(days=200)
    for one in owned:
        operations.confirm(one, by=ana.user, now=frozen_now.at)
    operations.end(owned[0], reason="Moves on", by=manager, now=frozen_now.move(days=1))
    for at, state in (
        (begun + timedelta(days=1), "pass"),
        (begun + CONFIRM_EVERY, "fail"),
        (frozen_now.at, "fail"),
    ):
        scoring.evaluate(site_ids=[plant.site.pk], now=at)
        assert CheckResult.objects.get(site=plant.site, check_id=ORCHESTRATION).state == state, at


class TestAssets:
    def test_assets_are_owned_through_the_domain(self, plant, own, ana, rescore):
        own(plant.site, ana, Item.COMPUTE)
        own(plant.site, ana, Item.NETWORK)
        found = rescore(ASSETS)
        assert found.state == "fail"
        assert "energy (nobody)" in found.reason
        own(plant.site, ana, Item.ENERGY)
        assert rescore(ASSETS).state == "pass"

    def test_it_takes_an_escalation_route(self, plant, own_all, ana, rescore):
        own_all(plant.site, ana, escalation="")
        assert rescore(ASSETS).state == "fail"

    def test_without_assets_there_is_nothing_to_own(self, porto, own, ana, frozen_now):
        own(porto, ana, Item.COMPUTE)
        scoring.rescore_changed(now=frozen_now.at)
        assert CheckResult.objects.get(site=porto, check_id=ASSETS).state == "unknown"
