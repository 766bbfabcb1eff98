"""Which task runs how often and in which queue. Plain data: the beat reads it without loading Django."""

from typing import Any

DEFAULT_QUEUE = "default"
ROUTES = {
    "telemetry.*": {"queue": "ingest"},
    "readiness.*": {"queue": "scoring"},
}
# Each entry expires before its next turn, so that a stopped worker does not come back to a heap of stale ticks.
ENTRIES: dict[str, dict[str, Any]] = {
    "drain-inbox": {"task": "telemetry.drain_inbox", "schedule": 2, "options": {"expires": 2}},
    "roll-up": {"task": "telemetry.roll_up", "schedule": 15, "options": {"expires": 15}},
    "source-states": {"task": "telemetry.update_source_states", "schedule": 5, "options": {"expires": 5}},
    "match-series": {"task": "telemetry.match_series", "schedule": 20, "options": {"expires": 20}},
    "keep-history": {"task": "web.keep_history", "schedule": 3600, "options": {"expires": 3600}},
    "partitions": {"task": "telemetry.keep_partitions", "schedule": 600, "options": {"expires": 600}},
    "measure": {"task": "readiness.evidence.measure", "schedule": 60, "options": {"expires": 60}},
    "rescore-changed": {
        "task": "readiness.scoring.rescore_changed",
        "schedule": 3,
        "options": {"expires": 3},
    },
    "dry-runs": {
        "task": "readiness.boards.dry_runs",
        "schedule": 60,
        # Minutes of work on a large fleet, which scoring must not wait behind.
        "options": {"expires": 60, "queue": "default"},
    },
    # Silence is seen by looking: so long a page may wait for it after the last sample counts as live no more.
    "rescore-due": {"task": "readiness.scoring.rescore_due", "schedule": 10, "options": {"expires": 10}},
    "rescore-aged": {"task": "readiness.scoring.rescore_aged", "schedule": 60, "options": {"expires": 60}},
    "demo-records": {
        "task": "readiness.demo.keep_records",
        "schedule": 600,
        "options": {"expires": 600},
    },
    "demo-history": {
        "task": "readiness.demo.write_history",
        "schedule": 5,
        # Minutes of work after the demo is loaded, which scoring must not wait behind.
        "options": {"expires": 5, "queue": "default"},
    },
    "review-decisions": {
        "task": "readiness.tradeoffs.review_decisions",
        # A day of review begins at 0:00 UTC; asked for each hour, no restart of the schedule passes it over.
        "schedule": 3600,
        "options": {"expires": 3600, "queue": "default"},
    },
    "portfolios": {
        "task": "readiness.tradeoffs.look_after_portfolios",
        "schedule": 60,
        "options": {"expires": 60, "queue": "default"},
    },
    "forget-inputs": {
        "task": "readiness.scoring.forget_inputs",
        "schedule": 3600,
        "options": {"expires": 3600},
    },
    "write-shifts": {
        "task": "readiness.people.write_claimed_shifts",
        "schedule": 3,
        "options": {"expires": 3},
    },
    "extend-shifts": {
        "task": "readiness.people.extend_shifts",
        # Each hour, so that no restart of the schedule passes a day over.
        "schedule": 3600,
        "options": {"expires": 3600, "queue": "default"},
    },
    "lapse-swaps": {"task": "readiness.people.lapse_swaps", "schedule": 60, "options": {"expires": 60}},
    "read-calendars": {
        "task": "readiness.people.read_calendars",
        "schedule": 900,
        # Others' servers answer slowly, which scoring must not wait behind.
        "options": {"expires": 900, "queue": "default"},
    },
}
