"""Which task runs how often and in which queue. Plain data, so that the beat reads it without Django."""

from typing import Any

DEFAULT_QUEUE = "default"
ROUTES = {
    "telemetry.*": {"queue": "ingest"},
    "readiness.*": {"queue": "scoring"},
}


def _every(seconds: int, task: str, *, beside_scoring: bool = False) -> dict[str, Any]:
    """A tick expires before the next, so that a restarted worker does not find a heap of stale ticks."""
    queue = {"queue": DEFAULT_QUEUE} if beside_scoring else {}
    return {"task": task, "schedule": seconds, "options": {"expires": seconds, **queue}}


ENTRIES = {
    "drain-inbox": _every(2, "telemetry.drain_inbox"),
    "roll-up": _every(15, "telemetry.roll_up"),
    "source-states": _every(5, "telemetry.update_source_states"),
    "match-series": _every(20, "telemetry.match_series"),
    # Roll-ups, which it reads, are this far behind anyway.
    "compare-inventory": _every(300, "telemetry.compare_inventory"),
    "keep-history": _every(3600, "web.keep_history"),
    "partitions": _every(600, "telemetry.keep_partitions"),
    "measure": _every(60, "readiness.evidence.measure"),
    # After an upgrade it takes some seconds each time, until every stored run was read again.
    "reread-runs": _every(15, "readiness.evidence.reread", beside_scoring=True),
    "rescore-changed": _every(3, "readiness.scoring.rescore_changed"),
    # This takes minutes on a large fleet, and scoring must not wait for it.
    "dry-runs": _every(60, "readiness.boards.dry_runs", beside_scoring=True),
    # Only an evaluation detects silence; this is the longest delay after the last sample stops being live.
    "rescore-due": _every(5, "readiness.scoring.rescore_due"),
    "write-problems": _every(3, "readiness.problems.write_claimed"),
    "write-own-problems": _every(5, "readiness.problems.write_own"),
    # Followers read rows that have their position, so this is the longest delay between both.
    "number-written": _every(3, "web.number_written"),
    "rescore-aged": _every(60, "readiness.scoring.rescore_aged"),
    "demo-records": _every(600, "readiness.demo.keep_records"),
    # This takes minutes after the demo is loaded, and scoring must not wait for it.
    "demo-history": _every(5, "readiness.demo.write_history", beside_scoring=True),
    # A review day begins at 0:00 UTC; running hourly, no restart of the schedule can skip it.
    "review-decisions": _every(3600, "readiness.tradeoffs.review_decisions", beside_scoring=True),
    "portfolios": _every(60, "readiness.tradeoffs.look_after_portfolios", beside_scoring=True),
    "forget-inputs": _every(3600, "readiness.scoring.forget_inputs"),
    "write-shifts": _every(3, "readiness.people.write_claimed_shifts"),
    # Hourly, so that no restart of the schedule can skip a day.
    "extend-shifts": _every(3600, "readiness.people.extend_shifts", beside_scoring=True),
    "lapse-swaps": _every(60, "readiness.people.lapse_swaps"),
    # External servers answer slowly, and scoring must not wait for them.
    "read-calendars": _every(900, "readiness.people.read_calendars", beside_scoring=True),
}
