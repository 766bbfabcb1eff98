"""Read environment variables: typed, with a hint if one is missing or misspelt."""

import difflib
import ipaddress
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

KNOWN: dict[str, str] = {}


def _read[T](name: str, default: T | None, parse: Callable[[str], T], what: str) -> T:
    KNOWN[name] = what
    raw = os.environ.get(name)
    if raw is None or raw == "":
        if default is None:
            raise ImproperlyConfigured(f"{name} is not set: it holds {what}.")
        return default
    try:
        return parse(raw)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={raw!r} cannot be read ({error}): it holds {what}.") from error


def text(name: str, default: str | None, what: str) -> str:
    return _read(name, default, str, what)


def integer(name: str, default: int | None, what: str, *, least: int | None = None) -> int:
    def parse(raw: str) -> int:
        value = int(raw)
        if least is not None and value < least:
            raise ValueError(f"use {least} or more")
        return value

    return _read(name, default, parse, what)


def flag(name: str, default: bool, what: str) -> bool:
    def parse(raw: str) -> bool:
        if raw.lower() in {"1", "true", "yes", "on"}:
            return True
        if raw.lower() in {"0", "false", "no", "off"}:
            return False
        raise ValueError("use 1 or 0")

    return _read(name, default, parse, what)


def one_of(name: str, default: str, choices: tuple[str, ...], what: str) -> str:
    def parse(raw: str) -> str:
        if raw not in choices:
            raise ValueError(f"use {', '.join(choices[:-1])} or {choices[-1]}")
        return raw

    return _read(name, default, parse, what)


def words(name: str, default: list[str], what: str) -> list[str]:
    return _read(name, default, lambda raw: [part.strip() for part in raw.split(",") if part.strip()], what)


def keys(name: str, what: str) -> list[str]:
    """Keys, comma-separated; empty unless given. Raises for one that could be guessed, without repeating it."""
    values = words(name, [], what)
    if any(len(key) < 32 for key in values):
        raise ImproperlyConfigured(f"{name} has a key of fewer than 32 characters: it holds {what}.")
    return values


def networks(name: str, what: str) -> list[str]:
    """IP addresses and networks; empty unless given. Raises for a host name or a `*`."""

    def parse(raw: str) -> list[str]:
        return [str(ipaddress.ip_network(part.strip())) for part in raw.split(",") if part.strip()]

    return _read(name, [], parse, what)


def receiver(name: str, ports: Mapping[str, int], what: str) -> str:
    """A receiver as scheme, host and port; "" unless given. `ports` are the usual ones by scheme."""

    def parse(raw: str) -> str:
        parts = urlsplit(raw)
        if parts.scheme not in ports or not parts.hostname or parts.path.strip("/") or "@" in parts.netloc:
            raise ValueError(
                f"use {' or '.join(f'{scheme}://host:{port}' for scheme, port in ports.items())}"
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return f"{parts.scheme}://{host}:{parts.port or ports[parts.scheme]}"

    return _read(name, "", parse, what)


def address(name: str, what: str) -> str:
    """Read the address of a page, or "" where none is set. It may be a secret, so no error repeats it."""
    url = text(name, "", what)
    try:
        parts = urlsplit(url)
        is_address = (
            parts.scheme in {"https", "http"} and 0 < len(parts.hostname or "") < 254 and parts.port != 0
        )
    except ValueError:
        is_address = False
    if url and (not is_address or "@" in parts.netloc):
        raise ImproperlyConfigured(f"{name} is no address: it holds {what}.")
    return url


def file(name: str, verify: Callable[[Path], None], what: str) -> str:
    """The path of a file, or "" where none is set. `verify` raises ValueError or OSError for a wrong file."""

    def parse(raw: str) -> str:
        try:
            verify(Path(raw))
        except OSError as error:
            raise ValueError(error.strerror) from error
        return raw

    return _read(name, "", parse, what)


def certificates(name: str, what: str) -> str:
    return file(name, lambda path: SSLContext(PROTOCOL_TLS_CLIENT).load_verify_locations(path), what)


def refuse_misspelt(prefix: str = "MUSTER_") -> None:
    """Raise for a variable with our prefix that no setting reads, so that a typo does not silently use the default."""
    for name in os.environ:
        if name.startswith(prefix) and name not in KNOWN:
            close = difflib.get_close_matches(name, KNOWN, n=1)
            hint = f" Did you mean {close[0]}?" if close else f" Known: {', '.join(sorted(KNOWN))}."
            raise ImproperlyConfigured(f"{name} is not a setting of Muster.{hint}")


def database(url: str, name: str = "DATABASE_URL") -> dict[str, Any]:
    """Django's DATABASES entry from `postgres://user:password@host:port/name?host=/socket/dir&option=…`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"{name} must start with postgres://, not {parts.scheme}://.")
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "muster",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or parts.hostname or "",
        "PORT": str(parts.port or options.pop("port", "") or ""),
        "OPTIONS": options,
    }


def broker(url: str) -> str:
    """Celery's broker address; kombu writes a unix socket in its own way."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        number = dict(parse_qsl(parts.query)).get("db", "0")
        return f"redis+socket://{parts.path}?virtual_host={number}"
    return url
