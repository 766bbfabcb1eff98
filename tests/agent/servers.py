"""Servers of a few lines for the agent's tests, and settings with which it may reach them."""

import asyncio
from contextlib import asynccontextmanager

from agent.settings import AgentSettings

LOOPBACK = "127.0.0.0/8"


def settings_of(folder, **changes):
    token = folder / "token"
    token.write_text("a-token\n")
    usual = {
        "muster": "http://127.0.0.1:9",
        "token_file": token,
        "networks": [LOOPBACK],
        "buffer": {"folder": folder / "buffer"},
        "jobs": [{"name": "node", "targets": ["127.0.0.1:9100"]}],
    }
    return AgentSettings.model_validate(usual | changes)


def response(status="200 OK", body=b"", **headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@asynccontextmanager
async def open_server(answer):
    """A server that says what `answer(head, body)` gives, and then hangs up; None says nothing and waits."""
    hanging = asyncio.Event()

    async def handle(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
        body = await reader.readexactly(int(length[0].partition(":")[2])) if length else b""
        reply = answer(head, body)
        if reply is None:
            await hanging.wait()
        else:
            writer.write(reply)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        hanging.set()
        server.close()
        await server.wait_closed()
