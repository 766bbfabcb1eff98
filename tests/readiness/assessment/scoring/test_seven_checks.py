"""The checks that are computed from telemetry, each from samples as senders send them.

That of serving latency, which needs engines, has a module of its own.
"""

from datetime import timedelta

import pytest

from inventory.models import Accelerator, CoolingUnit, Device, Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.checks import COMPUTED
from readiness.assessment.scoring.models import CheckResult
from readiness.demand.workloads.models import WorkloadClass
from telemetry.operations import create_source
from tests.entries import redated
from tests.inventory import made
from tests.readiness.plant import deliver

pytestmark = pytest.mark.django_db

POWER, COOLING, BACKUP = "p2-power-headroom", "p2-cooling-headroom", "p2-backup-power"
LATENCY, COVERAGE = "p2-placement-latency", "p5-telemetry-coverage"
ACCELERATORS, FABRIC = "p5-accelerator-health", "p5-fabric-health"
SERVING, ENVELOPES, JURISDICTION = "p5-slo-compliance", "p2-envelope-declared", "p2-placement-jurisdiction"


def test_all_is_well_where_all_is_well(well):
    states = {check_id: well.state(check_id) for check_id in COMPUTED}
    unknown = dict.fromkeys((POWER, SERVING, ENVELOPES, JURISDICTION), "unknown")
    assert states == dict.fromkeys(COMPUTED, "pass") | unknown
    parts = {part["part"]: part["state"] for part in well.check(POWER).parts}
    assert parts == {
        "site-load": "pass",
        "circuit-load": "pass",
        "leg-load": "pass",
        "step-1s": "unknown",
        "step-10s": "unknown",
    }


def test_every_other_check_is_unknown_or_not_applicable_and_says_what_it_waits_for(well):
    _, framework = framework_queries.current()
    others = CheckResult.objects.filter(site=well.site).exclude(check_id__in=COMPUTED)
    assert others.count() == len(framework.checks) - len(COMPUTED)
    assert set(others.values_list("state", flat=True)) == {"unknown", "n-a"}
    waiting = {part.waits_for for check in framework.checks for part in (check, *check.parts)}
    assert set(others.filter(state="unknown").values_list("reason", flat=True)) <= waiting


def test_a_site_that_never_sent_anything_is_unknown_in_all_of_them(plant):
    plant.evaluate()
    states = {check_id: plant.state(check_id) for check_id in COMPUTED}
    assert states == dict.fromkeys(COMPUTED, "unknown")
    assert "first sample" in plant.check(COVERAGE).reason
    assert plant.score.verdict == "not-ready"


class TestPower:
    @pytest.mark.parametrize(
        ("kw", "state"),
        [(84, "pass"), (86, "warn"), (94, "warn"), (96, "fail")],
        ids=lambda value: str(value),
    )
    def test_the_peak_of_the_site_against_what_is_contracted(self, plant, kw, state):
        plant.change(site_power_watts=kw * 1000)
        plant.run(12)
        plant.change(site_power_watts=10_000)
        plant.run(12)
        part = plant.evaluate().part(POWER, "site-load")
        assert (part["state"], part["value"], part["threshold"]) == (state, pytest.approx(kw), 85)
        assert part["margin"] == pytest.approx(85 - kw)
        assert part["detail"] == "at the site meter"
        assert part["provenance"] == "measured"

    def test_a_circuit_above_four_fifths_of_its_breaker_fails(self, plant):
        # 32 A at 400 V in three phases carry 22.17 kW.
        plant.change(rPDU2DeviceStatusPower={"A": 1800})
        plant.run(20)
        part = plant.evaluate().part(POWER, "circuit-load")
        assert (part["state"], part["value"]) == ("fail", pytest.approx(81.19, abs=0.01))
        assert part["detail"] == "R1-A"
        assert plant.state(POWER) == "fail"

    def test_a_leg_must_leave_room_for_the_other(self, plant):
        plant.change(rPDU2DeviceStatusPower={"A": 900, "B": 880})
        plant.run(20)
        assert plant.evaluate().part(POWER, "circuit-load")["state"] == "pass"
        leg = plant.part(POWER, "leg-load")
        assert (leg["state"], leg["detail"]) == ("fail", "R1-A")

    def test_a_short_spike_is_not_a_continuous_load(self, plant):
        plant.change(rPDU2DeviceStatusPower={"A": 1800})
        plant.run(2)
        plant.change(rPDU2DeviceStatusPower={"A": 700})
        plant.run(28)
        assert plant.evaluate().part(POWER, "circuit-load")["state"] == "pass"

    def test_the_racks_stand_in_for_a_site_without_a_meter_and_it_is_called_an_estimate(self, plant):
        plant.stop("site_power_watts")
        plant.run(20)
        part = plant.evaluate().part(POWER, "site-load")
        assert (part["value"], part["provenance"]) == (pytest.approx(14), "estimated")
        assert "cooling and losses not included" in part["detail"]

    def test_a_sum_that_lacks_a_meter_is_no_load_of_the_site(self, plant):
        plant.stop("site_power_watts")
        del plant.values["rPDU2DeviceStatusPower", "B"]
        plant.run(20)
        part = plant.evaluate().part(POWER, "site-load")
        assert (part["state"], part["reason"]) == ("unknown", "1 of 2 rack PDUs sent no power.")

    def test_a_circuit_that_nothing_measures_is_not_passed_over(self, plant):
        del plant.values["rPDU2DeviceStatusPower", "B"]
        plant.run(20)
        part = plant.evaluate().part(POWER, "circuit-load")
        assert part["state"] == "unknown"
        assert part["reason"].startswith("1 of 2 circuits have no load reading, R1-B")

    @pytest.mark.parametrize(("step_kw", "state"), [(40, "pass"), (60, "fail")])
    def test_a_meter_that_sends_each_second_shows_the_steps(self, plant, step_kw, state):
        plant.stop("site_power_watts")
        plant.run(5)
        meter, _ = create_source(name="meter", site=plant.site, cadence_s=1, by=None, now=plant.clock.at)
        at = plant.clock.at
        plant.clock.move(seconds=90)
        kw = [30 if second < 45 else 30 + step_kw for second in range(90)]
        readings = [
            ("site_power_watts", {"site": "plant"}, one * 1000, at + timedelta(seconds=second + 1))
            for second, one in enumerate(kw)
        ]
        deliver(meter, readings, now=plant.clock.at)
        plant.measure()
        parts = {part["part"]: part for part in plant.evaluate().check(POWER).parts}
        assert (parts["step-1s"]["state"], parts["step-1s"]["value"]) == (state, pytest.approx(step_kw))
        assert parts["step-10s"]["state"] == state

    def test_steps_that_a_cadence_cannot_see_are_unknown_and_say_so(self, well):
        assert "cadence of 1 s" in well.part(POWER, "step-1s")["reason"]


