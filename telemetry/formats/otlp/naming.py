"""Labels of series from the attributes of resource, scope and point.

Every attribute becomes a label, with underscores for its dots, so that none is lost and no two series become one. Of
a resource, `service.namespace` and `service.name` become `job`, `service.instance.id` becomes `instance`, as in
Prometheus (OpenTelemetry's specification, compatibility/prometheus_and_openmetrics.md), and `telemetry.…`, which
describes the sender's library, is left out. Labels of a scope begin with `otel_scope_`. Where a point and what is
around it use one name for different values, the point's label is `exported_…`, as Prometheus does with targets.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

import orjson

from telemetry.core.labels import encode_field

type PlainValue = str | bytes | bool | int | float | list[PlainValue] | dict[str, PlainValue] | None
type Attributes = Iterable[tuple[bytes, PlainValue]]
type Pairs = list[tuple[bytes, bytes]]

_NAMESPACE, _SERVICE, _INSTANCE = b"service.namespace", b"service.name", b"service.instance.id"
_OF_THE_LIBRARY = b"telemetry."


@dataclass(frozen=True, slots=True)
class Origin:
    """The labels that resource and scope give to all series of their metrics, and a digest of these."""

    labels: tuple[tuple[bytes, bytes], ...]
    digest: bytes


def origin(resource: Attributes, scope_name: bytes, scope_version: bytes, scope: Attributes) -> Origin:
    scope_labels = [(b"name", scope_name), (b"version", scope_version), *label_pairs(scope)]
    of_scope = [(b"otel_scope_" + name, value) for name, value in scope_labels if value]
    labels = join_labels(_resource_pairs(resource), of_scope)
    text = b"".join(encode_field(0x0A, name) + encode_field(0x12, value) for name, value in labels)
    return Origin(tuple(labels), blake2b(text, digest_size=16).digest())


def join_labels(around: Pairs, own: Pairs) -> Pairs:
    taken = dict(around)
    return around + [
        (b"exported_" + name if name in taken else name, value)
        for name, value in own
        if value and taken.get(name) != value
    ]


def label_pairs(attributes: Attributes) -> Pairs:
    return [(name.replace(b".", b"_"), value_text(value)) for name, value in attributes]


def _resource_pairs(attributes: Attributes) -> Pairs:
    values = [(name, value) for name, value in attributes if not name.startswith(_OF_THE_LIBRARY)]
    service = {name: value_text(value) for name, value in values if name in (_NAMESPACE, _SERVICE, _INSTANCE)}
    job = b"/".join(filter(None, (service.get(_NAMESPACE), service.get(_SERVICE))))
    target_labels = [(b"job", job), (b"instance", service.get(_INSTANCE, b""))]
    others = label_pairs((name, value) for name, value in values if name not in service)
    return join_labels([(name, value) for name, value in target_labels if value], others)


def value_text(value: PlainValue) -> bytes:
    """The text of an attribute: lists and maps as JSON."""
    match value:
        case None:
            return b""
        case str():
            return value.encode(errors="surrogatepass")
        case bytes():
            return value
        case bool():
            return b"true" if value else b"false"
        case int() | float():
            return repr(value).encode()
        case _:
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
