"""PCI bus ids in one form. Pure."""

import re

_BUS_ID = re.compile(r"(?:([0-9a-f]{1,8}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})(?:\.([0-7]))?")


def bus_id(text: str) -> str:
    """`00000000:1B:00.0`, `0000:1b:00.0` and `1b:00.0` are one place: 1b:00.0. Another text stays, in lower case."""
    lowered = text.strip().lower()
    parts = _BUS_ID.fullmatch(lowered)
    if parts is None:
        return lowered
    domain, bus, slot, function = parts.groups()
    place = f"{bus.zfill(2)}:{slot.zfill(2)}.{function or 0}"
    domain = (domain or "").lstrip("0")
    return f"{domain}:{place}" if domain else place
