"""`python -m agent --config FILE` scrapes, buffers and sends until it gets SIGTERM; `--check` only reads the file."""

import argparse
import asyncio
import logging
import resource
import signal
import socket
import ssl
import sys
from pathlib import Path
from random import Random

from agent import clock
from agent.discovery import TargetLists
from agent.disk_buffer import BufferInUse, DiskBuffer
from agent.documents import UnreadableFile, read_text
from agent.running import Agent
from agent.settings import AgentSettings, BufferSettings, read_settings


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="muster-agent", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("/etc/muster-agent/agent.yaml"))
    parser.add_argument("--check", action="store_true", help="read the file and all lists, and print targets")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        settings = read_settings(options.config)
        read_text(settings.token_file)
        tls = _trust(settings)
        if options.check:
            return _check(settings)
        buffer = _open_buffer(settings.buffer)
    except (UnreadableFile, BufferInUse, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    try:
        asyncio.run(_run(settings, buffer, tls))
    finally:
        buffer.close()
    return 0


def _trust(settings: AgentSettings) -> ssl.SSLContext:
    tls = ssl.create_default_context()
    if settings.ca_file is not None:
        tls.load_verify_locations(settings.ca_file)
    return tls


def _check(settings: AgentSettings) -> int:
    lists = TargetLists(settings)
    for target in lists.read():
        print(f"{target.url} every {target.interval_s:g} s: {dict(target.labels)}")
    if settings.slurm is not None:
        for command in settings.slurm.commands:
            print(f"{' '.join(command)} every {settings.slurm.interval_s:g} s")
    return 1 if lists.faults else 0


def _open_buffer(settings: BufferSettings) -> DiskBuffer:
    buffer = DiskBuffer(settings.folder, max_bytes=settings.megabytes * 1024 * 1024)
    if damaged := buffer.losses.damaged_bytes:
        logging.warning("%d damaged bytes at the end of %s are cut", damaged, settings.folder)
    return buffer


async def _run(settings: AgentSettings, buffer: DiskBuffer, tls: ssl.SSLContext) -> None:
    _allow_many_connections()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    agent = Agent(
        settings, buffer, instance=socket.gethostname(), tls=tls, now_ms=clock.now_ms, random=Random()
    )
    await agent.run(stop)


def _allow_many_connections() -> None:
    """Each target that is being scraped holds a file."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    sys.exit(main())
