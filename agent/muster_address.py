"""Muster as the agent reaches it: its address, and the token that it requires."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from agent.client import HttpReply, NoReply, ServerAddress, exchange
from agent.documents import UnreadableFile, read_text
from telemetry.core.addresses import DEFAULT_PORTS, read_address

TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class MusterAddress:
    """`token_file` is read before each request, so that a new token needs no restart."""

    url: str
    token_file: Path
    tls: ssl.SSLContext

    async def call(
        self, method: str, path: str, *, headers: Mapping[str, str], body: bytes = b"", most_bytes: int
    ) -> HttpReply:
        """Raises NoReply."""
        parts = urlsplit(self.url)
        try:
            token = read_text(self.token_file).strip()
        except UnreadableFile as error:
            raise NoReply(str(error)) from error
        return await exchange(
            ServerAddress(
                parts.scheme, *read_address(parts.netloc, default_port=DEFAULT_PORTS[parts.scheme])
            ),
            method,
            path,
            headers={"User-Agent": "muster-agent", "Authorization": f"Bearer {token}", **headers},
            body=body,
            timeout_s=TIMEOUT_S,
            most_bytes=most_bytes,
            tls=self.tls,
        )