class TestCooling:
    @pytest.mark.parametrize(
        ("celsius", "state"),
        [(26.5, "pass"), (30, "warn"), (37, "fail"), (12, "warn")],
        ids=lambda value: str(value),
    )
    def test_the_worst_inlet_against_the_class_of_the_site(self, plant, celsius, state):
        plant.change(inlet=celsius)
        plant.run(20)
        part = plant.evaluate().part(COOLING, "inlet-p99")
        assert part["state"] == state
        assert part["value"] == pytest.approx(celsius, rel=0.01)
        assert part["detail"] == "plant-node Inlet Temp"
        assert part["limit_source"] == "class A2"

    def test_a_hall_for_dense_machines_has_a_narrower_envelope(self, plant_of):
        dense = plant_of(cooling_class=Site.CoolingClass.H1)
        dense.change(inlet=23.5)
        dense.run(20)
        assert dense.evaluate().part(COOLING, "inlet-p99")["state"] == "warn"

    def test_a_heat_wave_stays_in_the_p99_of_seven_days(self, plant):
        plant.change(inlet=37)
        plant.run(30)
        plant.change(inlet=22)
        for _ in range(3):
            plant.clock.move(hours=23)
            plant.run(60)
        assert plant.evaluate().part(COOLING, "inlet-p99")["state"] == "fail"

    def test_the_loop_without_an_alarm_does_not_pass_when_the_other_one_goes(self, plant):
        _quiet, sending = (
            made.cooling_unit(site=plant.site, name=name, medium=CoolingUnit.Medium.LIQUID)
            for name in ("quiet", "sending")
        )
        plant.run(5)
        alarm = ("cooling_flow_alarm", {"cooling_unit": sending.name}, 0.0, plant.clock.at)
        deliver(plant.source, [alarm], now=plant.clock.at)
        part = plant.evaluate().part(COOLING, "flow-alarms")
        assert (part["state"], part["reason"]) == ("unknown", "quiet sends no flow alarm.")
        sending.delete()
        plant.clock.move(seconds=1)
        assert plant.evaluate().part(COOLING, "flow-alarms")["state"] == "unknown"

    def test_a_site_without_liquid_needs_no_loop(self, well):
        assert well.part(COOLING, "supply-p99")["state"] == "n-a"


