"""Reads what a running Muster stored of a source: its samples, how many it ignored, and how a query returns them."""

import math
from collections import defaultdict
from itertools import chain

import psycopg

from telemetry.core.labels import IGNORED
from tests.peers.running import eventually
from tests.peers.standing import SITE
from tests.telemetry.sending import hot_samples

STORED_S = 120
SERIES = (
    "SELECT id, labels || jsonb_build_object('__name__', metric) FROM telemetry_series WHERE source_id = %s"
)
REJECTIONS = "SELECT reason, sum(count)::int FROM telemetry_rejection WHERE source_id = %s GROUP BY reason"


class SourceUnderTest:
    """A source of a running Muster, and what of it is stored."""

    def __init__(self, standing, name):
        self.standing, self.muster = standing, standing.muster
        source = self.muster.post("/api/telemetry/sources/", {"name": name, "site": {"slug": SITE}})
        self.id, self.token = source["id"], source["token"]

    def stored(self):
        """{labels as sorted pairs: {ms: value}} of every sample; NaN is left out, since it equals nothing."""
        with psycopg.connect(self.standing.postgres.url) as connection:
            samples = hot_samples(connection.cursor(), self.id)
            labels = dict(connection.execute(SERIES, [self.id]).fetchall())
        series = defaultdict(dict)
        for series_id, at_ms, value in samples:
            if not math.isnan(value):
                series[pairs(labels[series_id])][at_ms] = value
        return dict(series)

    def stored_until(self, at_ms):
        """Wait until a sample of this time is stored; returns all samples that are stored then."""
        eventually(
            lambda: at_ms in chain.from_iterable(self.stored().values()),
            within_s=STORED_S,
            what="the last export is stored",
            last=self.muster._logs,
        )
        return self.stored()

    def ignored(self):
        """{reason: samples} of what Muster ignored."""
        with psycopg.connect(self.standing.postgres.url) as connection:
            rejections = dict(connection.execute(REJECTIONS, [self.id]).fetchall())
        return {reason: count for reason, count in rejections.items() if reason in IGNORED}

    def increase(self, metric):
        """The increase of a metric in the last hour, as a reader gets it, over all its series."""
        answer = self.muster.get(
            "/api/telemetry/query/",
            metric=metric,
            site=SITE,
            aggregation="increase",
            labels=f"sender={self.id}",
            step="10s",
        )
        return sum(value for line in answer["series"] for _, value in line["points"] if value is not None)


def pairs(labels):
    return tuple(sorted(labels.items()))
