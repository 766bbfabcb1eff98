"""The worker: `python -m config.worker --queues ingest,scoring,default --concurrency 2`.

It works like `celery worker`, without Celery's command line, whose memory each of its processes would hold.
"""

import argparse
import sys

from config.celery import app


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m config.worker", description="Run the tasks of some queues."
    )
    parser.add_argument("--queues", required=True, help="names, comma-separated")
    parser.add_argument("--concurrency", required=True, type=int, help="tasks at a time, each in its process")
    arguments = parser.parse_args()
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
