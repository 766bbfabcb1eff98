"""Bodies filled into a template are what Muster's own decoder reads."""

import numpy as np
import pytest

from readiness.demo.core.streams import key_of_series
from readiness.demo.core.wire import Template
from telemetry.core.columns import TakenTimes
from telemetry.core.labels import KeyCache, labels_of
from telemetry.formats import BodyHeaders, BodyLimits, remote_write

NOW_MS = 1_795_608_000_123
HOT, IDLE = (
    key_of_series("DCGM_FI_DEV_GPU_TEMP", {"gpu": "0", "Hostname": "dsm-1-n001"}),
    # Longer than 127 bytes, so that its length takes two.
    key_of_series("DCGM_FI_DEV_GPU_UTIL", {"gpu": "1", "Hostname": "dsm-1-n001", "note": "é" * 100}),
)


def read(body):
    window, limits = TakenTimes(NOW_MS, 0), BodyLimits()
    return remote_write.decode(body, BodyHeaders(), window=window, limits=limits, cache=KeyCache())


@pytest.mark.parametrize("values", [[[71.5, 0.0]], [[-1e300, 5e-324]], [[0.0, 0.0]]], ids=str)
def test_values_and_times_arrive_as_they_were_filled_in(values):
    columns = read(Template([HOT, IDLE]).filled(np.array([NOW_MS]), np.array(values)))
    assert columns.keys == [HOT, IDLE]
    assert columns.value.tolist() == values[0]
    assert columns.ts_ms.tolist() == [NOW_MS, NOW_MS]
    assert not columns.rejected.total


def test_labels_arrive_as_they_were_given():
    columns = read(Template([IDLE]).filled(np.array([NOW_MS]), np.array([[1.0]])))
    assert labels_of(columns.keys[0])["note"] == "é" * 100


def test_a_template_is_filled_again_without_a_trace_of_the_last_time():
    template = Template([HOT, IDLE])
    template.filled(np.array([NOW_MS]), np.array([[1.0, 2.0]]))
    columns = read(template.filled(np.array([NOW_MS + 60_000]), np.array([[3.0, 4.0]])))
    assert columns.value.tolist() == [3.0, 4.0]
    assert set(columns.ts_ms.tolist()) == {NOW_MS + 60_000}


def test_several_samples_of_a_series_go_in_one_body():
    times = np.array([NOW_MS - 2000, NOW_MS - 1000, NOW_MS])
    values = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    columns = read(Template([HOT, IDLE], samples=3).filled(times, values))
    of_hot = columns.series_index == columns.keys.index(HOT)
    assert columns.value[of_hot].tolist() == [1.0, 2.0, 3.0]
    assert columns.ts_ms[of_hot].tolist() == times.tolist()
    assert columns.value[~of_hot].tolist() == [10.0, 20.0, 30.0]
