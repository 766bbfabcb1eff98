"""Questions about series: the same answers from raw samples and from roll-ups, each sample counted once."""

import math
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection

from telemetry import queries, rollups, store
from telemetry.core.spec import Aggregation, LabelOperator, Matcher, ObjectRef, QuerySpec, SpecError
from telemetry.models import Series
from telemetry.store import postgres
from tests.inventory import made
from tests.telemetry.sending import STALE, ms, rolled_up, stored

pytestmark = pytest.mark.django_db

POWER = {"__name__": "DCGM_FI_DEV_POWER_USAGE", "Hostname": "node-1"}
ERRORS = {"__name__": "node_network_receive_errs_total", "instance": "node-1:9100", "device": "eth0"}
INLET = {"__name__": "ipmi_temperature_celsius", "name": "Inlet Temp", "instance": "node-1:9290"}
AGGREGATIONS = [
    (Aggregation.AVG, [2.0, 5.0]),
    (Aggregation.MIN, [1.0, 4.0]),
    (Aggregation.MAX, [3.0, 6.0]),
    (Aggregation.SUM, [6.0, 15.0]),
    (Aggregation.COUNT, [3.0, 3.0]),
    (Aggregation.LAST, [3.0, 6.0]),
]


class Asking:
    """Asks over the ten minutes up to `end`, in steps of five minutes, unless told otherwise."""

    def __init__(self, sender):
        self.sender = sender
        self.end = sender.clock.at

    def __call__(self, metric, *, minutes=10, step_s=300, **given):
        start = self.end - timedelta(minutes=minutes)
        spec = QuerySpec(metric=metric, start_ms=ms(start), end_ms=ms(self.end), step_s=step_s, **given)
        return store.run(spec, now=self.sender.clock.at)

    def values(self, *args, **given):
        return [line.values.tolist() for line in self(*args, **given)]


@pytest.fixture(params=[postgres.MOST_READ, 1], ids=["together", "one by one"])
def ask(request, sender, monkeypatch):
    """Reads all series in one statement, as small questions do, and one after another."""
    monkeypatch.setattr(postgres, "MOST_READ", request.param)
    return Asking(sender)


@pytest.fixture(params=["raw tail", "rolled up", "half rolled up"])
def settled(request, sender):
    """Roll up nothing, all, or all but the last window of what was sent."""

    def settle():
        if request.param == "rolled up":
            rollups.roll_up(now=sender.clock.move(minutes=6))
        elif request.param == "half rolled up":
            rollups.roll_up(now=sender.clock.at)

    return settle


def six(sender, labels):
    sender.deliver(
        *[(labels, n, -540 + 90 * (n - 1) + (30 if n > 3 else 0)) for n in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)]
    )


@pytest.mark.parametrize(
    ("aggregation", "expected"), AGGREGATIONS, ids=[str(name) for name, _ in AGGREGATIONS]
)
def test_each_aggregation_per_step(sender, ask, settled, aggregation, expected):
    six(sender, "load")
    settled()
    (line,) = ask("load", aggregation=aggregation)
    assert line.values.tolist() == expected
    assert line.ts_ms.tolist() == [ms(ask.end) - 300_000, ms(ask.end)]


@pytest.mark.parametrize(
    ("aggregation", "expected"), AGGREGATIONS, ids=[str(name) for name, _ in AGGREGATIONS]
)
def test_the_same_from_raw_samples(sender, ask, settled, aggregation, expected):
    six(sender, "load")
    settled()
    assert ask.values("load", aggregation=aggregation, step_s=299, minutes=598 / 60) == [expected]


def test_samples_that_came_twice_count_once(sender, ask, settled):
    for _ in range(2):
        six(sender, "load")
        sender.deliver(("load", 1.0, -540), ("other", 1.0, 0))
    settled()
    assert ask.values("load", aggregation=Aggregation.COUNT) == [[3.0, 3.0]]
    assert sum(ask.values("load", aggregation=Aggregation.COUNT, step_s=60)[0]) == 6.0


