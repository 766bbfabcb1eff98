"""The targets that Muster lists for the site of the agent's token."""

import json
from pathlib import Path

from agent.client import NoReply
from agent.documents import MOST_BYTES, UnreadableFile, read_text, write_durably
from agent.muster_address import MusterAddress
from agent.settings import ScrapeJob
from agent.targets import AgentTarget, BadTarget, targets_of_groups

PATH = "/api/telemetry/agent-targets/"
_LOGGED_CHARS = 300


class MusterList:
    """The newest list stands on disk, because Muster may be away when the agent starts. `fault` says why the last
    attempt to fetch it failed."""

    def __init__(self, job: ScrapeJob, file: Path) -> None:
        self.job, self.file = job, file
        self.fault = ""

    def read(self) -> list[AgentTarget]:
        """The targets on disk, none before the first answer. Raises UnreadableFile and BadTarget."""
        return self._parse(read_text(self.file)) if self.file.exists() else []

    async def fetch(self, muster: MusterAddress) -> None:
        """Store the list of the moment. An answer that is no list leaves the one before as it is."""
        try:
            reply = await muster.call("GET", PATH, headers={}, most_bytes=MOST_BYTES)
            if reply.status != 200:
                raise NoReply(f"{reply.status} {reply.body[:_LOGGED_CHARS].decode(errors='replace')!r}")
            self._parse(reply.body.decode())
            write_durably(self.file, reply.body)
            self.fault = ""
        except (NoReply, UnreadableFile, BadTarget, UnicodeDecodeError, OSError) as error:
            self.fault = str(error)

    def _parse(self, text: str) -> list[AgentTarget]:
        try:
            return targets_of_groups(json.loads(text), self.job)
        except (json.JSONDecodeError, RecursionError) as error:
            raise UnreadableFile(f"Muster's list is no JSON: {error}") from error
