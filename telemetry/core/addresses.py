"""Hosts and ports as people write them."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

DEFAULT_PORTS = {"http": 80, "https": 443}
_ADDRESS = re.compile(r"(?:\[(?P<ipv6>[^\]]*)\]|(?P<host>[^:\[\]]*))(?::(?P<port>[0-9]{1,5}))?")
_HOST = re.compile(r"(?!.{254})[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")
_LAST_IS_NUMBER = re.compile(r"(?:.*\.)?[0-9]+\.?")


def read_address(address: str, *, default_port: int) -> tuple[str, int]:
    """Read host and port of `host`, `host:port` or `[IPv6]:port`. Raises ValueError."""
    match = _ADDRESS.fullmatch(address)
    port = int(match["port"] or default_port) if match else 0
    if match is None or not 0 < port < 65536 or not (match["ipv6"] or _is_host(match["host"] or "")):
        raise ValueError(f"{address[:80]!r} is no host:port")
    if match["ipv6"]:
        return str(IPv6Address(match["ipv6"])), port
    return match["host"], port


def _is_host(host: str) -> bool:
    """Whether it is a name or an IPv4 address: a name does not end in a number (RFC 1123, 2.1)."""
    if _LAST_IS_NUMBER.fullmatch(host):
        try:
            IPv4Address(host)
        except AddressValueError:
            return False
        return True
    return _HOST.fullmatch(host) is not None
