"""The demo's sender as a process: `python -m readiness.demo.sending --url http://127.0.0.1:8000`.

Like any sender, it does not import Django. `manage.py demo_tokens` gives it the fleet and its tokens; it keeps them in
the data folder, readable by the owner only, so that tokens survive restarts.
"""

import argparse
import json
import logging
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event

from readiness.demo import sender
from readiness.demo.core.plan import fleet_plan
from readiness.demo.core.stories import Stories
from web import clock

log = logging.getLogger(__name__)
ROOT = Path(__file__).parents[2]
# Two senders would invalidate each other's tokens, so each must wait before it asks for new ones.
TOKENS_LAST_S = 30.0


@dataclass(frozen=True)
class SendingOrder:
    """Which fleet to send for, the start of its stories, and the tokens by source."""

    loaded_at: str
    scale: int
    site_names: list[str]
    tokens: dict[str, str]


def read_order(path: Path) -> SendingOrder | None:
    try:
        return SendingOrder(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def ask(path: Path) -> SendingOrder | None:
    """Get new tokens and store them in the file; None without a demo. Earlier tokens stop working."""
    order = subprocess.run(
        [sys.executable, "manage.py", "demo_tokens"], cwd=ROOT, stdout=subprocess.PIPE, check=True
    ).stdout.decode()
    if not order.strip():
        path.unlink(missing_ok=True)
        return None
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(order)
    part.rename(path)
    return read_order(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="address of Muster")
    url = parser.parse_args().url
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end_now)
    path = Path(os.environ.get("MUSTER_DATA_DIR") or ROOT / "var") / "demo-tokens.json"
    counts, stop = sender.SampleCounts(), Event()
    try:
        was_kept = read_order(path) is not None
        order = read_order(path) or ask(path)
        while order is not None:
            _send(order, url, counts, stop)
            if not was_kept:
                stop.wait(TOKENS_LAST_S)
            was_kept, order = False, ask(path)
    finally:
        log.info(sender.summary(counts))


def _send(order: SendingOrder, url: str, counts: sender.SampleCounts, stop: Event) -> None:
    """Send until the tokens are refused."""
    plan = fleet_plan(scale=order.scale, names=order.site_names)
    stories = Stories(datetime.fromisoformat(order.loaded_at).timestamp())
    channels = sender.channels(plan, stories, start_s=clock.now().timestamp())
    log.info("sending %s streams to %s", len(channels), url)
    try:
        sender.run(
            sender.Sender(plan, stories, sender.Post(url), order.tokens, channels, counts=counts),
            clock=clock.now,
            stop=stop,
        )
    except sender.TokensRefused as refusal:
        log.warning("tokens refused: %s", refusal)


def _end_now(number: int, frame: object) -> None:
    """Do not wait for an open request: nobody misses these samples."""
    raise SystemExit(0)


if __name__ == "__main__":
    main()