def test_counters_rise_across_steps_and_resets(sender, ask, settled):
    for second, value in [(-660, 10.0), (-540, 13.0), (-360, 14.0), (-240, 2.0), (0, 5.0)]:
        sender.deliver((ERRORS, value, second))
    settled()
    assert ask.values(ERRORS["__name__"], aggregation=Aggregation.INCREASE) == [[4.0, 5.0]]
    fine = ask(ERRORS["__name__"], aggregation=Aggregation.INCREASE, step_s=60)[0]
    assert np.nansum(fine.values) == 9.0
    assert ask(ERRORS["__name__"], aggregation=Aggregation.RATE)[0].unit == "packets/s"


@pytest.mark.parametrize("step_s", [60, 120, 300, 600, 1800, 3600])
def test_a_rate_is_the_same_whatever_the_step_is(sender, ask, settled, step_s):
    """The last step is not over yet, and for six minutes nothing was sent."""
    seconds = [second for second in range(-12_000, 60, 60) if not -1800 < second < -1440]
    sender.deliver(*[(ERRORS, 10.0 * (second + 12_000), second) for second in seconds])
    settled()
    (line,) = ask(ERRORS["__name__"], aggregation=Aggregation.RATE, step_s=step_s, minutes=80)
    rates = line.values[np.isfinite(line.values)]
    assert len(rates) >= 4800 // step_s - 8
    assert rates.tolist() == pytest.approx([10.0] * len(rates))


@pytest.mark.parametrize("cadence_s", [900, 1800])
@pytest.mark.parametrize("step_s", [300, 3600])
@pytest.mark.parametrize("minutes", [75, 600])
def test_the_rate_of_a_slow_source_is_even_from_the_first_step(
    sender_of, ask, settled, porto, cadence_s, step_s, minutes
):
    """Whether the counter began before the range or within it."""
    sender = sender_of(porto, cadence_s=cadence_s)
    seconds = range(-4 * 3600, 1, cadence_s)
    sender.deliver(*[(ERRORS, 10.0 * (second + 4 * 3600), second) for second in seconds])
    settled()
    (line,) = ask(ERRORS["__name__"], aggregation=Aggregation.RATE, step_s=step_s, minutes=minutes)
    rates = line.values[np.isfinite(line.values)]
    assert len(rates) > 0
    assert rates.tolist() == pytest.approx([10.0] * len(rates))


def test_a_range_that_begins_after_a_pause_begins_with_the_mean_of_the_pause(sender, ask, settled):
    sender.deliver(*[(ERRORS, float(second + 7200), second) for second in (-3600 - 240, *range(-600, 1, 60))])
    settled()
    assert ask.values(ERRORS["__name__"], aggregation=Aggregation.RATE, minutes=15) == [
        pytest.approx([1.0] * 3, rel=0.1)
    ]


