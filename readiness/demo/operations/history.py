"""The demo's sources and past: samples go through the product's own intake and roll-up, then measuring and scoring
follow. Everything happens in order of time, and the time is passed in. Nothing here writes a state, score or roll-up
itself.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from accounts.models import Token, User
from inventory.models import Site, SiteChange
from readiness.assessment.evidence.operations import measure_day
from readiness.assessment.scoring.operations import evaluate
from readiness.demo.core.plan import FleetPlan
from readiness.demo.core.shapes import column, utc
from readiness.demo.core.stories import Stories
from readiness.demo.core.streams import SITE_LABEL, Stream, key_of_series, sent, series_of, streams
from readiness.demo.core.timeline import SampleExtent, TimelinePoint, holds, minutes, present, timeline
from readiness.demo.models import DemoFleet
from readiness.demo.operations.made import DemoObjects
from readiness.demo.operations.plans import Decided
from telemetry import store
from telemetry.core.columns import Rejections, SampleColumns
from telemetry.drain import drain_once
from telemetry.ingest import accept
from telemetry.models import Source, SourceProvenance
from telemetry.operations import create_source, rotate_token
from telemetry.rollups import roll_up
from telemetry.series import Memory
from telemetry.sources import update_states

type Say = Callable[[str], None]
# Instants of one batch, so that one drain can take the whole batch.
INSTANTS_AT_ONCE = 48
# A roll-up waits until a window is over and its senders have had time to deliver.
CLOSED_AFTER = timedelta(minutes=6)


def write_sources(
    plan: FleetPlan, sites: Mapping[str, Site], objects: DemoObjects, *, owner: User | None, now: datetime
) -> None:
    for stream in {stream.source_name: stream for stream in streams(plan)}.values():
        source, _ = create_source(
            name=stream.source_name,
            site=None if stream.names_site else sites[stream.site.name],
            site_label=SITE_LABEL if stream.names_site else "",
            cadence_s=stream.cadence_s,
            grace_s=stream.grace_s,
            provenance=SourceProvenance.SIMULATED,
            description="Sent by the demo",
            owner=owner,
            by=None,
            now=now,
        )
        objects.note([source])


@transaction.atomic
def new_tokens(fleet: DemoFleet, *, now: datetime) -> dict[str, str]:
    """Make a token for each of the demo's sources, by source name, and delete the earlier ones.

    Muster stores only hashes of tokens, so a new sender process needs new tokens.
    """
    tokens = {}
    sources = Source.objects.filter(pk__in=fleet.made.get(Source._meta.label, []))
    for source in sources.select_related("token").order_by("pk"):
        before = source.token
        tokens[source.name] = rotate_token(source, by=None, now=now)
        if before is not None:
            # Otherwise every start of the sender would leave a dead token for each source.
            Token.objects.filter(pk=before.pk).delete()
    return tokens


@dataclass
class Recorder:
    plan: FleetPlan
    stream: Stream
    source: Source
    stories: Stories

    @cached_property
    def _series(self) -> list[tuple[str, dict[str, str]]]:
        return series_of(self.plan, self.stream, self.stories)

    @cached_property
    def _keys(self) -> list[bytes]:
        return [key_of_series(metric, labels) for metric, labels in self._series]

    @cached_property
    def _held(self) -> dict[SampleExtent, NDArray[np.int64]]:
        return {
            extent: np.flatnonzero([holds(extent, metric, labels) for metric, labels in self._series])
            for extent in SampleExtent
        }

    def columns_of(self, instants: Sequence[TimelinePoint]) -> SampleColumns | None:
        """The stream's samples at these instants; None if it is silent at all of them."""
        by_extent: dict[SampleExtent, list[float]] = defaultdict(list)
        for instant in instants:
            by_extent[instant.extent_of(self.stream.site.name)].append(instant.at_s)
        parts = [self.columns(times, extent) for extent, times in by_extent.items()]
        return _joined([columns for columns in parts if columns is not None])

    def columns(self, instants: Sequence[float], extent: SampleExtent) -> SampleColumns | None:
        """The same with an extent for each instant.

        Where checks need every sample, a fast meter gets all seconds of the minute before, not only the last one.
        """
        whole_minutes = extent in (SampleExtent.EVERYTHING, SampleExtent.CHECKED)
        sampled = self.stream.ends_at(instants) if whole_minutes else instants
        sent_at = [at for at in sampled if self.stories.is_sending(self.stream.site.name, at)]
        indices = self._held[extent]
        if not sent_at or not len(indices):
            return None
        blocks = sent(self.plan, self.stream, self.stories, column(sent_at))
        values = np.concatenate([block.values for block in blocks], axis=1)[:, indices]
        return SampleColumns(
            keys=self._keys,
            series_index=np.tile(indices.astype(np.int32), len(sent_at)),
            ts_ms=np.repeat(np.rint(np.array(sent_at) * 1000).astype(np.int64), len(indices)),
            value=np.ascontiguousarray(values).reshape(-1),
            rejected=Rejections(),
        )


