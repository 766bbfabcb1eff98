"""How Muster itself is: how far it is behind, its jobs, its queues, the inbox, and what it refuses."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from telemetry import intake
from telemetry.sentences import REASONS
from web import disk, jobs, watch, workers
from web.clock import now
from web.database_replica import standing as replica
from web.faults import faults
from web.reports import Context, Report
from web.units import how_many

REFUSALS_SHOWN = 50
DISK_TONES = {"up": "", "low": "warn", "full": "bad"}
STATUS = Report("telemetry/status.html", "telemetry.view_source")


@STATUS.page
def page(request: HttpRequest) -> tuple[None, Context]:
    return None, _context


def _context() -> Mapping[str, Any]:
    at = now()
    disk_standing = disk.disk_standing(at)
    standings, queues = jobs.standings(now=at), jobs.queues()
    return {
        "now": at,
        "behind": watch.lag(at),
        "faults": faults(now=at),
        "urgent_jobs": [job for job in standings if job.is_urgent],
        "bulk_jobs": [job for job in standings if not job.is_urgent],
        "late_jobs": sum(job.is_late for job in standings),
        "of_jobs": f"of {how_many(len(standings), 'job', 'jobs')}",
        "urgent_waiting": sum(queue.waiting for queue in queues if queue.is_urgent),
        "bulk_waiting": sum(queue.waiting for queue in queues if not queue.is_urgent),
        "workers": workers.seen(now=at),
        "inbox": intake.queue(),
        "disk": disk_standing,
        "replica": replica.worst_standing(now=at),
        "disk_tone": DISK_TONES[disk_standing.state],
        "refusals": [
            (refusal, REASONS.get(refusal.reason, ""))
            for refusal in intake.refusals_by_source(now=at, most=REFUSALS_SHOWN)
        ],
    }
