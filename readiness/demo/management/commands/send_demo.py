import logging
import signal
from datetime import timedelta
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from readiness.demo import sender
from readiness.demo.core.plan import fleet_plan
from readiness.demo.core.stories import Stories
from readiness.demo.models import DemoFleet
from readiness.demo.operations.history import new_tokens
from web import clock
from web.actor import acting

log = logging.getLogger(__name__)
# Two senders would take each other's tokens away: neither may do so all the time.
TOKENS_LAST = timedelta(seconds=30)


class Command(BaseCommand):
    help = "Send the demo fleet's samples until stopped. Ends at once, with status 0, when there is no demo."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", required=True, help="address of Muster, http://127.0.0.1:8000")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _end_now)
        counts = sender.SampleCounts()
        try:
            while (fleet := DemoFleet.objects.first()) is not None:
                self._send(fleet, options["url"], counts, stop)
                stop.wait(TOKENS_LAST.total_seconds())
        finally:
            log.info(sender.summary(counts))

    def _send(self, fleet: DemoFleet, url: str, counts: sender.SampleCounts, stop: Event) -> None:
        """Until the tokens are refused."""
        now = clock.now()
        with acting("demo", message="Start sending"):
            tokens = new_tokens(fleet, now=now)
        # Whatever happens to the database from here on does not concern a sender.
        connection.close()
        plan = fleet_plan(scale=fleet.scale, names=fleet.site_names)
        stories = Stories(fleet.loaded_at.timestamp())
        channels = sender.channels(plan, stories, start_s=now.timestamp())
        post = sender.Post(url)
        log.info("sending %s streams to %s", len(channels), url)
        try:
            sender.run(
                sender.Sender(plan, stories, post, tokens, channels, counts=counts),
                clock=clock.now,
                stop=stop,
            )
        except sender.TokensRefused as refusal:
            log.warning("tokens refused: %s", refusal)


def _end_now(number: int, frame: object) -> None:
    """A request under way need not be waited for: nobody misses these samples."""
    raise SystemExit(0)
