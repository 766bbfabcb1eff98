"""`GET /api/telemetry/status/`: the data of the ingest page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from rest_framework.request import Request

from telemetry import intake
from web import clock, jobs, watch, workers
from web.rest.fields import brief
from web.rest.reports import endpoint
from web.rest.shapes import filled


@dataclass(frozen=True, slots=True)
class SourceIntake:
    id: int
    url: str
    display: str
    state: str
    state_since: datetime | None
    last_sample_at: datetime | None
    last_received_at: datetime | None
    limit_s: Annotated[int, "Seconds without a sample after which it is late."]
    samples_per_s: float | None
    lag_s: Annotated[float | None, "Longest time from receipt to storage in the last 5 to 10 min."]
    samples_24h: int
    rejected_24h: Annotated[int, "Samples that were not stored, for a reason that somebody can mend."]
    ignored_24h: Annotated[int, "No readings, ends of series and repetitions: no fault of the sender."]


@dataclass(frozen=True, slots=True)
class QueueStatus:
    batches: int
    samples: int
    oldest_received_at: datetime | None
    oldest_age_s: float | None
    failed_batches: Annotated[int, "Batches set aside because they cannot be stored."]


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    name: str
    seen_at: datetime
    age_s: float


@dataclass(frozen=True, slots=True)
class MusterLag:
    seconds: float
    as_of: Annotated[datetime, "What the slowest stage has reached: everything is told as it was then."]
    is_behind: bool


@dataclass(frozen=True, slots=True)
class TaskQueueStatus:
    name: str
    waiting: Annotated[int, "Tasks that no worker has taken yet."]
    is_urgent: bool


@dataclass(frozen=True, slots=True)
class JobStatus:
    name: str
    title: str
    every_s: int
    is_urgent: bool
    done_at: datetime | None
    late_s: Annotated[float | None, "Since it should have ended next; null if it is not known when it ran."]
    is_late: bool
    failure: Annotated[str, "Of its last run; empty if that ended well."]


@dataclass(frozen=True, slots=True)
class TelemetryStatus:
    evaluated_at: datetime
    lag: MusterLag
    jobs: list[JobStatus]
    task_queues: list[TaskQueueStatus]
    queue: QueueStatus
    workers: list[WorkerStatus]
    sources: list[SourceIntake]


@endpoint("telemetry.view_source", operation_id="telemetry_status")
def status(request: Request) -> TelemetryStatus:
    now, context = clock.now(), {"request": request}
    queue = intake.queue()
    age_s = queue.age_s(now) if queue.oldest_received_at else None
    return TelemetryStatus(
        evaluated_at=now,
        lag=filled(MusterLag, watch.lag(now)),
        jobs=[filled(JobStatus, job) for job in jobs.standings(now=now)],
        task_queues=[filled(TaskQueueStatus, queue_of_tasks) for queue_of_tasks in jobs.queues()],
        queue=filled(QueueStatus, queue, oldest_age_s=age_s, failed_batches=queue.failed),
        workers=[
            filled(WorkerStatus, each, age_s=(now - each.seen_at).total_seconds())
            for each in workers.seen(now=now)
        ],
        sources=[
            filled(SourceIntake, row, **brief(row.source, context))
            for row in intake.rows(intake.sources(), now=now)
        ],
    )
