"""Values of a file that stand earlier in it."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from telemetry.imports.core.repeats import EarlierValues

NOW_MS = 1_795_000_000_000
rows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 5), st.sampled_from([0.0, 1.0, 2.5])), max_size=60
)


@given(rows=rows, cuts=st.lists(st.integers(0, 60), max_size=4))
def test_the_first_value_of_an_instant_counts_however_the_file_is_cut(rows, cuts):
    first: dict[tuple[int, int], float] = {}
    for series, minute, value in rows:
        first.setdefault((series, minute), value)
    earlier_values, earlier_places = EarlierValues(), set()
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    flags = []
    for begin, end in pairwise(edges):
        part = rows[begin:end]
        series = np.array([row[0] for row in part], np.int64)
        ts_ms = np.array([NOW_MS + row[1] for row in part], np.int64)
        repeats, contradictions = earlier_values.add(
            series, ts_ms, np.array([row[2] for row in part], np.float64)
        )
        flags += zip(repeats.tolist(), contradictions.tolist(), strict=True)
    for (series, minute, value), flag in zip(rows, flags, strict=True):
        is_later = (series, minute) in earlier_places
        earlier_places.add((series, minute))
        is_same = first[series, minute] == value
        assert flag == (is_later and is_same, is_later and not is_same)
