"""Addresses that messages may be sent to: hosts on the internet, and those that an administrator names.

A host is looked up once, every address that it has is looked at, and the connection goes to one of exactly these, so
that a name which changes its mind between the check and the connection changes nothing.
"""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Thread
from urllib.parse import urlsplit

from django.conf import settings

LONGEST = 2000
LOOK_UP_S = 5.0
PORTS = {"http": 80, "https": 443}
REFUSED_NETWORKS = tuple(
    ip_network(network)
    for network in (
        *("2002::/16", "192.88.99.0/24"),  # 6to4 leads to the IPv4 address in it
        "2001::/32",  # Teredo, which does too
        *("64:ff9b::/96", "64:ff9b:1::/48"),  # NAT64, which does too
        *("::/96", "::ffff:0:0/96"),  # IPv4 addresses written as IPv6
        "fec0::/10",  # site-local, of before the private addresses
        "168.63.129.16/32",  # Azure's own services, at an address of the internet
    )
)
"""What Python's `is_global` lets through, or has let through in some version, and what leads inside."""

type Resolve = Callable[[str, int], Sequence[str]]
"""All addresses of a host; raises OSError where it has none."""


class AddressRefused(Exception):
    """Muster does not send there. The message says why, and shows no more of the address than its host."""


class NoAnswer(Exception):
    """Nobody answered, or not completely. The message says what happened, and shows no more than the host."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A checked address: `path` includes the query, `ips` are all addresses that its host has now."""

    scheme: str
    host: str
    port: int
    path: str
    ips: tuple[str, ...]

    @property
    def netloc(self) -> str:
        return netloc(self.host, self.port, self.scheme)


def netloc(host: str, port: int, scheme: str) -> str:
    """Host and port, without a port that is the usual one: as `Host` has it, and as MUSTER_DELIVERY_HOSTS names it."""
    name = f"[{host}]" if ":" in host else host
    return name if port == PORTS.get(scheme) else f"{name}:{port}"


def look_up(host: str, port: int) -> list[str]:
    """Ask the system's resolver."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def check_address(url: str, *, resolve: Resolve = look_up) -> Destination:
    """Check the address, and look up its host. Raises AddressRefused, NoAnswer."""
    scheme, host, port, path = _parts(url)
    ips = tuple(dict.fromkeys(_addresses(host, port, resolve)))
    if not _is_named(scheme, host, port) and not all(map(is_public, ips)):
        raise AddressRefused(
            f"{host} has an address that is not on the internet. An administrator may name"
            f" {netloc(host, port, scheme)} in MUSTER_DELIVERY_HOSTS."
        )
    return Destination(scheme, host, port, path, ips)


def origin(url: str) -> str:
    """The part of an address that may be shown: "https://example.com", with "/…" where more follows. Raises
    AddressRefused."""
    scheme, host, port, path = _parts(url)
    return f"{scheme}://{netloc(host, port, scheme)}{'' if path == '/' else '/…'}"


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet: not to this machine, a private network, or many machines."""
    ip: IPv4Address | IPv6Address = ip_address(address)
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        return False
    return not any(ip.version == network.version and ip in network for network in REFUSED_NETWORKS)


def _parts(url: str) -> tuple[str, str, int, str]:
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise AddressRefused("The address is too long, or it has characters that no address has.")
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port
    except ValueError as error:
        raise AddressRefused("The address cannot be read.") from error
    if scheme not in PORTS or not host:
        raise AddressRefused("The address must begin with https:// and a host.")
    if "@" in parts.netloc:
        raise AddressRefused("The address must not hold a user name or password.")
    if port == 0:
        raise AddressRefused("The address has a port that nobody listens on.")
    if scheme == "http" and not _is_named(scheme, host, port or PORTS[scheme]):
        raise AddressRefused(f"{host} is called over https, unless MUSTER_DELIVERY_HOSTS names it.")
    query = f"?{parts.query}" if parts.query else ""
    return scheme, host, port or PORTS[scheme], (parts.path or "/") + query


def _is_named(scheme: str, host: str, port: int) -> bool:
    return netloc(host, port, scheme) in settings.DELIVERY_HOSTS


def _addresses(host: str, port: int, resolve: Resolve) -> Sequence[str]:
    """Resolvers take as long as they like, so one is asked beside this thread, and not waited for longer."""
    answers: list[Sequence[str] | Exception] = []

    def ask() -> None:
        try:
            answers.append(resolve(host, port))
        except (OSError, UnicodeError) as error:
            answers.append(error)

    thread = Thread(target=ask, name=f"look up {host}", daemon=True)
    thread.start()
    thread.join(LOOK_UP_S)
    if not answers:
        raise NoAnswer(f"The address of {host} was not found within {LOOK_UP_S:.0f} seconds.")
    [answer] = answers
    if isinstance(answer, Exception) or not answer:
        raise NoAnswer(f"The name {host} has no address.")
    return answer
