"""Which job runs how often and in which queue. Plain data, so that the beat reads it without Django.

No tick expires: the beat sends one only if none waits (config/beat.py).
"""

from typing import Any, NamedTuple

URGENT_QUEUES = ("ingest", "scoring", "delivery")
"""Jobs that store samples, judge sites, write problems or deliver messages. Bulk work always leaves them a process of
each worker."""
DEFAULT_QUEUE = "default"
"""Bulk work: everything that nobody declared urgent."""
ROUTES = {
    "telemetry.*": {"queue": "ingest"},
    "readiness.heartbeat.*": {"queue": "delivery"},
    "readiness.*": {"queue": "scoring"},
    "web.number_written": {"queue": "scoring"},
    "web.deliver": {"queue": "delivery"},
    "web.mail_password_link": {"queue": "delivery"},
    "web.chain_security_log": {"queue": "delivery"},
}


class Job(NamedTuple):
    """A periodic task; `title` says what it does."""

    title: str
    task: str
    every_s: int
    queue: str

    @property
    def is_urgent(self) -> bool:
        return self.queue in URGENT_QUEUES


JOBS: dict[str, Job] = {
    name: Job(title, task, every_s, queue)
    for name, queue, every_s, task, title in (
        ("drain-inbox", "ingest", 2, "telemetry.drain_inbox", "Store the samples that arrived"),
        ("roll-up", "ingest", 15, "telemetry.roll_up", "Roll samples up"),
        ("source-states", "ingest", 5, "telemetry.update_source_states", "Judge the sources"),
        # A skew is judged over periods of five minutes.
        ("source-clocks", "ingest", 60, "telemetry.judge_clocks", "Judge the clocks of sources"),
        ("match-series", "ingest", 20, "telemetry.match_series", "Match series with objects"),
        # Roll-ups, which it reads, are this far behind anyway.
        ("compare-inventory", "default", 300, "telemetry.compare_inventory", "Compare the inventory"),
        # It reads the hour that was rolled up last.
        ("find-stuck", "default", 3600, "telemetry.find_stuck", "Find stuck sensors"),
        ("end-moving", "default", 60, "telemetry.end_moving", "Look whether stuck sensors move"),
        ("scrape-targets", "default", 60, "telemetry.judge_targets", "Judge scrape targets"),
        ("scheduler-states", "default", 60, "telemetry.judge_nodes", "Read what schedulers say of nodes"),
        (
            "scheduler-contradictions",
            "default",
            300,
            "telemetry.contradict_schedulers",
            "Compare schedulers with samples and the inventory",
        ),
        ("keep-history", "default", 3600, "web.keep_history", "Drop old history"),
        ("partitions", "ingest", 600, "telemetry.keep_partitions", "Make and drop partitions of samples"),
        # It works for 15 s at most, so it takes a quarter of a core at most.
        ("pack-samples", "default", 60, "telemetry.pack_samples", "Pack samples into blocks"),
        ("measure", "scoring", 60, "readiness.evidence.measure", "Measure the days of sites"),
        # It compares the means of an hour.
        ("reconcile-meters", "default", 900, "readiness.evidence.reconcile_meters", "Reconcile meters"),
        # After an upgrade it takes some seconds each time, until every stored run was read again.
        ("reread-runs", "default", 15, "readiness.evidence.reread", "Read runs again after an upgrade"),
        ("rescore-changed", "scoring", 3, "readiness.scoring.rescore_changed", "Judge sites that changed"),
        ("forget-files", "default", 3600, "telemetry.forget_files", "Drop old files of samples"),
        # This takes minutes on a large fleet.
        ("dry-runs", "default", 60, "readiness.boards.dry_runs", "Try out versions of the framework"),
        # Only an evaluation detects silence and age; this is the longest delay after something falls due.
        ("rescore-due", "scoring", 5, "readiness.scoring.rescore_due", "Judge sites where something is due"),
        ("write-problems", "scoring", 3, "readiness.problems.write_claimed", "Write down problems"),
        ("run-alerts", "scoring", 3, "readiness.alerts.run", "Raise alerts and tell of them"),
        ("join-alerts", "scoring", 15, "readiness.incidents.join_alerts", "Join alerts to their incidents"),
        # Shares of 90 days move by the day, and with each review and action.
        (
            "write-learning",
            "default",
            600,
            "readiness.incidents.write_learning",
            "Write what incidents taught",
        ),
        ("settle-loop", "scoring", 15, "readiness.loop.settle", "Close findings, see effects of actions"),
        # Hourly, because answers and reviews write their figures at once; here only time passes.
        ("prove-loop", "default", 3600, "readiness.loop.prove", "Write evidence of the loop"),
        ("write-own-problems", "scoring", 5, "readiness.problems.write_own", "Write down its own problems"),
        # Followers read rows that have their position, so this is the longest delay between both.
        ("number-written", "scoring", 3, "web.number_written", "Number what was written"),
        ("duty-registers", "default", 60, "readiness.duties.keep_registers", "Keep the registers of duties"),
        ("rescore-aged", "scoring", 60, "readiness.scoring.rescore_aged", "Judge sites that failed again"),
        ("demo-records", "default", 600, "readiness.demo.keep_records", "Renew the demo’s records"),
        # This takes minutes after the demo is loaded.
        ("demo-history", "default", 5, "readiness.demo.write_history", "Write the demo’s past"),
        # A review day begins at 0:00 UTC; running hourly, no restart of the schedule can skip it.
        ("review-decisions", "default", 3600, "readiness.tradeoffs.review_decisions", "Review decisions"),
        ("portfolios", "default", 60, "readiness.tradeoffs.look_after_portfolios", "Look after portfolios"),
        ("forget-inputs", "default", 3600, "readiness.scoring.forget_inputs", "Drop old inputs of scores"),
        ("write-shifts", "scoring", 3, "readiness.people.write_claimed_shifts", "Write shifts that changed"),
        # Hourly, so that no restart of the schedule can skip a day.
        ("extend-shifts", "default", 3600, "readiness.people.extend_shifts", "Write shifts of later days"),
        ("lapse-swaps", "scoring", 60, "readiness.people.lapse_swaps", "End swaps that nobody accepted"),
        # It only wakes the courier of a worker process, which looks each second for what is due.
        # Its threads call the addresses; the task itself waits for none of them.
        ("heartbeat", "delivery", 60, "readiness.heartbeat.beat", "Send heartbeats"),
        ("map-inbound", "default", 60, "readiness.inbound.map_again", "Map alerts of other systems again"),
        ("deliver", "delivery", 2, "web.deliver", "Deliver messages"),
        # It starts a program, which takes minutes with a large database.
        ("back-up", "default", 60, "web.back_up", "Start backups"),
        ("archive-log", "default", 60, "web.archive_log", "Archive the log of changes"),
        ("clear-sessions", "default", 3600, "web.clear_sessions", "Drop sessions that have ended"),
        ("end-stale-roles", "default", 600, "web.end_stale_roles", "End roles that no sign-in renewed"),
        # A mail server may answer slowly.
        ("remind-of-tokens", "default", 3600, "web.remind_of_tokens", "Remind of tokens that end"),
        ("keep-deliveries", "default", 3600, "web.keep_deliveries", "Drop old deliveries"),
        # What is not chained yet can be changed unseen.
        ("chain-security-log", "delivery", 30, "web.chain_security_log", "Chain the security log"),
        # A receiver that is away answers slowly.
        ("stream-security-log", "default", 30, "web.stream_security_log", "Stream the security log"),
        # At seven in the morning somewhere, they take seconds each on a large fleet.
        ("send-digests", "default", 60, "readiness.boards.digests", "Send digests"),
        # External servers answer slowly.
        ("read-calendars", "default", 900, "readiness.people.read_calendars", "Read calendars"),
    )
}
ENTRIES: dict[str, dict[str, Any]] = {
    name: {"task": job.task, "schedule": job.every_s, "options": {"queue": job.queue}}
    for name, job in JOBS.items()
}
