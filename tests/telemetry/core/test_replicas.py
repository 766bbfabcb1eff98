"""Which replica a sample is from, and whether it is stored, held or a repetition."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from telemetry.core.labels import KeyCache, labels_of
from telemetry.core.replicas import SampleFate, fates, patience_of, split_by_replica
from tests.telemetry.sending import columns_of

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NAMES = ("__replica__", "prometheus_replica")
FIRST, SECOND = 1, 2


def test_samples_of_replicas_have_one_key():
    columns = columns_of(
        ("up", {"job": "node", "prometheus_replica": "a"}, 1.0, NOW),
        ("up", {"job": "node", "prometheus_replica": "b"}, 2.0, NOW),
        ("up", {"job": "node"}, 3.0, NOW),
        ("load", {"__replica__": "b"}, 4.0, NOW),
    )
    for _ in range(2):  # as it is read, and as it is remembered
        parts = split_by_replica(columns, NAMES, KeyCache())
        assert {
            name: [
                (labels_of(part.keys[i]), value)
                for i, value in zip(part.series_index, part.value, strict=True)
            ]
            for name, part in parts.items()
        } == {
            "": [({"__name__": "up", "job": "node"}, 3.0)],
            "a": [({"__name__": "up", "job": "node"}, 1.0)],
            "b": [({"__name__": "up", "job": "node"}, 2.0), ({"__name__": "load"}, 4.0)],
        }


def test_a_label_that_only_looks_like_one_of_a_replica_stays():
    columns = columns_of(("up", {"of": "\n\x0b__replica__"}, 1.0, NOW))
    assert split_by_replica(columns, NAMES, KeyCache())[""].keys == columns.keys


def test_long_names_of_replicas_stay_apart():
    samples = [("up", {"__replica__": "x" * 300 + end}, 1.0, NOW) for end in "ab"]
    names = list(split_by_replica(columns_of(*samples), NAMES, KeyCache()))
    assert len(set(names)) == 2
    assert all(len(name) == 100 for name in names)


@pytest.mark.parametrize(
    ("heard_s", "now_s", "fate"),
    [
        pytest.param(15, 16, SampleFate.REPEATED, id="heard a cadence after it came"),
        pytest.param(14, 16, SampleFate.HELD, id="heard since, but perhaps not of this series"),
        pytest.param(0, 29, SampleFate.HELD, id="not silent yet"),
        pytest.param(0, 30, SampleFate.TAKEN_OVER, id="silent for 30 s"),
        pytest.param(10, 39, SampleFate.HELD, id="silent later, since it was heard later"),
        pytest.param(-900, 29, SampleFate.HELD, id="both were away: the other one may still come"),
        pytest.param(-900, 30, SampleFate.TAKEN_OVER, id="only this one came back"),
    ],
)
def test_what_another_replica_brings_waits_for_the_one_of_its_series(heard_s, now_s, fate):
    decided, held_until = fates(
        np.array([FIRST, SECOND, 0]),
        replica=SECOND,
        received_at=NOW,
        heard_at={FIRST: NOW + timedelta(seconds=heard_s), SECOND: NOW},
        patience=patience_of(15),
        now=NOW + timedelta(seconds=now_s),
    )
    assert decided.tolist() == [fate, SampleFate.STORED, SampleFate.STORED]
    assert (held_until is not None) == (fate is SampleFate.HELD)


def test_a_slow_sender_is_silent_after_two_cadences():
    assert [patience_of(cadence_s).silence.total_seconds() for cadence_s in (5, 15, 60)] == [30, 30, 120]
