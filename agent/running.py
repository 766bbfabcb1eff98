"""The agent at work: a task for each target, one that looks for targets, one that writes, and one that sends."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from random import Random
from zlib import crc32

from agent.client import HttpReply, NoReply
from agent.discovery import TargetLists
from agent.disk_buffer import DiskBuffer
from agent.figures import AgentFigures
from agent.muster_address import MusterAddress
from agent.remote_write import SampleBatch, bodies
from agent.scraping import ScrapeOutcome, Scraper
from agent.sending import BufferSender
from agent.settings import AgentSettings
from agent.slurm_reports import SlurmReporter
from agent.targets import AgentTarget
from telemetry.core.labels import KeyCache, key_of

log = logging.getLogger(__name__)

_CACHE_BYTES = 32 * 1024 * 1024
_FIGURES_S = 15


class Agent:
    def __init__(
        self,
        settings: AgentSettings,
        buffer: DiskBuffer,
        *,
        instance: str,
        tls: ssl.SSLContext,
        now_ms: Callable[[], int],
        random: Random,
    ) -> None:
        self._settings, self._buffer, self._tls, self._now_ms = settings, buffer, tls, now_ms
        self._own_labels = {**settings.labels, "job": "muster-agent", "instance": instance}
        self._cache = KeyCache(max_bytes=_CACHE_BYTES)
        self._lists = TargetLists(settings)
        self._scrapes: dict[AgentTarget, tuple[Scraper, asyncio.Task[None]]] = {}
        self._pending = SampleBatch()
        self._written = asyncio.Event()
        self.figures = AgentFigures()
        self._muster = MusterAddress(settings.muster, settings.token_file, tls)
        self._sender = BufferSender(buffer, self._muster, self.figures, now_ms=now_ms, random=random)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; what was scraped by then is on disk. A fault of the agent itself ends it."""
        settings = self._settings
        try:
            async with asyncio.TaskGroup() as self._tasks:
                steps = [
                    (self._look_for_targets, settings.discovery_s),
                    (self._write, settings.write_s),
                    (self._count_itself, _FIGURES_S),
                ]
                if settings.slurm is not None:
                    reporter = SlurmReporter(settings.slurm, self._muster, self.figures)
                    steps.append((reporter.report, settings.slurm.interval_s))
                tasks = [self._tasks.create_task(_repeat(step, every_s)) for step, every_s in steps]
                tasks.append(self._tasks.create_task(self._sender.run(self._written)))
                await stop.wait()
                for task in (*tasks, *(task for _, task in self._scrapes.values())):
                    task.cancel()
        finally:
            await self._write()

    async def _look_for_targets(self) -> None:
        self._follow_lists()
        # Muster comes last: while it does not answer, the list on disk counts.
        if self._lists.muster_list is not None:
            await self._lists.muster_list.fetch(self._muster)
            self._follow_lists()

    def _follow_lists(self) -> None:
        targets = dict.fromkeys(self._lists.read())
        for target in self._scrapes.keys() - targets.keys():
            scraper, task = self._scrapes.pop(target)
            task.cancel()
            self._pending.extend(scraper.end(self._now_ms()))
        for target in targets.keys() - self._scrapes.keys():
            scraper = Scraper(target, self._settings, self._cache)
            self._scrapes[target] = scraper, self._tasks.create_task(self._scrape_on(scraper))
        self.figures.targets = len(self._scrapes)
        self.figures.unreadable_lists = len(self._lists.faults)

    async def _scrape_on(self, scraper: Scraper) -> None:
        target, fault = scraper.target, ""
        logged_reasons: set[str] = set()
        planned_ms = next_scrape_ms(target, self._now_ms())
        while True:
            await asyncio.sleep(max(0, planned_ms - self._now_ms()) / 1000)
            outcome = await self._scrape(scraper)
            if outcome.fault != fault:
                fault = outcome.fault
                log.warning("%s: %s", target.url, fault or "answers again")
            if not logged_reasons.issuperset(outcome.refused):
                logged_reasons.update(outcome.refused)
                log.warning("%s: some lines are no samples: %s", target.url, outcome.example)
            next_ms = following_scrape_ms(target, planned_ms, self._now_ms())
            self.figures.late_scrapes += scrapes_missed(target, planned_ms, next_ms)
            planned_ms = next_ms

    async def _scrape(self, scraper: Scraper) -> ScrapeOutcome:
        started_ms, began_s = self._now_ms(), asyncio.get_running_loop().time()
        reply: HttpReply | NoReply
        try:
            reply = await scraper.fetch(self._tls)
        except NoReply as error:
            reply = error
        duration_s = asyncio.get_running_loop().time() - began_s
        outcome = scraper.outcome(reply, started_ms=started_ms, duration_s=duration_s)
        self.figures.refused_lines.update(outcome.refused)
        self._pending.extend(outcome.batch)
        return outcome

    async def _write(self) -> None:
        batch, self._pending = self._pending, SampleBatch()
        for body, samples in bodies(batch):
            try:
                self._buffer.append(body, samples=samples)
            except OSError as error:
                log.error("%d samples cannot be written and are dropped: %s", samples, error.strerror)
                self.figures.count_dropped({"disk_error": samples})
        if len(batch):
            self._written.set()

    async def _count_itself(self) -> None:
        figures, losses = self.figures, self._buffer.losses
        figures.waiting_bytes = self._buffer.waiting_bytes
        figures.damaged_bytes = losses.damaged_bytes
        figures.dropped_samples["buffer_full"] = losses.samples_without_space
        now_ms = self._now_ms()
        for name, labels, value in figures.samples():
            self._pending.add(key_of({**self._own_labels, **labels, "__name__": name}), now_ms, value)


def next_scrape_ms(target: AgentTarget, now_ms: int) -> int:
    """Targets of one interval are spread over it, each at the same place of every interval, also after a restart."""
    interval_ms = round(target.interval_s * 1000)
    place_ms = crc32(repr((target.url, target.labels)).encode()) % interval_ms
    return now_ms + interval_ms - (now_ms - place_ms) % interval_ms


def following_scrape_ms(target: AgentTarget, planned_ms: int, now_ms: int) -> int:
    """When to scrape after the scrape that was planned for `planned_ms`. A clock that is slowed down wakes that a
    little early; a clock that was set back is far behind the plan, which then says nothing."""
    is_early = now_ms < planned_ms < now_ms + round(target.interval_s * 1000)
    return next_scrape_ms(target, planned_ms if is_early else now_ms)


def scrapes_missed(target: AgentTarget, planned_ms: int, next_ms: int) -> int:
    return max(0, (next_ms - planned_ms) // round(target.interval_s * 1000) - 1)


async def _repeat(step: Callable[[], Awaitable[None]], every_s: float) -> None:
    while True:
        await step()
        await asyncio.sleep(every_s)
