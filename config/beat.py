"""The beat's own Celery application. It sends tasks by name, so it needs no task, no model and no Django."""

from celery import Celery

from config import env, schedule

app = Celery(
    "muster", broker=env.broker(env.text("REDIS_URL", None, "the Redis address")), set_as_current=False
)
app.conf.update(
    beat_schedule=schedule.ENTRIES,
    task_routes=schedule.ROUTES,
    task_default_queue=schedule.DEFAULT_QUEUE,
    task_ignore_result=True,
    timezone="UTC",
    broker_connection_retry_on_startup=True,
)
