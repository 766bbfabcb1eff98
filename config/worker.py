"""The worker: `python -m config.worker --queues ingest,scoring,delivery --bulk default --concurrency 2`.

It works like `celery worker`, without Celery's command line, whose memory each of its processes would hold. Bulk work
takes one of its processes at a time: that queue has a channel of its own, which the broker gives one message until it
is acknowledged, and tasks are acknowledged when they end.
"""

import argparse
import sys
from typing import Any

from celery import bootsteps
from kombu.common import ignore_errors

from config.celery import app

BULK_AT_ONCE = 1


class BulkConsumer(bootsteps.StartStopStep):
    """Takes messages of the bulk queue, each after the end of the one before."""

    requires = ("celery.worker.consumer.tasks:Tasks",)
    queue = ""

    def start(self, consumer: Any) -> None:
        channel = consumer.connection.channel()
        channel.basic_qos(0, BULK_AT_ONCE, False)
        self.obj = consumer.app.amqp.TaskConsumer(
            channel,
            queues=[consumer.app.amqp.queues[self.queue]],
            on_message=consumer.create_task_handler(),
            on_decode_error=consumer.on_decode_error,
        )
        self.obj.consume()

    def stop(self, consumer: Any) -> None:
        if self.obj:
            ignore_errors(consumer, self.obj.cancel)

    def shutdown(self, consumer: Any) -> None:
        if self.obj:
            self.stop(consumer)
            ignore_errors(consumer, self.obj.channel.close)
            self.obj = None


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m config.worker", description="Run the tasks of some queues."
    )
    parser.add_argument("--queues", required=True, help="names of queues of urgent work, comma-separated")
    parser.add_argument("--bulk", required=True, help="name of the queue that gets one process at a time")
    parser.add_argument("--concurrency", required=True, type=int, help="tasks at a time, each in its process")
    arguments = parser.parse_args()
    if arguments.concurrency <= BULK_AT_ONCE:
        parser.error(f"Bulk work takes {BULK_AT_ONCE} process, so urgent work needs a concurrency above it.")
    BulkConsumer.queue = arguments.bulk
    app.steps["consumer"].add(BulkConsumer)
    worker = app.Worker(
        queues=arguments.queues.split(","),
        concurrency=arguments.concurrency,
        pool_cls="prefork",
        without_gossip=True,
        without_mingle=True,
        loglevel="INFO",
    )
    worker.start()
    sys.exit(worker.exitcode)


if __name__ == "__main__":
    main()
