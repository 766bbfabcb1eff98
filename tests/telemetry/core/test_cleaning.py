import struct

import numpy as np
import pytest

from telemetry.core.columns import STALE_BITS
from telemetry.core.registry import registry
from telemetry.readings import RULES, clean

STALE = np.frombuffer(struct.pack("<Q", STALE_BITS), "<f8")[0:1]


@pytest.mark.parametrize(
    ("metric", "sent", "stored"),
    [
        pytest.param(
            "DCGM_FI_DEV_MEMORY_TEMP", 9223372036854775794.0, None, id="seen on the wire: not supported"
        ),
        pytest.param("DCGM_FI_DEV_MEMORY_TEMP", 0.0, None, id="0 °C is a card without the sensor"),
        pytest.param("DCGM_FI_DEV_MEMORY_TEMP", 62.0, 62.0, id="a memory temperature"),
        pytest.param("DCGM_FI_DEV_GPU_TEMP", 2147483632.0, None, id="a 32-bit blank"),
        pytest.param("DCGM_FI_DEV_GPU_UTIL", 0.0, 0.0, id="an idle GPU is no missing GPU"),
        pytest.param("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 140737488355328.0, None, id="a floating-point blank"),
        pytest.param("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 0.975, 97.5, id="a share becomes %"),
        pytest.param("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", 3.6e9, 1.0, id="mJ become kWh"),
        pytest.param("DCGM_FI_DEV_FB_USED", 3.0, 3145728.0, id="MiB become bytes"),
        pytest.param("rPDU2DeviceStatusPower", 613.0, 6130.0, id="hundredths of kW become W"),
        pytest.param("rPDU2DeviceStatusPower", -1.0, None, id="-1 is a PDU that does not measure"),
        pytest.param("rPDU2PhaseStatusCurrent", 28.0, 2.8, id="tenths of A"),
        pytest.param("node_infiniband_rate_bytes_per_second", 5e10, 400.0, id="bytes/s become Gb/s"),
        pytest.param("probe_icmp_duration_seconds", 0.0125, 12.5, id="s become ms"),
        pytest.param("upsAdvBatteryRunTimeRemaining", 190200.0, 31.7, id="ticks become minutes"),
    ],
)
def test_what_exporters_print_becomes_what_is_stored(metric, sent, stored):
    known = registry().get(metric)
    (got,) = clean(np.array([sent]), **{name: getattr(known, name) for name in RULES})
    assert np.isnan(got) if stored is None else got == pytest.approx(stored)


def test_a_stale_marker_keeps_its_bits_through_scaling():
    for scale in (1.0, 1000.0):
        assert clean(STALE, scale=scale).view(np.uint64)[0] == STALE_BITS


def test_rules_may_differ_per_value():
    got = clean(
        np.array([1.0, 0.0, 0.0, 9.3e18, np.inf, np.inf]),
        scale=np.array([10.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        missing_from=np.array([np.inf, np.inf, np.inf, 9.2e18, np.inf, 5.0]),
        zero_is_missing=np.array([False, True, False, False, False, False]),
    )
    assert np.array_equal(got, [10.0, np.nan, 0.0, np.nan, np.inf, np.nan], equal_nan=True)


def test_the_values_given_are_left_alone():
    values = np.array([1.0, 2.0])
    values.flags.writeable = False
    assert clean(values, scale=2.0).tolist() == [2.0, 4.0]
