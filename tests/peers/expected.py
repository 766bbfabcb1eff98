"""The samples that Muster must have of a program that goes through the plan of `tests.peers.instrumented`."""

import math
from itertools import accumulate, chain

import pytest

from tests.peers.instrumented import BOUNDS, PLAN, SCOPE
from tests.peers.stored import pairs

# Labels of each series that the instrumented program sends.
COMMON = {"job": "tests/plan", "instance": "node-1", "host_name": "gpu-01", "otel_scope_name": SCOPE}
OWN = {"requests_total": {"gpu": "3", "is_shared": "true"}}
# The step of scale 2, which bounds of exponential histograms are made of.
STEP = 2**0.25


def numbers_of(life, temporality):
    """{name: value of each export} of what is a number, by the plan and not by what the SDK made of it."""
    requests, read = [measured.requests for measured in life], [measured.read for measured in life]
    steps = [after - before for before, after in zip([0, *read], read, strict=False)]
    return {
        "requests_total": requests if temporality != "cumulative" else list(accumulate(requests)),
        # With low memory, only what the program adds to is sent as increases.
        "read_total": steps if temporality == "delta" else read,
        "in_flight": list(accumulate(measured.in_flight for measured in life)),
        "open_files": [measured.open for measured in life],
        "temperature": [measured.temperature for measured in life],
        "newest_temperature": [measured.temperature for measured in life],
    }


def observed_in(life, field, temporality):
    """The observations that a histogram tells of in each export."""
    observed = [getattr(measured, field) for measured in life]
    return list(accumulate(observed)) if temporality == "cumulative" else observed


# Fields of a round by the name of their histogram, and what is told of all its observations.
HISTOGRAMS = {"waits": "wait", "sizes": "size"}
TOTALS = {"count": len, "sum": lambda values: pytest.approx(sum(values)), "min": min, "max": max}


class Expected:
    """The samples of the plan, by its numbers and not by what the SDK made of them. `times` are of the exports."""

    def __init__(self, source, temporality, times):
        self._source, self._temporality, self._times = source, temporality, times

    def labels(self, name, **own):
        labels = {"__name__": name, "sender": str(self._source.id)} | COMMON | OWN.get(name, {}) | own
        return pairs(labels)

    def samples(self, values_of_life):
        """{ms: value} over both lives."""
        return dict(zip(self._times, chain.from_iterable(map(values_of_life, PLAN)), strict=True))

    def counts(self, field, bound):
        return self.samples(
            lambda life: [
                sum(value <= bound for value in values)
                for values in observed_in(life, field, self._temporality)
            ]
        )

    def series(self):
        """{labels: {ms: value}} of all series, without the buckets of the exponential histogram."""
        series = {
            self.labels(name): self.samples(lambda life, name=name: numbers_of(life, self._temporality)[name])
            for name in numbers_of(PLAN[0], self._temporality)
        }
        for field, name in HISTOGRAMS.items():
            for total, total_of in TOTALS.items():
                series[self.labels(f"{name}_{total}")] = self.samples(
                    lambda life, field=field, total_of=total_of: [
                        total_of(values) for values in observed_in(life, field, self._temporality)
                    ]
                )
        for bound in BOUNDS:
            series[self.labels("wait_bucket", le=repr(bound))] = self.counts("waits", bound)
        return series | {self.labels("wait_bucket", le="+Inf"): self.counts("waits", math.inf)}

    def increase(self, name):
        """The increase of a counter, or of the count of a histogram, summed over both lives of the sender."""
        match name:
            case "requests_total":
                rises = [sum(measured.requests for measured in life) for life in PLAN]
            case "read_total":
                rises = [life[-1].read for life in PLAN]
            case _:
                field = {f"{name}_count": field for field, name in HISTOGRAMS.items()}[name]
                rises = [sum(len(getattr(measured, field)) for measured in life) for life in PLAN]
        if self._temporality == "delta" or (self._temporality == "lowmemory" and name != "read_total"):
            return sum(rises)
        # What was there at the first look is no increase.
        return sum(rises) - self.series()[self.labels(name)][self._times[0]]


def split_by_time(stored, times):
    """Series with their samples at these times, and series with their samples at others, if they have any."""
    at, beside = {}, {}
    for labels, samples in stored.items():
        for at_ms, value in samples.items():
            (at if at_ms in times else beside).setdefault(labels, {})[at_ms] = value
    return at, beside


def assert_buckets(buckets, expected):
    """Each bucket that is stored counts what was observed up to its bound, and no bound is far from what it holds."""
    bounds = {dict(labels)["le"]: samples for labels, samples in buckets.items()}
    assert buckets.keys() == {expected.labels("size_bucket", le=le) for le in bounds}
    for le, samples in bounds.items():
        counts = expected.counts("sizes", float(le))
        # An empty bucket may be left out.
        assert samples == {at: counts[at] for at in samples}, le
    assert bounds["+Inf"] == expected.counts("sizes", math.inf)
    for value in chain.from_iterable(measured.sizes for life in PLAN for measured in life):
        assert min(bound for bound in map(float, bounds) if bound >= value) <= value * STEP
