"""An edge site is cut off for two days while it is critical; then what its agent buffered arrives in any order, some of
it twice. Nothing resolves by it, the history is right, and each sample counts once."""

from collections import Counter, defaultdict
from datetime import timedelta
from random import Random

import numpy as np
import pytest

from agent.disk_buffer import DiskBuffer
from agent.remote_write import SampleBatch, bodies
from readiness.loop.problems.models import Problem
from telemetry import drain, operations, rollups, sources, store
from telemetry.core.instants import ms
from telemetry.core.labels import key_of
from telemetry.models import BodyDigest, Series
from telemetry.series import Memory
from tests.readiness.problems import write_problems
from tests.telemetry.sending import Sender, rolled_up

pytestmark = pytest.mark.django_db

EVERY = timedelta(minutes=5)
AWAY = timedelta(days=2)
# Hours of its absence in which the accelerator was cool.
WELL_HOURS = range(20, 28)
HOT, COOL = 97.0, 61.0


def temperature(since):
    return COOL if since // timedelta(hours=1) in WELL_HOURS else HOT


@pytest.fixture
def critical(well, settings):
    """The plant with a hot accelerator, whose problem is written."""
    settings.TELEMETRY_RAW_HOURS = 72
    well.change(DCGM_FI_DEV_GPU_TEMP={"1": HOT})
    for _ in range(3):
        well.run(1)
        look(well)
    assert well.health("compute").health == "critical"
    return well


def look(plant):
    """The worker's periodic jobs; returns open problems of the accelerator's heat: when they began and ended."""
    drain.drain(now=plant.clock.at, memory=Memory())
    sources.update_states(now=plant.clock.at)
    plant.evaluate()
    write_problems(now=plant.clock.at)
    heat = Problem.objects.filter(site=plant.site, object_kind="accelerator").order_by("pk")
    return [(problem.pk, problem.first_seen_at, problem.ended_at) for problem in heat]


def buffered(plant, folder):
    """Bodies as the agent wrote them while the site was cut off, and {series: {ms: value}} of all their samples."""
    buffer, begun = DiskBuffer(folder, max_bytes=1 << 26), plant.clock.at
    samples = defaultdict(dict)
    for step in range(1, AWAY // EVERY + 1):
        at = begun + step * EVERY
        plant.change(DCGM_FI_DEV_GPU_TEMP={"1": temperature(at - begun)})
        batch = SampleBatch()
        for metric, labels, value, _ in plant.readings(at):
            key = key_of({"__name__": metric, **labels})
            batch.add(key, ms(at), value)
            samples[key][ms(at)] = value
        for body, count in bodies(batch):
            buffer.append(body, samples=count)
    all_bodies = []
    while body := buffer.oldest():
        all_bodies.append(body.body)
        buffer.remove(body)
    buffer.close()
    return all_bodies, samples


def stored(plant, *, after):
    """{series: {ms: value}} as readers get it, and how many samples the roll-ups of five minutes count."""
    rows = {series.pk: series for series in Series.objects.filter(source=plant.source)}
    keys = {pk: key_of({"__name__": series.metric, **series.labels}) for pk, series in rows.items()}
    begins, ends = (np.full(len(keys), ms(at)) for at in (after, plant.clock.at))
    readings = store.readings_in_spans(np.array([*keys]), begins, ends)
    samples = defaultdict(dict)
    for series_id, at_ms, value in zip(*(column.tolist() for column in readings), strict=True):
        assert at_ms not in samples[keys[series_id]], "an instant stands once"
        samples[keys[series_id]][at_ms] = value
    counts = Counter()
    for row in rolled_up():
        if row["start"] >= after:
            counts[keys[row["series_id"]]] += row["count"]
    return samples, counts


@pytest.mark.full
def test_a_buffer_that_arrives_in_any_order_resolves_nothing(critical, tmp_path):
    plant, begun = critical, critical.clock.at
    source_token = operations.rotate_token(plant.source, by=None, now=begun)
    problems, flips = look(plant), plant.flips("health", "compute")
    assert [ended_at for *_, ended_at in problems] == [None]

    all_bodies, samples = buffered(plant, tmp_path / "buffer")
    plant.clock.move(days=2)
    assert look(plant) == problems
    assert (plant.health("compute").health, plant.health("compute").is_last_known) == ("critical", True)

    random = Random(34)
    replayed = all_bodies + random.sample(all_bodies, 100)
    random.shuffle(replayed)
    plant.source.plain_token = source_token
    sender = Sender(plant.source, plant.clock)
    for number, body in enumerate(replayed, 1):
        assert sender.post(body).status_code == 204
        if number == len(replayed) // 2:
            # Muster remembers bodies for a while only; later it is the store that keeps each sample once.
            BodyDigest.objects.all().delete()
        if number % 70 == 0:
            plant.clock.move(seconds=1)
            assert look(plant) == problems
            assert plant.health("compute").health == "critical"
    assert look(plant) == problems
    assert plant.flips("health", "compute") == flips
    # The last window ends.
    plant.clock.move(minutes=3)
    while rollups.roll_up(now=plant.clock.at):
        pass
    readings, counts = stored(plant, after=begun)
    # Units of some metrics are converted, so their values are others.
    assert {key: [*readings[key]] for key in samples} == {
        key: [*of_series] for key, of_series in samples.items()
    }
    [gpu] = [key for key in samples if b"GPU_TEMP" in key and b"\x03gpu\x12\x011" in key]
    assert readings[gpu] == samples[gpu]
    assert set(readings[gpu].values()) == {HOT, COOL}
    assert counts == {key: len(of_series) for key, of_series in samples.items()}

    # What ends the problem is a live sample that is well.
    plant.change(DCGM_FI_DEV_GPU_TEMP={"1": COOL})
    for _ in range(3):
        plant.run(1)
        [(*before, ended_at)] = look(plant)
    assert [tuple(before)] == [(pk, first_seen_at) for pk, first_seen_at, _ in problems]
    assert ended_at is not None
    assert plant.health("compute").health == "ok"
