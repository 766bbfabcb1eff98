"""The agent's HTTP/1.1 client: one exchange on a connection of its own, without redirects, within time and bytes."""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

import httptools

from agent.settings import Network

_MOST_HEAD_BYTES = 64 * 1024
_CHUNK_BYTES = 64 * 1024


class NoReply(Exception):
    """Nobody replied, or not completely; the message says what happened."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where to connect. `networks` are those that its address must lie in; None allows any."""

    scheme: str
    host: str
    port: int
    networks: tuple[Network, ...] | None = None


@dataclass(slots=True)
class HttpReply:
    """Names of headers are in lower case. `body` is as it came, perhaps compressed."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


async def exchange(
    server: ServerAddress,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str],
    body: bytes = b"",
    timeout_s: float,
    most_bytes: int,
    tls: ssl.SSLContext,
) -> HttpReply:
    """Raises NoReply: also if the reply is larger than `most_bytes`, or is not whole after `timeout_s`."""
    request = _request(server, method, path, headers, body)
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await _connect(server, tls)
            try:
                writer.write(request)
                await writer.drain()
                return await _read(reader, most_bytes)
            finally:
                writer.transport.abort()
    except TimeoutError as error:
        raise NoReply(f"no whole answer within {timeout_s:g} s") from error
    except ssl.SSLCertVerificationError as error:
        raise NoReply(f"the certificate is not valid: {error.verify_message}") from error
    except (OSError, UnicodeError) as error:
        raise NoReply(getattr(error, "strerror", None) or type(error).__name__) from error


def _request(server: ServerAddress, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    name = f"[{server.host}]" if ":" in server.host else server.host
    lines = [f"{method} {path} HTTP/1.1", f"Host: {name}:{server.port}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _connect(
    server: ServerAddress, tls: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Look the host up once, and connect to the first of its addresses that is allowed and takes the connection."""
    found = await asyncio.get_running_loop().getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if server.networks is not None:
        addresses = [each for each in addresses if is_inside(each, server.networks)]
        if not addresses:
            raise NoReply(f"{server.host} has no address within the networks that the agent may connect to")
    failure: OSError | None = None
    for address in addresses:
        try:
            if server.scheme == "https":
                return await asyncio.open_connection(
                    address, server.port, ssl=tls, server_hostname=server.host
                )
            return await asyncio.open_connection(address, server.port)
        except OSError as error:
            failure = error
    raise failure or OSError("the host has no address")


def is_inside(address: str, networks: Iterable[Network]) -> bool:
    ip = ip_address(address.partition("%")[0])
    return any(ip.version == network.version and ip in network for network in networks)


class _Assembly:
    """A reply as httptools parses it, which calls these methods."""

    def __init__(self) -> None:
        self.reply = HttpReply()
        self.parts: list[bytes] = []
        self.size = 0
        self.head_is_whole = self.is_whole = False

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers would come without an end.
        if not self.head_is_whole:
            self.reply.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.head_is_whole = True

    def on_body(self, body: bytes) -> None:
        self.parts.append(body)
        self.size += len(body)

    def on_message_complete(self) -> None:
        self.is_whole = True


async def _read(reader: asyncio.StreamReader, most_bytes: int) -> HttpReply:
    assembly = _Assembly()
    parser = httptools.HttpResponseParser(assembly)
    head_bytes = 0
    while not assembly.is_whole:
        chunk = await reader.read(_CHUNK_BYTES)
        if not chunk:
            break
        try:
            parser.feed_data(chunk)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise NoReply("the answer is no HTTP/1.1") from error
        if assembly.size > most_bytes:
            raise NoReply(f"more than {most_bytes} bytes")
        head_bytes += 0 if assembly.head_is_whole else len(chunk)
        if head_bytes > _MOST_HEAD_BYTES:
            raise NoReply(f"more than {_MOST_HEAD_BYTES} bytes of headers")
    is_framed = assembly.reply.headers.keys() & {"content-length", "transfer-encoding"}
    if not assembly.head_is_whole or (not assembly.is_whole and is_framed):
        raise NoReply("the answer ended before it was whole")
    assembly.reply.status = parser.get_status_code()
    assembly.reply.body = b"".join(assembly.parts)
    return assembly.reply