def test_the_rate_of_an_energy_counter_is_a_power(sender, ask, settled):
    energy = {"__name__": "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "Hostname": "node-1", "gpu": "0"}
    millijoules_a_minute = 700.0 * 60 * 1000
    sender.deliver(*[(energy, millijoules_a_minute * n, 60 * (n - 15)) for n in range(16)])
    settled()
    (line,) = ask(energy["__name__"], aggregation=Aggregation.RATE)
    assert line.unit == "kW"
    assert line.values.tolist() == pytest.approx([0.7, 0.7])


def test_loopback_and_virtual_interfaces_count_for_nothing(sender, ask, porto):
    """Unless the inventory knows them as a port, or somebody asks for them by name."""
    metric = "node_network_receive_bytes_total"
    made.port(device=made.device(site=porto, name="node-1"), name="bond0")
    of = {"__name__": metric, "instance": "node-1:9100"}
    names = ["eth0", "ens1f0np0", "bond0", "lo", "veth1a2b", "docker0", "br-5f", "virbr0", "cni0", "eth0.100"]
    for name in names:
        sender.deliver(*[(of | {"device": name}, 600.0 * n, 60 * (n - 15)) for n in range(16)])
    lines = ask(metric, aggregation=Aggregation.RATE)
    assert {line.labels["device"] for line in lines} == {"eth0", "ens1f0np0", "bond0"}
    assert ask.values(metric, aggregation=Aggregation.RATE, group_by=()) == [[30.0, 30.0]]
    loopback = Matcher("device", LabelOperator.IS, "lo")
    assert len(ask(metric, aggregation=Aggregation.RATE, matchers=(loopback,))) == 1
    rises = queries.snapshot([porto.pk], [metric], now=ask.end).increase_since(
        start=ask.end - timedelta(hours=1)
    )
    assert {rise.labels["device"] for rise in rises} == {"eth0", "ens1f0np0", "bond0"}


def test_lines_of_two_series_and_of_a_group(sender, ask, settled):
    for gpu, watts in (("0", 300.0), ("1", 500.0)):
        sender.deliver((POWER | {"gpu": gpu}, watts, -60), (POWER | {"gpu": gpu}, watts, -400))
    settled()
    assert ask.values(POWER["__name__"]) == [[300.0, 300.0], [500.0, 500.0]]
    assert ask.values(POWER["__name__"], group_by=()) == [[400.0, 400.0]]
    assert ask.values(POWER["__name__"], group_by=(), aggregation=Aggregation.MAX) == [[500.0, 500.0]]
    (host,) = ask(POWER["__name__"], group_by=("Hostname",))
    assert host.labels == {"Hostname": "node-1"}
    assert (host.unit, host.provenance, host.series_id) == ("W", "measured", None)


def test_a_line_names_its_series_and_object(sender, ask, porto):
    device = made.device(site=porto, name="node-1")
    accelerator = made.accelerator(device=device, index=0)
    sender.deliver((POWER | {"gpu": "0"}, 300.0, -60))
    (line,) = ask(POWER["__name__"])
    assert line.labels == POWER | {"gpu": "0"}
    assert line.object == ObjectRef("accelerator", accelerator.pk)
    assert line.series_id is not None
    assert ask.values(POWER["__name__"], object=ObjectRef("device", device.pk)) == [[300.0]]
    assert ask.values(POWER["__name__"], object=ObjectRef("device", device.pk + 1)) == []


def test_sites_and_labels_narrow_it(sender, sender_of, ask, porto):
    lisbon = made.site()
    sender.deliver((POWER | {"gpu": "0"}, 300.0, -60), (POWER | {"gpu": "1"}, 310.0, -60))
    sender_of(lisbon).deliver((POWER | {"gpu": "0"}, 500.0, -60))
    metric = POWER["__name__"]
    assert ask.values(metric, site_ids=(lisbon.pk,)) == [[500.0]]
    assert ask.values(metric, site_ids=()) == []
    assert len(ask(metric)) == 3
    first = (Matcher("gpu", LabelOperator.IS, "0"),)
    assert ask.values(metric, site_ids=(porto.pk,), matchers=first) == [[300.0]]


def test_an_alias_finds_what_came_under_the_other_name(sender, ask):
    sender.deliver((POWER | {"__name__": "DCGM_FI_DEV_XID_ERRORS"}, 79.0, -60))
    assert ask.values("DCGM_FI_DEV_XID_ERROR") == [[79.0]]
    assert ask.values("nothing_of_the_kind") == []


def test_a_group_is_no_better_than_its_poorest_part(sender, sender_of, porto, ask):
    sender.deliver(("load", 1.0, -60))
    sender_of(porto, provenance="estimated").deliver(("load", 1.0, -60))
    assert ask("load", group_by=())[0].provenance == "estimated"


def test_a_gap_breaks_the_line(sender, ask, settled):
    sender.deliver(("load", 1.0, -3000), ("load", 2.0, -2700), ("load", 3.0, -60))
    settled()
    (values,) = ask.values("load", minutes=60)
    assert [value for value in values if not math.isnan(value)] == [1.0, 2.0, 3.0]
    assert [math.isnan(value) for value in values] == [False, False, True, False]


def test_short_steps_do_not_tear_a_line_of_longer_cadence(sender, ask):
    sender.deliver(*[("load", 1.0, -60 * n) for n in range(5)])
    assert ask.values("load", step_s=10) == [[1.0] * 5]


def test_a_stale_marker_breaks_the_line(sender, ask):
    sender.deliver(("load", 1.0, -60), ("load", STALE, -45), ("load", 2.0, -30))
    (values,) = ask.values("load", step_s=15)
    assert values[0] == 1.0
    assert math.isnan(values[1])
    assert values[2] == 2.0


def test_quantiles_of_a_flagged_metric_come_from_sketches(sender, ask, settled):
    sender.deliver(*[(INLET, 20.0 + n, -280 + n) for n in range(101)])
    settled()
    ((value,),) = ask.values(INLET["__name__"], minutes=5, aggregation=Aggregation.QUANTILE, quantile=0.9)
    assert value == pytest.approx(110.0, rel=0.01)


def test_quantiles_of_other_metrics_come_from_raw_samples_only(sender, ask):
    sender.deliver(*[("load", float(n), -280 + n) for n in range(101)])
    given = {"aggregation": Aggregation.QUANTILE, "quantile": 0.5}
    ((value,),) = ask.values("load", minutes=4 + 59 / 60, step_s=299, **given)
    assert value == pytest.approx(50.0, rel=0.01)
    with pytest.raises(SpecError) as error:
        ask("load", minutes=5, **given)
    assert error.value.field == "quantile"


def test_quantiles_of_a_histogram_come_from_its_buckets(sender, ask, settled):
    name = "vllm:time_to_first_token_seconds"
    for second, counts in ((-320, (0, 0, 0, 0, 0)), (-60, (50, 90, 100, 7, 7))):
        # What is no bound is no bucket.
        for le, count in zip(("0.1", "0.5", "+Inf", "many", "NaN"), counts, strict=True):
            sender.deliver(({"__name__": f"{name}_bucket", "le": le, "pod": "a"}, float(count), second))
    settled()
    (line,) = ask(name, minutes=5, aggregation=Aggregation.QUANTILE, quantile=0.7)
    assert line.values.tolist() == [pytest.approx(300.0)]
    assert line.unit == "ms"
    assert "le" not in line.labels


def test_hours_answer_long_steps_and_old_ranges(sender, ask, settings):
    for minute in range(0, 180, 5):
        sender.deliver(("load", float(minute // 60), -60 * minute))
    rollups.roll_up(now=sender.clock.at)
    given = {"minutes": 180, "step_s": 3600}
    assert ask.values("load", **given) == [[2.0, 1.0, 0.0]]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM telemetry_rollup_5m WHERE start < %s", [ask.end - timedelta(hours=1)])
    assert ask.values("load", **given) == [[2.0, 1.0, 0.0]]
    settings.TELEMETRY_5M_DAYS = 0
    assert ask.values("load", minutes=180, step_s=300) == [[2.0, 1.0, 0.0]]


def test_nothing_after_now_is_shown(sender, ask):
    sender.deliver(("load", 1.0, -60), ("load", 9.0, 60))
    ask.end += timedelta(minutes=5)
    assert ask.values("load", aggregation=Aggregation.MAX) == [[1.0]]


def test_a_late_sample_is_in_the_answer_before_its_window_is_rolled_up_again(sender, ask):
    sender.deliver(("load", 1.0, -60))
    rollups.roll_up(now=sender.clock.move(minutes=6))
    sender.deliver(("load", 3.0, -360 - 30))
    assert ask.values("load", aggregation=Aggregation.COUNT) == [[2.0]]


def test_the_store_gives_instants_and_erases_series(sender):
    sender.deliver(("load", 1.0, -60), ("up", 1.0, -60), ("load", 2.0, 0))
    rollups.roll_up(now=sender.clock.move(minutes=6))
    times = [sender.at(-360 - 60), sender.at(-360)]
    assert list(store.sampled_instants(since=times[0])) == times
    assert list(store.sampled_instants(since=times[1])) == times[1:]
    store.erase(list(Series.objects.filter(metric="load").values_list("pk", flat=True)))
    assert [metric for metric, *_ in stored()] == ["up"]
    assert {row["metric"] for width in ("5m", "1h") for row in rolled_up(width)} == {"up"}