class TestBackupPower:
    @pytest.mark.parametrize(
        ("metric", "value", "part", "state"),
        [
            ("upsBatteryStatus", 3, "battery-status", "fail"),
            ("upsOutputSource", 5, "output-source", "fail"),
            ("upsTestResultsSummary", 2, "battery-test", "warn"),
            ("upsTestResultsSummary", 3, "battery-test", "fail"),
            ("upsEstimatedMinutesRemaining", 1.9, "minutes-with-generator", "fail"),
            ("upsOutputPercentLoad", 85, "output-load", "warn"),
        ],
    )
    def test_what_the_ups_says(self, well, metric, value, part, state):
        well.change(**{metric: value})
        well.run(5)
        assert well.evaluate().part(BACKUP, part)["state"] == state
        assert well.state(BACKUP) == state

    def test_without_a_generator_ten_minutes_are_asked_for(self, plant_of):
        alone = plant_of(generator_start_s=None)
        alone.change(upsEstimatedMinutesRemaining=9)
        alone.run(5)
        parts = {part["part"]: part["state"] for part in alone.evaluate().check(BACKUP).parts}
        assert (parts["minutes-without-generator"], parts["minutes-with-generator"]) == ("fail", "n-a")

    def test_what_a_ups_proved_does_not_pass_for_the_one_in_its_place(self, well):
        Device.objects.filter(pk=well.ups.pk).update(status=Device.Status.RETIRED)
        made.device(site=well.site, name="new-ups", role=Device.Role.UPS, device_type=well.ups.device_type)
        well.clock.move(seconds=1)
        assert {part["state"] for part in well.evaluate().check(BACKUP).parts} == {"unknown", "n-a"}

    def test_it_does_not_block_an_edge_site(self, plant_of):
        edge = plant_of(kind=Site.Kind.EDGE)
        edge.change(upsBatteryStatus=3)
        edge.run(5)
        check = edge.evaluate().check(BACKUP)
        assert (check.state, check.gate) == ("fail", "COND")


class TestLatency:
    @pytest.mark.parametrize(("ms", "state"), [(48, "pass"), (54, "warn"), (60, "fail")])
    def test_the_round_trip_against_the_limit_of_the_class(self, plant, ms, state):
        plant.change(rtt=ms / 1000)
        plant.run(20)
        check = plant.evaluate().check(LATENCY)
        assert (check.state, check.threshold) == (state, 50)
        assert check.value == pytest.approx(ms, rel=0.01)
        assert check.parts[0]["detail"] == "Iberia, Plant chat"
        assert check.parts[0]["limit_source"] == "limit of Plant chat"

    @pytest.mark.parametrize(
        ("ms", "states"),
        [(48, {95: "pass", 99.9: "unknown"}), (60, {95: "unknown", 99.9: "fail"})],
        ids=["p99 inside", "p99 outside"],
    )
    def test_p99_proves_a_limit_at_another_percentile_one_way_only(self, plant, ms, states):
        plant.change(rtt=ms / 1000)
        plant.run(20)
        for percentile, state in states.items():
            WorkloadClass.objects.update(latency_percentile=percentile)
            plant.clock.move(seconds=1)
            assert plant.evaluate().state(LATENCY) == state

    def test_a_region_that_nobody_probes_is_unknown(self, plant):
        plant.stop("rtt")
        plant.run(20)
        assert plant.evaluate().state(LATENCY) == "unknown"
        assert "No round trip from Iberia" in plant.check(LATENCY).reason

    def test_what_was_measured_for_a_class_does_not_pass_for_one_without_users(self, well):
        other = WorkloadClass.objects.create(name="Other", slug="other", latency_limit_ms=1)
        well.site.placements.update(workload_class=other)
        well.clock.move(seconds=1)
        assert well.evaluate().state(LATENCY) == "unknown"

    def test_a_class_that_ended_is_not_asked_about(self, well):
        well.site.placements.update(ended_on=well.clock.at.date() - timedelta(days=1))
        well.change(rtt=0.2)
        well.run(60)
        assert "Iberia" not in well.evaluate().check(LATENCY).reason


class TestCoverage:
    def test_what_is_not_heard_from_is_counted_and_named(self, well):
        well.stop("rPDU2DeviceStatusPower")
        well.run(8)
        check = well.evaluate().check(COVERAGE)
        part = well.part(COVERAGE, "energy-coverage")
        assert (check.state, part["value"]) == ("fail", 50)
        assert part["detail"] == "2 of 4 heard from; silent: plant-pdu-A, plant-pdu-B"
        # The last sample counts for five minutes.
        assert check.first_bad_at == well.clock.at - timedelta(minutes=3)

    def test_racks_that_report_their_power_alone_are_said_and_counted_as_nothing(self, well):
        rack = made.rack(site=well.site)
        made.power_feed(site=well.site, rack=rack, device=well.pdus[0])
        well.clock.move(seconds=1)
        part = well.evaluate() and well.part(COVERAGE, "compute-coverage")
        assert part["value"] == 100
        assert part["detail"].endswith("; 1 more rack reports its power, not the nodes")

    def test_what_is_out_of_service_need_not_be_heard_from(self, well):
        Device.objects.filter(role=Device.Role.PDU).update(status=Device.Status.OFFLINE)
        well.stop("rPDU2DeviceStatusPower")
        well.run(8)
        assert well.evaluate().part(COVERAGE, "energy-coverage")["value"] == 100

    def test_a_slow_source_has_three_of_its_cadences(self, plant_of):
        slow = plant_of(cadence_s=600)
        slow.run(30, every=10)
        slow.clock.move(minutes=25)
        assert slow.evaluate().state(COVERAGE) == "pass"
        slow.clock.move(minutes=10)
        assert slow.evaluate().state(COVERAGE) == "fail"

    def test_the_least_time_is_the_operators(self, well, settings):
        settings.TELEMETRY_LIVE_S = 20
        well.source.cadence_s = 5
        well.source.save()
        well.clock.move(seconds=30)
        assert well.evaluate().state(COVERAGE) == "fail"


