"""One scrape of a target: the samples of its text, and what the agent says of the target itself.

As in Prometheus, each scrape gives `up` (1, or 0 where it failed), `scrape_duration_seconds` and
`scrape_samples_scraped`; a series that is missing gets a stale marker, and all do if the scrape failed.
"""

import ssl
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.client import HttpReply, NoReply, ServerAddress, exchange
from agent.remote_write import SampleBatch
from agent.settings import AgentSettings
from agent.targets import AgentTarget
from telemetry.core.columns import STALE_BITS, Rejections, TakenTimes
from telemetry.core.labels import KeyCache, LabelLimits, key_of, labels_of
from telemetry.formats import exposition
from telemetry.formats.contract import BodyError, BodyHeaders, BodyLimits

STALE = struct.unpack("<d", struct.pack("<Q", STALE_BITS))[0]
# Text first: OpenMetrics brings exemplars, which Muster does not keep.
_HEADERS = {
    "User-Agent": "muster-agent",
    "Accept": "text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5",
    "Accept-Encoding": "gzip",
}
_MEGABYTE = 1024 * 1024
# Exporters that state a time of their own may be behind or ahead.
_OLDEST_MS, _FUTURE_MS = 3_600_000, 600_000


class FailedScrape(Exception):
    """A scrape that gives no samples of its target; the message says why."""


@dataclass(frozen=True, slots=True)
class ScrapeOutcome:
    """`fault` says why the scrape failed, "" if it did not; `refused` counts lines that are no samples, by reason."""

    batch: SampleBatch
    fault: str = ""
    refused: Mapping[str, int] = field(default_factory=dict)
    example: str = ""


class Scraper:
    """Scrapes one target again and again, and remembers the series of its last scrape."""

    def __init__(self, target: AgentTarget, settings: AgentSettings, cache: KeyCache) -> None:
        self.target = target
        self._settings = settings
        self._cache = cache
        self._labels = dict(target.labels)
        # Keys as the target's text has them, to keys with the agent's labels.
        self._keys: dict[bytes, bytes] = {}
        self._live: set[bytes] = set()
        limits = settings.limits
        self._limits = BodyLimits(
            max_decompressed_bytes=limits.body_megabytes * _MEGABYTE,
            max_series=limits.samples,
            max_samples=limits.samples,
            labels=LabelLimits(max_labels=limits.labels),
        )

    async def fetch(self, tls: ssl.SSLContext) -> HttpReply:
        """Raises NoReply."""
        target = self.target
        return await exchange(
            ServerAddress(target.scheme, target.host, target.port, self._settings.networks),
            "GET",
            target.path,
            headers=_HEADERS | {"X-Prometheus-Scrape-Timeout-Seconds": f"{target.timeout_s:g}"},
            timeout_s=target.timeout_s,
            most_bytes=self._limits.max_decompressed_bytes,
            tls=tls,
        )

    def outcome(self, reply: HttpReply | NoReply, *, started_ms: int, duration_s: float) -> ScrapeOutcome:
        """The samples of a scrape that began at `started_ms` and took so long."""
        batch, refused, example, fault = SampleBatch(), {}, "", ""
        try:
            rejected = self._read(reply, started_ms, batch)
            refused, example = rejected.counts, next(iter(rejected.examples.values()), "")
        except FailedScrape as error:
            fault, batch = str(error), SampleBatch()
        count = len(batch)
        self._mark_missing(batch, started_ms)
        for name, value in (
            ("up", 0.0 if fault else 1.0),
            ("scrape_duration_seconds", duration_s),
            ("scrape_samples_scraped", float(count)),
        ):
            batch.add(self._own_key(name), started_ms, value)
        return ScrapeOutcome(batch, fault, refused, example)

    def end(self, at_ms: int) -> SampleBatch:
        """Stale markers for all series of a target that is scraped no more."""
        batch = SampleBatch()
        self._mark_missing(batch, at_ms)
        for name in ("up", "scrape_duration_seconds", "scrape_samples_scraped"):
            batch.add(self._own_key(name), at_ms, STALE)
        return batch

    def _read(self, reply: HttpReply | NoReply, started_ms: int, batch: SampleBatch) -> Rejections:
        if isinstance(reply, NoReply):
            raise FailedScrape(str(reply))
        if reply.status != 200:
            raise FailedScrape(f"the answer is {reply.status}")
        headers = BodyHeaders(
            reply.headers.get("content-type") or "text/plain", reply.headers.get("content-encoding")
        )
        if headers.media_type not in exposition.MEDIA_TYPES:
            raise FailedScrape(f"Content-Type {headers.media_type[:80]!r} is not that of metrics")
        try:
            exposition.check_headers(headers)
            columns = exposition.decode(
                reply.body,
                headers,
                window=TakenTimes(started_ms, started_ms - _OLDEST_MS, _FUTURE_MS),
                limits=self._limits,
                cache=self._cache,
            )
        except BodyError as error:
            raise FailedScrape(error.reason) from error
        keys = [self._keys.get(key) or self._labelled(key) for key in columns.keys]
        self._keys = dict(zip(columns.keys, keys, strict=True))
        batch.keys = [keys[place] for place in columns.series_index.tolist()]
        batch.times_ms, batch.values = columns.ts_ms.tolist(), columns.value.tolist()
        return columns.rejected

    def _mark_missing(self, batch: SampleBatch, at_ms: int) -> None:
        """Add stale markers. Series with times of their own have none, since a later scrape may have older ones."""
        live = {key for key, time_ms in zip(batch.keys, batch.times_ms, strict=True) if time_ms == at_ms}
        for key in sorted(self._live - set(batch.keys)):
            batch.add(key, at_ms, STALE)
        self._live = live

    def _labelled(self, key: bytes) -> bytes:
        labels = labels_of(key)
        for name, value in self._labels.items():
            stated = labels.get(name)
            if stated is not None and self.target.honor_labels:
                continue
            if stated is not None:
                labels[_free_name(name, labels)] = stated
            labels[name] = value
        return key_of({**self._settings.labels, **labels})

    def _own_key(self, name: str) -> bytes:
        return key_of({**self._settings.labels, **self._labels, "__name__": name})


def _free_name(name: str, labels: Mapping[str, str]) -> str:
    while name in labels:
        name = f"exported_{name}"
    return name
