"""A firmware outside the baseline: conformance and check fall in one evaluation, a waiver shows, its end brings it
back."""

from datetime import timedelta

import pytest

from inventory.models import Device, Site
from inventory.queries import end_of_day
from readiness.assessment.scoring import operations as scoring
from readiness.assessment.standards import operations
from readiness.assessment.standards.models import Conformance, Deviation
from tests.readiness.assessment.standards.conftest import FIRMWARE, publish

pytestmark = pytest.mark.django_db
CHECK = "p4-multivendor-standard"


def part(plant, name):
    return next(each for each in plant.check(CHECK).parts if each["part"] == name)


def rescore(plant, seconds=0):
    plant.clock.move(seconds=seconds)
    scoring.rescore_changed(now=plant.clock.at)
    scoring.rescore_due(now=plant.clock.at)
    return plant


def numbers():
    row = Conformance.objects.get(until_at=None)
    return row.conforming, row.waived, row.deviating


def test_from_deviation_over_waiver_to_its_end(well, standard_of, ops, manager, frozen_now):
    switches = Device.objects.filter(pk=well.switch.pk)
    switches.update(firmware_version="4.2.1")
    standard = standard_of(FIRMWARE)
    rescore(well)
    assert numbers() == (1, 0, 0)
    assert [part(well, each)["value"] for each in ("standard-current", "deviations-unwaived")] == [1, 0]
    assert well.check(CHECK).state == "pass"

    switches.update(firmware_version="4.1")
    rescore(well, 5)
    assert numbers() == (0, 0, 1)
    assert well.check(CHECK).state == "fail"
    deviation = Deviation.objects.get()
    assert (deviation.device_id, deviation.has, deviation.wants) == (
        well.switch.pk,
        "4.1",
        "firmware version at least 4.2",
    )

    ends_at = frozen_now.at + timedelta(hours=1)
    asked = operations.request_waiver(
        standard=standard,
        site=well.site,
        device=switches.get(),
        reason="The vendor mends it",
        ends_at=ends_at,
        by=ops,
        now=frozen_now.at,
    )
    assert rescore(well).check(CHECK).state == "fail"
    with pytest.raises(operations.OwnWaiver):
        operations.approve(asked, note="", by=ops_who_decides(ops), now=frozen_now.at)
    operations.approve(asked, by=manager, now=frozen_now.at)
    rescore(well, 5)
    assert numbers() == (0, 1, 0)
    assert well.check(CHECK).state == "warn"
    assert Deviation.objects.get().waiver_id == asked.pk
    assert well.score.changes_at <= ends_at

    # Nothing is sent and nobody writes: the clock alone.
    frozen_now.at = ends_at
    scoring.rescore_due(now=frozen_now.at)
    assert numbers() == (0, 0, 1)
    assert well.check(CHECK).state == "fail"
    # It deviated since it was first found so, whatever the waiver.
    assert Deviation.objects.get().since_at == deviation.since_at
    spans = Conformance.objects.order_by("since_at").values_list("since_at", "until_at")
    assert [until for _, until in spans][:-1] == [since for since, _ in spans][1:]


def ops_who_decides(ops):
    from django.contrib.auth.models import Permission

    ops.user_permissions.add(Permission.objects.get(codename="approve_deviationwaiver"))
    return type(ops).objects.get(pk=ops.pk)


def test_the_check_of_interfaces_takes_the_worst_domain_and_a_retired_standard_leaves_it(
    well, standard_of, manager
):
    address = FIRMWARE | {"id": "address", "reads": "address", "operator": "present", "roles": []}
    del address["values"]
    standard_of(address, kind="interfaces", topics=[])
    Device.objects.filter(pk__in=[well.node.pk, well.switch.pk]).update(management_address="10.0.0.1")
    rescore(well)
    check = well.check("p4-standard-interfaces")
    assert (check.state, check.value) == ("fail", 0)
    assert check.parts[0]["detail"].startswith(
        "energy: 0 of 3 objects keep to Fabric 1; without: plant-pdu-A"
    )
    version = Conformance.objects.filter(until_at=None).first().version
    operations.retire_version(version, by=manager, now=well.clock.at + timedelta(seconds=5))
    rescore(well, 5)
    assert well.check("p4-standard-interfaces").state == "unknown"
    assert not Conformance.objects.filter(until_at=None).exists()
    assert not Deviation.objects.exists()


def test_a_review_that_is_overdue_at_midnight_of_the_site_moves_the_check(well, standard_of, frozen_now):
    Site.objects.filter(pk=well.site.pk).update(time_zone="Pacific/Honolulu")
    Device.objects.filter(pk=well.switch.pk).update(firmware_version="4.2")
    standard_of(FIRMWARE, review_on=frozen_now.at.date())
    rescore(well)
    assert part(well, "standard-current")["value"] == 1
    frozen_now.at = end_of_day(frozen_now.at.date(), "Pacific/Honolulu")
    scoring.rescore_due(now=frozen_now.at)
    assert part(well, "standard-current")["value"] == 0
    assert "the review of Fabric is overdue" in part(well, "standard-current")["detail"]


def test_a_version_in_force_never_changes_and_another_takes_its_place(well, standard_of, manager, frozen_now):
    standard = standard_of(FIRMWARE)
    first = standard.versions.get()
    with pytest.raises(operations.NotInState):
        operations.change_version(first, rules=[FIRMWARE], by=manager, now=frozen_now.at)
    frozen_now.move(seconds=1)
    publish(standard, FIRMWARE, version="2", by=manager, now=frozen_now.at)
    first.refresh_from_db()
    assert (first.status, first.retired_at) == ("retired", frozen_now.at)