class TestAccelerators:
    def test_a_fatal_code_on_a_gpu_that_takes_work_fails(self, well):
        well.change(DCGM_FI_DEV_XID_ERRORS={"1": 79})
        started = well.clock.at + timedelta(minutes=1)
        well.run(8)
        check = well.evaluate().check(ACCELERATORS)
        assert (check.state, check.value) == ("fail", 1)
        assert check.parts[0]["detail"].startswith(
            "plant-node #1 (XID 79, GPU has fallen off the bus; reboot the node"
        )
        assert check.first_bad_at == started

    def test_a_code_that_is_not_fatal_is_no_fault(self, well):
        well.change(DCGM_FI_DEV_XID_ERRORS={"1": 31})
        well.run(8)
        assert well.evaluate().state(ACCELERATORS) == "pass"

    def test_a_gpu_that_falls_off_the_bus_takes_its_series_along_and_not_its_fault(self, well):
        well.change(DCGM_FI_DEV_XID_ERRORS={"1": 79})
        well.run(3)
        well.end("DCGM_FI_DEV_XID_ERRORS")
        well.run(20)
        assert well.evaluate().state(ACCELERATORS) == "fail"

    def test_a_code_that_has_stood_for_a_day_is_over(self, well):
        well.change(DCGM_FI_DEV_XID_ERRORS={"1": 79})
        well.run(10)
        well.clock.move(hours=24)
        well.run(10)
        assert well.evaluate().state(ACCELERATORS) == "pass"

    @pytest.mark.parametrize(("minutes", "state"), [(10, "warn"), (20, "fail")])
    def test_a_gpu_drained_within_a_quarter_of_an_hour_only_warns(self, well, minutes, state):
        well.change(DCGM_FI_DEV_XID_ERRORS={"1": 79})
        well.run(minutes)
        well.clock.move(seconds=0)
        self._drain(well)
        assert well.evaluate().state(ACCELERATORS) == state

    def _drain(self, well):
        """The history is dated by the clock of the database."""
        Accelerator.objects.filter(index=1).update(status=Accelerator.Status.DRAINED)
        redated(Accelerator, well.clock.at, action="changed", after__status="drained")

    def test_a_rise_of_uncorrectable_errors_is_a_fault(self, well):
        well.change(DCGM_FI_DEV_ECC_DBE_VOL_TOTAL={"0": 2})
        well.run(8)
        check = well.evaluate().check(ACCELERATORS)
        assert (check.state, check.parts[0]["detail"]) == ("fail", "plant-node #0 (uncorrectable ECC)")


class TestFabric:
    @pytest.mark.parametrize(("flaps", "state"), [(1, "warn"), (4, "warn"), (5, "fail")])
    def test_flaps_of_the_worst_port(self, well, flaps, state):
        well.change(node_network_carrier_down_changes_total={"eth1": 3 + flaps})
        well.run(8)
        check = well.evaluate().check(FABRIC)
        assert (check.state, check.value) == (state, flaps)
        assert check.parts[0]["detail"] == "plant-leaf eth1"
        assert check.first_bad_at is not None

    def test_an_error_on_a_link_fails(self, well):
        well.change(node_network_receive_errs_total={"eth0": 1})
        well.run(8)
        assert well.evaluate().part(FABRIC, "link-errors")["state"] == "fail"

    def test_a_counter_that_starts_again_from_zero_has_not_flapped(self, well):
        well.change(node_network_carrier_down_changes_total={"eth0": 0, "eth1": 0})
        well.run(8)
        assert well.evaluate().state(FABRIC) == "pass"

    def test_a_day_later_it_is_clean_again(self, well):
        well.change(node_network_carrier_down_changes_total={"eth1": 9})
        well.run(8)
        assert well.evaluate().state(FABRIC) == "fail"
        well.clock.move(hours=24, minutes=10)
        well.run(8)
        assert well.evaluate().state(FABRIC) == "pass"