def _joined(parts: Sequence[SampleColumns]) -> SampleColumns | None:
    """Join columns of one stream into one batch that names only the series with samples."""
    if not parts:
        return None
    used_indexes, series_index = np.unique(
        np.concatenate([part.series_index for part in parts]), return_inverse=True
    )
    return SampleColumns(
        keys=[parts[0].keys[place] for place in used_indexes.tolist()],
        series_index=series_index.astype(np.int32),
        ts_ms=np.concatenate([part.ts_ms for part in parts]),
        value=np.concatenate([part.value for part in parts]),
        rejected=Rejections(),
    )


class Past:
    """Writes a fleet's samples and scores, part by part in order of time.

    Each instance has its own series cache, so past and present can be written side by side.
    """

    def __init__(self, plan: FleetPlan, fleet: DemoFleet) -> None:
        self._plan = plan
        self._memory = Memory()
        stories = Stories(fleet.loaded_at.timestamp())
        sources = Source.objects.filter(pk__in=fleet.made.get(Source._meta.label, []))
        by_name = {source.name: source for source in sources}
        self._recorders = [
            Recorder(plan, stream, by_name[stream.source_name], stories)
            for stream in streams(plan)
            if stream.source_name in by_name
        ]
        self._source_ids: dict[str, set[int]] = defaultdict(set)
        for recorder in self._recorders:
            self._source_ids[recorder.stream.site.name].add(recorder.source.pk)
        sites = Site.objects.filter(pk__in=fleet.made[Site._meta.label])
        self.site_ids = dict(sites.values_list("name", "pk"))

    def write(
        self, part: Sequence[TimelinePoint], *, until: datetime, decided: Decided | None = None
    ) -> None:
        at = utc(part[-1].at_s)
        self._record(part, now=at, until=until)
        scored = [name for name in part[-1].scored if name in self.site_ids]
        if not scored:
            return
        # Reviews come first: they leave facts that scores of the same instant use, and decisions use those scores.
        if decided is not None:
            decided.review(now=at)
        # Other sites only lack samples because the past is sparse; they are not silent.
        update_states(now=at, sources={source_id for name in scored for source_id in self._source_ids[name]})
        _score([self.site_ids[name] for name in scored], now=at)
        if decided is not None:
            decided.come_to(at, scored)

    def _record(self, part: Sequence[TimelinePoint], *, now: datetime, until: datetime) -> None:
        for recorder in self._recorders:
            columns = recorder.columns_of(part)
            if columns is not None:
                accept(source=recorder.source, columns=columns, now=now)
        while drain_once(now=now, memory=self._memory):
            pass
        # Keep the order: a later `now` would make the roll-up check every empty window in between.
        for instant in part:
            roll_up(now=min(utc(instant.at_s) + CLOSED_AFTER, until))


def write_present(plan: FleetPlan, fleet: DemoFleet, *, now: datetime, say: Say) -> None:
    """Write the samples and scores that today's verdicts need, up to `now`."""
    instants = present(plan, Stories(fleet.loaded_at.timestamp()), until_s=now.timestamp())
    _write(plan, fleet, instants, now=now, say=lambda at: None)


def write_history(plan: FleetPlan, fleet: DemoFleet, *, reach: timedelta, now: datetime, say: Say) -> None:
    """Write samples and scores from `reach` before `fleet.loaded_at` up to `now`.

    Must run outside a transaction, because it drops partitions.
    """
    stories = Stories(fleet.loaded_at.timestamp())
    instants = timeline(plan, stories, until_s=now.timestamp(), reach_s=reach.total_seconds())
    _write(plan, fleet, instants, now=now, say=_weekly_teller(fleet, say), decided=Decided(fleet))
    say("Clearing up ...")
    store.keep_partitions(now=now)


def add_minutes(plan: FleetPlan, fleet: DemoFleet, *, after: datetime, now: datetime) -> None:
    instants = minutes(plan, after_s=after.timestamp(), until_s=now.timestamp())
    _write(plan, fleet, instants, now=now, say=lambda at: None)


def _write(
    plan: FleetPlan,
    fleet: DemoFleet,
    instants: Sequence[TimelinePoint],
    *,
    now: datetime,
    say: Callable[[datetime], None],
    decided: Decided | None = None,
) -> None:
    past = Past(plan, fleet)
    for part in parts(instants):
        say(utc(part[-1].at_s))
        past.write(part, until=now, decided=decided)
    # All sites have just been scored at the end.
    SiteChange.objects.filter(site__in=past.site_ids.values()).delete()


def _weekly_teller(fleet: DemoFleet, say: Say) -> Callable[[datetime], None]:
    lines = {""}

    def say_week(at: datetime) -> None:
        weeks = (fleet.loaded_at - at).days // 7
        line = f"{weeks} weeks ago ..." if weeks > 0 else "This week ..."
        if line not in lines and (weeks <= 0 or weeks % 5 == 0):
            lines.add(line)
            say(line)

    return say_week


def parts(instants: Sequence[TimelinePoint]) -> Iterator[list[TimelinePoint]]:
    """Split the past so that each part ends with a scoring and fits into one batch of every stream."""
    part: list[TimelinePoint] = []
    for instant in instants:
        part.append(instant)
        if instant.scored or len(part) == INSTANTS_AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _score(site_ids: Sequence[int], *, now: datetime) -> None:
    measure_day(day=now.astimezone(UTC).date(), now=now, site_ids=site_ids)
    evaluate(site_ids=site_ids, now=now)
