"""A value in words: as its metric names it, and when a counter rose last."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from telemetry.sentences import reading

LAST_AT = datetime(2026, 11, 30, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("metric", "value", "unit", "taken_at", "words"),
    [
        ("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", 2, "in 24 h", LAST_AT, "2 in 24 h, last at 05:12"),
        ("ifInErrors", 1, "packets in 24 h", LAST_AT, "1 packet in 24 h, last at 05:12"),
        ("ifInErrors", 3, "packets in 24 h", None, "3 packets in 24 h"),
        ("DCGM_FI_DEV_GPU_TEMP", 91, "°C", LAST_AT, "91 °C"),
        ("upsBatteryStatus", 3, "", None, "3 (low)"),
        ("DCGM_FI_DEV_XID_ERRORS", 79, "", None, "XID 79"),
        ("slurm_node_status", 1, "", None, "drain"),
        ("slurm_node_status", 2, "", None, "down"),
        ("node_filesystem_avail_bytes", 2.5, "%", None, "2.5 %"),
        ("probe_ssl_earliest_cert_expiry", 6, "days", None, "6 days"),
        ("ifOperStatus", 2, "", None, "2 (down)"),
        ("ifOperStatus", None, "", None, ""),
    ],
)
def test_a_value_in_words(metric, value, unit, taken_at, words):
    with timezone.override(UTC):
        assert reading(metric, value, unit, taken_at=taken_at) == words


def test_the_last_time_is_that_of_the_readers_zone():
    with timezone.override("Asia/Tokyo"):
        words = reading("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", 2, "in 24 h", taken_at=LAST_AT)
    assert words == "2 in 24 h, last at 14:12"
