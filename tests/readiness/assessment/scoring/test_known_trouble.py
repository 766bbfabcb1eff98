"""Known trouble stays known: when its exporter dies, beside other reasons of the same object, in any number, and while
a part of its domain or all of it is silent."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Accelerator, SiteChange
from readiness.assessment.scoring.models import DomainHealth, Flip, HealthReason, ReasonEnd
from readiness.assessment.scoring.operations import end_reason, rescore_due
from telemetry import rollups, sources
from tests.inventory import made
from tests.readiness.plant import deliver

pytestmark = pytest.mark.django_db
MANY = 2_000
GPU = ("DCGM_FI_DEV_XID_ERRORS", "DCGM_FI_DEV_ROW_REMAP_FAILURE", "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL")
GPU += ("DCGM_FI_DEV_GPU_TEMP", "DCGM_FI_DEV_GPU_UTIL")
UPS = ("upsBatteryStatus", "upsOutputSource", "upsTestResultsSummary", "upsEstimatedMinutesRemaining")
UPS += ("upsOutputPercentLoad",)


def reasons(plant, domain=None):
    """The open reasons, the worst first: object, metric, health, and what stands behind it."""
    rows = HealthReason.objects.filter(site=plant.site, counts_from__isnull=False).order_by("rank", "id")
    if domain is not None:
        rows = rows.filter(domain=domain)
    return [(row.object, row.metric, row.health, row.standing) for row in rows]


def last(plant, minutes=3):
    """Samples come each minute, and are looked at: longer than the minimum duration of the rules that are tried."""
    for _ in range(minutes):
        plant.run(1)
        plant.evaluate()


def die(plant, host, *metrics):
    """The exporter answers no more: its series end, and the scraper says so."""
    plant.end(*metrics)
    plant.clock.move(seconds=5)
    up = ("up", {"instance": f"{host}:9100", "job": "exporter"}, 0.0, plant.clock.at)
    deliver(plant.source, [up], now=plant.clock.at)


def fall_silent(plant, **by):
    plant.clock.move(**by)
    sources.update_states(now=plant.clock.at)
    rollups.roll_up(now=plant.clock.at)
    return plant.evaluate()


class TestAnExporterDies:
    @pytest.mark.parametrize(
        ("domain", "trouble", "dies", "host"),
        [
            pytest.param("energy", {"upsBatteryStatus": 4}, UPS, "ups", id="a-ups-on-its-battery"),
            pytest.param("energy", {"upsTestResultsSummary": 3}, UPS, "ups", id="a-battery-that-failed"),
            pytest.param("compute", {"DCGM_FI_DEV_GPU_TEMP": {"1": 97}}, GPU, "node", id="a-hot-gpu"),
            pytest.param(
                "compute", {"DCGM_FI_DEV_ROW_REMAP_FAILURE": {"0": 1}}, GPU, "node", id="a-gpu-without-rows"
            ),
        ],
    )
    def test_what_is_critical_stays_so_and_the_exporter_is_one_reason_more(
        self, well, domain, trouble, dies, host
    ):
        well.change(**trouble)
        last(well)
        [(name, metric, health, standing)] = reasons(well, domain)
        assert (health, standing) == ("critical", "live")
        die(well, getattr(well, host).name, *dies)
        well.evaluate()
        assert (name, metric, "critical", "last-known") in reasons(well, domain)
        assert (getattr(well, host).name, "up", "warn", "live") in reasons(well, domain)
        after = well.health(domain)
        assert (after.health, after.is_last_known) == ("critical", True)
        # Five minutes later its last sample counts no more, while the site goes on.
        well.run(6)
        well.evaluate()
        assert (name, metric, "critical", "silent") in reasons(well, domain)
        assert (name, "", "unknown", "silent") in reasons(well, domain)
        after = well.health(domain)
        assert (after.health, after.is_last_known, after.clock) == ("critical", True, "")
        assert well.flips("health", domain) == [(domain, "", "ok"), (domain, "ok", "critical")]

    def test_it_ends_by_a_sample_of_the_same_metric_whatever_its_labels(self, well):
        well.change(upsBatteryStatus=3)
        last(well)
        well.end(*UPS)
        well.run(30)
        well.evaluate()
        assert well.health("energy").health == "critical"
        other = {"instance": well.ups.name, "job": "snmp-2"}
        for minute in range(3):
            well.clock.move(minutes=1)
            deliver(well.source, [("upsOutputSource", other, 3.0, well.clock.at)], now=well.clock.at)
            well.evaluate()
            assert (well.health("energy").health, minute) == ("critical", minute)
        deliver(well.source, [("upsBatteryStatus", other, 2.0, well.clock.at)], now=well.clock.at)
        well.evaluate()
        assert "critical" not in [health for _, _, health, _ in reasons(well, "energy")]


class TestAllReasons:
    def test_an_object_keeps_all_of_them(self, well):
        well.change(
            DCGM_FI_DEV_XID_ERRORS={"0": 79},
            DCGM_FI_DEV_ROW_REMAP_FAILURE={"0": 1},
            DCGM_FI_DEV_ECC_DBE_VOL_TOTAL={"0": 2},
            DCGM_FI_DEV_GPU_TEMP={"0": 87},
        )
        last(well)
        gpu = f"{well.node.name} #0"
        assert set(reasons(well, "compute")) == {
            (gpu, "DCGM_FI_DEV_XID_ERRORS", "critical", "live"),
            (gpu, "DCGM_FI_DEV_ROW_REMAP_FAILURE", "critical", "live"),
            (gpu, "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", "critical", "live"),
            (gpu, "DCGM_FI_DEV_GPU_TEMP", "warn", "live"),
        }
        assert well.health("compute").objects_by_health == {"critical": 1, "ok": 2}
        well.change(DCGM_FI_DEV_ROW_REMAP_FAILURE={"0": 0})
        last(well)
        assert len(reasons(well, "compute")) == 3

    @pytest.fixture
    def racks(self, well):
        """Many accelerators beside those of the plant, all too hot."""
        node = made.device(site=well.site, name="dense-node")
        kind = well.gpus[0].device_type
        Accelerator.objects.bulk_create(
            Accelerator(device=node, device_type=kind, index=index) for index in range(MANY)
        )
        for _ in range(3):
            self.hot(well, node, MANY)
            well.evaluate()
        return node

    def hot(self, plant, node, count, value=96.0):
        labels = [{"gpu": str(index), "Hostname": node.name} for index in range(count)]
        plant.clock.move(minutes=1)
        samples = [("DCGM_FI_DEV_GPU_TEMP", each, value, plant.clock.at) for each in labels]
        deliver(plant.source, samples + plant.readings(plant.clock.at), now=plant.clock.at)

    def test_nothing_is_cut(self, well, racks):
        assert len(reasons(well, "compute")) == MANY
        compute = well.health("compute")
        assert compute.objects_by_health["critical"] == MANY
        assert len(compute.reasons) == 5
        assert {reason["health"] for reason in compute.reasons} == {"critical"}

    def test_silent_ones_stand_beside_hot_ones(self, well, racks):
        well.stop(*GPU)
        for _ in range(7):
            self.hot(well, racks, MANY)
        well.evaluate()
        states = well.health("compute").objects_by_health
        assert (states["critical"], states["unknown"]) == (MANY, 2)

    def test_the_statements_do_not_grow_with_the_reasons(self, well, racks):
        def statements():
            with CaptureQueriesContext(connection) as captured:
                well.evaluate()
            return len(captured)

        self.hot(well, racks, MANY, value=94.0)
        moved = statements()
        self.hot(well, racks, MANY, value=60.0)
        ended = statements()
        assert not reasons(well, "compute")
        self.hot(well, racks, MANY)
        begun = statements()
        self.hot(well, racks, 1)
        # What begins or goes on is one statement, what ends another one.
        assert max(begun, moved, ended) <= statements() + 2


class TestSilence:
    def test_a_part_of_a_domain_that_is_silent_leaves_the_rest_as_it_was(self, well):
        well.change(DCGM_FI_DEV_XID_ERRORS={"0": 79})
        last(well)
        before = well.health("compute")
        other = f"{well.node.name} #1"
        away = {key: value for key, value in well.values.items() if key[1] == "1"}
        for key in away:
            del well.values[key]
        well.run(8)
        well.evaluate()
        compute = well.health("compute")
        assert (compute.health, compute.is_last_known, compute.since) == ("critical", False, before.since)
        assert (f"{well.node.name} #0", "DCGM_FI_DEV_XID_ERRORS", "critical", "live") in reasons(well)
        assert (other, "", "unknown", "silent") in reasons(well)
        # The domain is blind only when nothing of it is heard any more.
        assert compute.blind_at == well.clock.at + timedelta(seconds=300)

    def test_a_domain_that_is_silent_keeps_what_was_known(self, well):
        well.change(DCGM_FI_DEV_XID_ERRORS={"1": 79}, DCGM_FI_DEV_GPU_TEMP={"0": 88})
        last(well)
        at_once = well.health("compute").state_at(well.clock.at + timedelta(seconds=301))
        assert (at_once.health, at_once.is_last_known) == ("critical", True)
        assert at_once.objects_by_health == {"critical": 1, "unknown": 1, "warn": 1}
        for hours in (1, 30, 300):
            fall_silent(well, hours=hours)
            compute = well.health("compute")
            assert (compute.health, compute.is_last_known) == ("critical", True)
            assert compute.objects_by_health == {"critical": 1, "unknown": 1, "warn": 1}
            assert reasons(well, "compute")[0][1:] == ("DCGM_FI_DEV_XID_ERRORS", "critical", "silent")
        assert well.flips("health", "compute")[-1] == ("compute", "ok", "critical")

    def test_an_object_that_goes_on_without_a_metric_reads_so_after_a_day(self, well):
        well.change(upsOutputPercentLoad=104)
        last(well)
        since = HealthReason.objects.get(metric="upsOutputPercentLoad").since
        well.stop("upsOutputPercentLoad")
        for hours, standing in (
            (1, "last-known"),
            (22, "last-known"),
            (2, "metric-gone"),
            (90, "metric-gone"),
        ):
            well.clock.move(hours=hours)
            well.send()
            well.evaluate()
            reason = HealthReason.objects.get(metric="upsOutputPercentLoad")
            assert (reason.health, reason.standing, reason.since) == ("critical", standing, since)
        assert well.health("energy").health == "critical"


class TestItEnds:
    def test_with_maintenance_and_with_the_object(self, well):
        well.change(DCGM_FI_DEV_ROW_REMAP_FAILURE={"0": 1, "1": 1})
        last(well)
        assert len(reasons(well, "compute")) == 2
        Accelerator.objects.filter(pk=well.gpus[0].pk).update(status="failed")
        well.evaluate()
        assert [name for name, *_ in reasons(well, "compute")] == [f"{well.node.name} #1"]
        Accelerator.objects.filter(pk=well.gpus[1].pk).delete()
        well.evaluate()
        assert not reasons(well, "compute")

    @pytest.fixture
    def hot(self, well):
        well.change(DCGM_FI_DEV_GPU_TEMP={"0": 99})
        last(well)
        return HealthReason.objects.get(site=well.site)

    def test_by_a_person_until_a_later_sample_says_so(self, well, hot, user_of):
        by = user_of("ops")
        end = end_reason(reason=hot, note="The sensor is broken.", by=by, now=well.clock.at)
        assert (end.ended_by, end.note, end.metric, end.value) == (
            by,
            "The sensor is broken.",
            hot.metric,
            99,
        )
        assert SiteChange.objects.filter(site=well.site, origin="evidence").exists()
        well.clock.move(seconds=20)
        well.evaluate()
        assert (well.health("compute").health, reasons(well)) == ("ok", [])
        last(well)
        assert well.health("compute").health == "critical"

    def test_by_a_person_while_its_object_is_silent(self, well, hot, user_of):
        fall_silent(well, hours=2)
        reason = HealthReason.objects.get(metric=hot.metric)
        end_reason(reason=reason, note="It was taken out.", by=user_of("ops"), now=well.clock.at)
        fall_silent(well, hours=30)
        compute = well.health("compute")
        assert (compute.health, compute.last_health) == ("unknown", "critical")

    @pytest.mark.parametrize("note", ["", "  "])
    def test_not_without_a_note(self, well, hot, user_of, note):
        with pytest.raises(ValidationError):
            end_reason(reason=hot, note=note, by=user_of("ops"), now=well.clock.at)
        assert not ReasonEnd.objects.exists()

    def test_silence_ends_by_no_word(self, well, user_of):
        fall_silent(well, hours=2)
        silence = HealthReason.objects.filter(metric="").first()
        with pytest.raises(ValidationError):
            end_reason(reason=silence, note="It is fine.", by=user_of("ops"), now=well.clock.at)


class TestDuration:
    """Supply air is too warm above 27 °C for two minutes, and no more below 26 °C."""

    def warm(self, plant, value):
        labels = {"cooling_unit": plant.crah.name}
        sample = ("cooling_supply_temperature_celsius", labels, value, plant.clock.at)
        deliver(plant.source, [sample, *plant.readings(plant.clock.at)], now=plant.clock.at)
        plant.evaluate()
        return plant.health("energy").health

    def test_a_reason_counts_once_it_has_lasted(self, well):
        assert self.warm(well, 29.0) == "ok"
        reason = HealthReason.objects.get(site=well.site)
        assert (reason.counts_from, reasons(well)) == (None, [])
        due_at = well.score.changes_at
        assert due_at == well.clock.at + timedelta(seconds=120)
        # The clock alone completes it.
        well.clock.move(seconds=120)
        assert rescore_due(now=well.clock.at) == 1
        assert well.health("energy").health == "warn"
        assert HealthReason.objects.get(site=well.site).counts_from == due_at
        flip = Flip.objects.filter(site=well.site, subject="health").latest("at", "id")
        assert (flip.to_state, flip.value) == ("warn", 29)

    def test_one_that_passes_before_counts_for_nothing(self, well):
        self.warm(well, 29.0)
        well.clock.move(seconds=60)
        assert self.warm(well, 25.0) == "ok"
        assert not HealthReason.objects.exists()

    def test_it_is_left_with_some_distance(self, well):
        self.warm(well, 29.0)
        well.clock.move(seconds=120)
        assert self.warm(well, 29.0) == "warn"
        for value, health in ((26.5, "warn"), (27.0, "warn"), (25.9, "ok"), (26.9, "ok")):
            well.clock.move(seconds=60)
            assert self.warm(well, value) == health

    def test_silence_before_it_lasted_is_not_trouble(self, well):
        self.warm(well, 33.0)
        fall_silent(well, hours=1)
        assert well.health("energy").health == "unknown"
        assert ("critical" not in {health for _, _, health, _ in reasons(well)}) is True


def test_what_no_rule_judges_is_not_called_well(well):
    """A device that sends only what has no limit."""
    spare = made.device(site=well.site, name="spare-node")
    labels = {"instance": f"{spare.name}:9100"}
    deliver(well.source, [("node_load1", labels, 1.0, well.clock.at)], now=well.clock.at)
    well.evaluate()
    assert well.health("compute").objects_by_health == {"not-judged": 1, "ok": 3}
    assert well.health("compute").health == "ok"


def test_names_and_counts_are_of_one_evaluation(well):
    """Lists show the stored reasons."""
    well.change(DCGM_FI_DEV_GPU_TEMP={"0": 88, "1": 96})
    last(well)
    rows = HealthReason.objects.order_by("rank", "id").values_list("object", "health")
    stored = DomainHealth.objects.get(site=well.site, domain="compute").reasons
    assert [(each["object"], each["health"]) for each in stored] == list(rows)
