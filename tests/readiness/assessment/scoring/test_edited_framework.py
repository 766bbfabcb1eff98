"""A framework that dropped or renamed what code and stored rows name: nothing breaks on it."""

from datetime import date, timedelta

import pytest

from readiness.assessment.evidence.operations import record_fact
from readiness.assessment.framework import operations as framework_operations
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.document import load
from readiness.assessment.scoring import operations as scoring
from readiness.assessment.scoring.checks import ANEW, COMPUTED, ON_RECORD, computed
from readiness.assessment.scoring.gather import gather
from readiness.assessment.scoring.models import CheckResult
from readiness.boards.waivers.requests import ask_for_grant
from tests.readiness.assessment.scoring import stored
from web.versioned.core.documents import written

pytestmark = pytest.mark.django_db


def definition(version="muster-3"):
    return written(framework_queries.current()[1]) | {"version": version}


def without_part(check_id, part_id):
    """The shipped definition with one sub-measure under another id."""
    edited = definition()
    [check] = [one for one in edited["checks"] if one["id"] == check_id]
    for part in check["parts"]:
        if part["id"] == part_id:
            part["id"] = "renamed"
    return load(edited)


def test_every_computed_sub_measure_may_be_dropped(well):
    _, framework = framework_queries.current()
    facts = gather([well.site.pk], framework, now=well.clock.at)[well.site.pk]
    whole = computed(framework, facts, well.clock.at, {**ANEW, **ON_RECORD})
    for check_id in COMPUTED:
        for part in framework.check(check_id).parts:
            kept = computed(without_part(check_id, part.id), facts, well.clock.at, {**ANEW, **ON_RECORD})
            assert set(kept) <= set(whole) - {(check_id, part.id)}
            # Its metrics are those that both others of accelerator health are told from.
            if part.id != "still-scheduling":
                assert set(kept) == set(whole) - {(check_id, part.id)}


def test_sites_are_evaluated_without_a_check_they_had(well):
    edited = definition()
    edited["checks"] = [one for one in edited["checks"] if one["id"] != "p5-fabric-health"]
    edited["counts"]["p5"] -= 1
    framework_operations.publish(edited, by=None, now=well.clock.at)
    well.clock.move(seconds=10)
    well.evaluate()
    assert not CheckResult.objects.filter(check_id="p5-fabric-health").exists()
    assert CheckResult.objects.count() == 47


def test_pages_and_endpoints_hold_with_rows_that_name_what_is_gone(frozen_now, client_of, user_of, api_of):
    """A grant, a fact, a floor's run and stored results of checks that the framework in force no longer has."""
    porto = stored.site(name="Porto", slug="porto", first_blocker="p2-backup-power")
    for check_id in ("p2-backup-power", "p2-energy-kpis", "p1-rdma-port"):
        stored.result(porto, check_id, "fail", reason="It left its limits.")
        stored.flip(porto, "check", check_id, "fail", from_state="pass")
    ask_for_grant(
        site=porto, kind="waiver", check_id="p2-backup-power", reason="New UPS", by=user_of("ops"),
        now=frozen_now.at, ends_at=frozen_now.at + timedelta(days=5),
    )  # fmt: skip
    record_fact(
        site=porto, check="p2-energy-kpis", part="pue", value=1.2, source="meter", taken_on=date(2026, 11, 20),
        by=None, now=frozen_now.at,
    )  # fmt: skip
    edited = definition()
    gone = {"p2-backup-power": "p2", "p2-energy-kpis": "p2", "p1-rdma-port": "p1"}
    edited["checks"] = [one for one in edited["checks"] if one["id"] not in gone]
    for pillar in gone.values():
        edited["counts"][pillar] -= 1
    framework_operations.publish(edited, by=None, now=frozen_now.at)
    client, api = client_of("admin"), api_of("admin")
    fleet = [
        "/fleet/",
        "/sites/",
        "/readiness/",
        "/readiness/checks/",
        "/readiness/gap/",
        "/waivers/",
        "/waivers/ageing/",
    ]
    site = ["/sites/porto/", "/sites/porto/?tab=evidence", "/sites/porto/?tab=changes", "/evidence/facts/"]
    pages = [*fleet, *site]
    assert {page: client.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)
    for check_id in gone:
        assert client.get(f"/sites/porto/checks/{check_id}/").status_code == 404
    for kind in ("results", "flips", "scores", "waivers", "facts"):
        assert api.get(f"/api/readiness/{kind}/?site=porto").status_code == 200
    scoring.evaluate(site_ids=[porto.pk], now=frozen_now.at)
    assert not CheckResult.objects.filter(check_id__in=gone).exists()
    assert {page: client.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)
