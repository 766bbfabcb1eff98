"""Measures what scoring 1,000 sites takes on one core: every check of every site, gathered, decided and written.

The bars are processor time of this process and of PostgreSQL's together: 5 s after a new minute of samples from every
site, as in a running Muster, and 0.5 s for a minute in which nothing comes and nothing is entered. Told beside them:
the first evaluation ever, which writes every row; one right after it, for which every site is claimed without a new
sample; and one under a changed framework, which writes every row anew. What autovacuum would do between two minutes is
done then, and told apart. `python -m benchmarks.thousand 100` does it with 100 sites.

`load` builds the same for benchmarks of pages.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks import machine

SITES = 1000
ROUNDS = 3
BAR_S, QUIET_BAR_S = 5.0, 0.5
"""Processor seconds for 1,000 sites."""


def load(servers: machine.Servers, *, count: int = SITES) -> Any:
    """The estate (benchmarks.estate.Estate) in these servers, evaluated; Django is set up for this process."""
    servers.set_up()
    from benchmarks.estate import build

    estate = build(count=count, now=datetime.now(UTC))
    estate.claim()
    evaluate(estate, estate.now)
    return estate


def main(count: int = SITES) -> None:
    # One core for all of it: this process, and the servers that it starts.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with machine.servers() as servers:
        servers.set_up()
        from benchmarks.estate import build

        measure(servers, build(count=count, now=datetime.now(UTC)))


def measure(servers: machine.Servers, estate: Any) -> None:
    print(f"{len(estate.site_ids)} sites; {_made_of()}")
    print(f"{'':28}{'wall s':>8}{'process':>9}{'database':>9}{'CPU s':>8}{'a site':>9}")
    at = estate.now
    _timed(servers, "first evaluation", estate, at)
    _timed(servers, "right after", estate, at)
    for number in range(1, ROUNDS + 1):
        at = estate.next_minute()
        _vacuum(servers)
        _timed(servers, f"a new minute of samples ({number})", estate, at, bar_s=BAR_S)
    at += timedelta(minutes=1)
    _timed(servers, "a minute without any", estate, at, bar_s=QUIET_BAR_S, work=_nothing_comes)
    _change_framework(at)
    _timed(servers, "under a changed framework", estate, at)
    for_one, many = (_statements(estate.site_ids[:sites], at) for sites in (1, 50))
    print(f"{for_one} statements for one site, {many} for 50; {_verdicts()}")


def _timed(
    servers: machine.Servers,
    what: str,
    estate: Any,
    at: datetime,
    *,
    bar_s: float | None = None,
    work: Callable[[Any, datetime], None] | None = None,
) -> None:
    """An evaluation of all sites, or other work: processor time of this process and of PostgreSQL's, and the wall's."""
    if work is None:
        estate.claim()
    database, process, wall = _database_s(servers), time.process_time(), time.perf_counter()
    (work or evaluate)(estate, at)
    wall, process = time.perf_counter() - wall, time.process_time() - process
    database = _database_s(servers) - database
    total = process + database
    verdict = f"  bar {bar_s:g} s: {machine.verdict(total <= bar_s)}" if bar_s is not None else ""
    a_site = 1000 * total / len(estate.site_ids)
    print(
        f"{what:28}{wall:8.2f}{process:9.2f}{database:9.2f}{total:8.2f}{a_site:6.1f} ms{verdict}", flush=True
    )


def evaluate(estate: Any, at: datetime) -> None:
    """Evaluate as the workers do: the sites that claims name, some hundred in a transaction."""
    from readiness.assessment.scoring.operations import rescore_changed

    done = rescore_changed(now=at)
    if done != len(estate.site_ids):
        raise RuntimeError(f"{done} of {len(estate.site_ids)} sites were evaluated.")


def _nothing_comes(estate: Any, at: datetime) -> None:
    """The turns of a minute in which nothing is sent and nothing is entered."""
    from readiness.assessment.scoring.operations import rescore_aged, rescore_changed, rescore_due

    for second in range(3, 61, 3):
        rescore_changed(now=at - timedelta(seconds=60 - second))
    for second in range(5, 61, 5):
        rescore_due(now=at - timedelta(seconds=60 - second))
    rescore_aged(now=at)


def _vacuum(servers: machine.Servers) -> None:
    """Do what autovacuum does in the minute between two evaluations, which here follow each other at once."""
    before = _database_s(servers)
    machine.vacuum("VACUUM")
    print(f"{'(vacuum in between)':28}{_database_s(servers) - before:25.2f}", flush=True)


def _statements(site_ids: Sequence[int], at: datetime) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from readiness.assessment.scoring.operations import evaluate

    with CaptureQueriesContext(connection) as captured:
        evaluate(site_ids=site_ids, now=at)
    return len(captured)


def _database_s(servers: machine.Servers) -> float:
    return machine.cpu_s(servers.pids["postgres"])


def _made_of() -> str:
    from readiness.assessment.evidence.models import (
        Attestation,
        Measure,
        RecordedFact,
        RunMeasure,
        ValidationRun,
    )
    from telemetry.models import Series

    records = RecordedFact.objects.count() + Attestation.objects.count()
    return (
        f"{Series.objects.count()} series, {Measure.objects.count()} daily measures,"
        f" {ValidationRun.objects.count()} runs with {RunMeasure.objects.count()} figures, {records} records"
    )


def _verdicts() -> str:
    from readiness.assessment.scoring.models import CheckResult, SiteScore

    verdicts = Counter(SiteScore.objects.values_list("verdict", flat=True))
    states = Counter(CheckResult.objects.values_list("state", flat=True))
    return ", ".join(
        f"{count} {word or 'no verdict'}" for word, count in [*verdicts.items(), *states.items()]
    )


def _change_framework(now: datetime) -> None:
    """A version that says one thing in other words: every row is of the new version then."""
    from readiness.assessment.framework.models import FrameworkVersion
    from readiness.assessment.framework.operations import publish

    definition = FrameworkVersion.objects.published().get().definition
    definition["version"] = "estate-2"
    definition["checks"][0]["name"] += ", again"
    publish(definition, by=None, now=now)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SITES)
