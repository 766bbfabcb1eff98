"""Worker tasks, run on a wake-up or on beat's tick."""

import logging

from celery import shared_task

from telemetry import clocks, drain, matching, rollups, source_clocks, sources, store, wakeup
from telemetry.drift import comparing
from telemetry.imports import forgetting
from telemetry.imports.job import store_imported_file as store_imported_file
from telemetry.replicas.operations import judge_silence
from telemetry.schedulers import contradicting
from telemetry.schedulers import operations as schedulers
from telemetry.stuck import operations as stuck
from telemetry.targets import operations as targets
from web import watch, workers
from web.clock import now, trusted_now

log = logging.getLogger(__name__)


@shared_task(name="telemetry.drain_inbox")
def drain_inbox() -> int:
    wakeup.answer()
    return drain.drain(now=now())


def wake_drain() -> None:
    if wakeup.ask():
        drain_inbox.apply_async(expires=wakeup.EXPIRES_S, retry=False)


@shared_task(name="telemetry.roll_up")
def roll_up() -> int:
    return rollups.roll_up(now=now())


@shared_task(name="telemetry.update_source_states")
def update_source_states() -> int:
    if workers.are_catching_up():
        return 0
    at = now()
    # A clock that is wrong makes no source silent.
    changed = 0
    if clocks.clock_standing(at).agrees:
        changed = sources.update_states(now=at) + judge_silence(now=at)
    watch.note(watch.WorkStage.SOURCES, at)
    return changed


@shared_task(name="telemetry.judge_clocks")
def judge_clocks() -> int:
    at = now()
    # While Muster's own clock is wrong, it says nothing about others.
    return source_clocks.judge_clocks(now=at) if clocks.clock_standing(at).agrees else 0


@shared_task(name="telemetry.match_series")
def match_series() -> int:
    return matching.match_changed(now=now())


@shared_task(name="telemetry.keep_partitions")
def keep_partitions() -> int:
    at = now()
    return store.keep_partitions(now=at, newest_at=clocks.clock_standing(at).newest_at)


@shared_task(name="telemetry.compare_inventory")
def compare_inventory() -> int:
    return 0 if workers.are_catching_up() else comparing.compare_all(now=trusted_now())


@shared_task(name="telemetry.pack_samples")
def pack_samples() -> int:
    at = now()
    return store.pack_samples(now=at, newest_at=clocks.clock_standing(at).newest_at)


@shared_task(name="telemetry.find_stuck")
def find_stuck() -> int:
    return 0 if workers.are_catching_up() else stuck.find_stuck(now=trusted_now())


@shared_task(name="telemetry.end_moving")
def end_moving() -> int:
    return 0 if workers.are_catching_up() else stuck.end_moving(now=trusted_now())


@shared_task(name="telemetry.judge_targets")
def judge_targets() -> int:
    at = now()
    # A clock that is wrong makes no target absent, and neither does a queue of samples.
    if workers.are_catching_up() or not clocks.clock_standing(at).agrees:
        return 0
    return targets.judge_targets(now=at)


@shared_task(name="telemetry.judge_nodes")
def judge_nodes() -> int:
    at = now()
    # A clock that is wrong makes no scheduler silent, and neither does a queue of samples.
    if workers.are_catching_up() or not clocks.clock_standing(at).agrees:
        return 0
    return schedulers.judge_nodes(now=at)


@shared_task(name="telemetry.forget_files")
def forget_files() -> int:
    return forgetting.forget_files(now=trusted_now())


@shared_task(name="telemetry.contradict_schedulers")
def contradict_schedulers() -> int:
    return 0 if workers.are_catching_up() else contradicting.find_contradictions(now=trusted_now())
