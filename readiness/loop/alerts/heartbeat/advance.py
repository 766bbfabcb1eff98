"""Whether everything advances that an alert needs: samples are taken, stored and judged, problems written, alerts
followed, and messages delivered. What is not known to have advanced has not."""

from datetime import datetime, timedelta

from django.conf import settings

from web import jobs, watch, workers

WITHIN = timedelta(minutes=1)
NEEDED_QUEUES = ("ingest", "scoring", "delivery")
NEEDED_EVERY_S = 5
"""Jobs of these queues that run at least this often are what an alert passes through."""


def obstacles(*, now: datetime) -> list[str]:
    """Why no heartbeat may be sent, a sentence each; empty while all advances."""
    reasons = []
    if not workers.is_door_open(now=now):
        reasons.append("No web process takes samples.")
    behind = watch.lag(now)
    if behind.is_behind:
        reasons.append(f"Muster is {behind.seconds:.0f} s behind.")
    standings = {job.name: job for job in jobs.standings(now=now)}
    for name, job in settings.JOBS.items():
        if job.queue not in NEEDED_QUEUES or job.every_s > NEEDED_EVERY_S:
            continue
        done_at = standings[name].done_at
        if done_at is None or not abs(now - done_at) <= WITHIN:
            reasons.append(f"The job “{job.title}” did not end within a minute.")
    return reasons
