"""Which inventory object a series describes.

The rules are data (`matching.yaml`); looking objects up happens elsewhere. A rule names the kind of object and its
identifying labels; the first candidate that exists is the object. Rules go from exact to vague: a GPU by its UUID, then
by host and index, then only the host.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address
from itertools import product
from typing import NamedTuple


class ObjectKind(StrEnum):
    """Kinds of objects that can be looked up. Nodes, switches, PDUs and UPSs are devices."""

    ACCELERATOR = "accelerator"
    DEVICE = "device"
    PORT = "port"
    FEED = "feed"
    COOLING_UNIT = "cooling-unit"
    LINK = "link"
    SITE = "site"


OBJECT_COLUMNS: Mapping[str, str] = {
    ObjectKind.DEVICE: "device_id",
    ObjectKind.ACCELERATOR: "accelerator_id",
    ObjectKind.PORT: "port_id",
    ObjectKind.FEED: "power_feed_id",
    ObjectKind.LINK: "link_id",
    ObjectKind.COOLING_UNIT: "cooling_unit_id",
}
"""The columns of a series that name an object within a site, by the object's kind."""


class By(StrEnum):
    """The parts of a candidate's key, in order."""

    UUID = "uuid"
    SERIAL = "serial"
    HOST = "host"
    HOST_INDEX = "host_index"
    HOST_PORT = "host_port"
    NAME = "name"
    SLUG = "slug"


class Form(StrEnum):
    TEXT = "text"
    UUID = "uuid"
    HOST = "host"
    JOINED = "joined"


@dataclass(frozen=True, slots=True)
class KeyPart:
    """One part of a key: `labels` are alternatives, best first; for JOINED all are needed, joined by a slash."""

    form: Form
    labels: tuple[str, ...]

    def values(self, values_by_name: Mapping[str, Sequence[str]]) -> list[str]:
        present = [values_by_name[name] for name in self.labels if name in values_by_name]
        match self.form:
            case Form.TEXT:
                return [value.lower() for values in present for value in values]
            case Form.UUID:
                return [uuid_form(value) for values in present for value in values]
            case Form.HOST:
                return [form for values in present for value in values for form in host_forms(value)]
            case Form.JOINED:
                is_whole = len(present) == len(self.labels)
                return ["/".join(values[0] for values in present).lower()] if is_whole else []


@dataclass(frozen=True, slots=True)
class MatchingRule:
    kind: ObjectKind
    by: By
    parts: tuple[KeyPart, ...]


class MatchCandidate(NamedTuple):
    kind: ObjectKind
    by: By
    key: tuple[str, ...]


def candidates(labels: Mapping[str, str], rules: Sequence[MatchingRule]) -> list[MatchCandidate]:
    values_by_name = _values_by_name(labels)
    in_order = (
        MatchCandidate(rule.kind, rule.by, key)
        for rule in rules
        for key in product(*(part.values(values_by_name) for part in rule.parts))
    )
    return list(dict.fromkeys(in_order))


def _values_by_name(labels: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
    """Values by name in lower case. If the target has a label of the same name, Prometheus renames the exporter's to
    `exported_…`, which then takes precedence."""
    values_by_name: dict[str, list[str]] = {}
    for name, value in labels.items():
        own = name.lower()
        plain = own.removeprefix("exported_")
        if value:
            values = values_by_name.setdefault(plain, [])
            values.insert(0 if plain != own else len(values), value)
    return values_by_name


@lru_cache(10_000)
def host_forms(value: str) -> tuple[str, ...]:
    """Possible inventory names of a host, from an `instance`, an address or a URL: in full, then without its domain."""
    host = value.strip().lower()
    host = host.partition("://")[2] or host
    host = host.partition("/")[0]
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    host = host.rstrip(".")
    try:
        return (str(ip_address(host)),)
    except ValueError:
        return tuple(dict.fromkeys(name for name in (host, host.partition(".")[0]) if name))


def uuid_form(value: str) -> str:
    """A GPU's UUID without additions of some tools: `GPU-`, `MIG-GPU-` and the numbers of an instance (drivers before
    R470), `::` and the number of a replica (time-slicing)."""
    return re.sub(r"^(?:mig-)?gpu-|(?:/|::).*", "", value.strip().lower())
