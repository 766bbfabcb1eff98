"""Run the commands that report Slurm's nodes and jobs, and send what they print.

A report has no time of its own and counts from its arrival, so it is not buffered: while Muster is away the next report
says all that this one did.
"""

import asyncio
import gzip
import logging
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress

from agent.client import NoReply
from agent.figures import AgentFigures
from agent.muster_address import MusterAddress
from agent.settings import SlurmSettings

log = logging.getLogger(__name__)

PATH = "/api/telemetry/import/"
_HEADERS = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
_CHUNK_BYTES = 64 * 1024
_SHOWN_CHARS = 300
_ENDS_WITHIN_S = 5.0
_MOST_REPLY_BYTES = 64 * 1024
# Muster's success has no content. A page of a portal that wants a sign-in has.
_SUCCESS = 204


class NoReport(Exception):
    """The command gave no report; the message says why."""


class SlurmReporter:
    def __init__(self, settings: SlurmSettings, muster: MusterAddress, figures: AgentFigures) -> None:
        self._settings, self._muster, self._figures = settings, muster, figures
        self._faults: dict[Sequence[str], str] = {}

    async def report(self) -> None:
        """Run each command once, and send its report."""
        for command in self._settings.commands:
            fault = ""
            try:
                await self._send(await self._output(command))
            except (NoReport, NoReply) as error:
                fault = str(error)
                self._figures.failed_reports += 1
            if fault != self._faults.get(command, ""):
                log.warning("%s: %s", " ".join(command), fault or "is sent again")
            self._faults[command] = fault

    async def _output(self, command: Sequence[str]) -> bytes:
        """Return what a command prints. Raises NoReport."""
        try:
            # In a group of its own, so that what it starts ends with it.
            process = await asyncio.create_subprocess_exec(
                *command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, start_new_session=True
            )
        except (OSError, ValueError) as error:
            raise NoReport(f"cannot be run: {error}") from error
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                output, complaint = await asyncio.gather(
                    self._read(process.stdout), _beginning_of(process.stderr)
                )
                status = await process.wait()
        except TimeoutError as error:
            raise NoReport(f"takes longer than {self._settings.timeout_s:g} s") from error
        finally:
            await _end(process)
        if status != 0:
            raise NoReport(f"ends with status {status}: {complaint!r}")
        return output

    async def _read(self, stream: asyncio.StreamReader | None) -> bytes:
        content = bytearray()
        most_bytes = self._settings.megabytes * 1024 * 1024
        while stream is not None and (chunk := await stream.read(_CHUNK_BYTES)):
            content += chunk
            if len(content) > most_bytes:
                raise NoReport(f"prints more than {self._settings.megabytes} MB")
        return bytes(content)

    async def _send(self, report: bytes) -> None:
        """Raises NoReply."""
        body = await asyncio.to_thread(gzip.compress, report, 1)
        reply = await self._muster.call(
            "POST", PATH, headers=_HEADERS, body=body, most_bytes=_MOST_REPLY_BYTES
        )
        if reply.status != _SUCCESS:
            raise NoReply(f"{reply.status} {reply.body[:_SHOWN_CHARS].decode(errors='replace')!r}")


async def _beginning_of(stream: asyncio.StreamReader | None) -> str:
    """The first characters of a stream, all of which is read."""
    beginning = b""
    while stream is not None and (chunk := await stream.read(_CHUNK_BYTES)):
        beginning = (beginning + chunk)[:_SHOWN_CHARS]
    return beginning.decode(errors="replace").strip()


async def _end(process: Process) -> None:
    """End a command and all that it started; one of another user is left alone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    try:
        async with asyncio.timeout(_ENDS_WITHIN_S):
            # The command counts as running until its output is read to the end.
            while process.stdout is not None and await process.stdout.read(_CHUNK_BYTES):
                pass
            await process.wait()
    except TimeoutError:
        # A process that left the group still has the pipes. asyncio names no other way to close them.
        with suppress(PermissionError):
            process._transport.close()  # type: ignore[attr-defined]
