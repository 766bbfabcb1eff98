"""A report of Slurm, its fields as its versions write them, and the samples that come of it."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from telemetry.core.columns import Rejections, SampleColumns, TakenTimes, assemble
from telemetry.core.labels import NAME, BadSeries, RefusalReason, canonical_key
from telemetry.formats.contract import BodyLimits, MalformedBody, WriteTooLarge

MOST_BYTES = 16 * 1024 * 1024
# An object takes some 300 bytes once read, an element of a list or an object some 40.
_MOST_OBJECTS, _MOST_ELEMENTS = 400_000, 2_000_000
_KINDS = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
_SHOWN = 60


class FieldError(ValueError):
    """A field that cannot be read; the text begins with its path."""


@dataclass(frozen=True, slots=True)
class SlurmReport:
    """`nodes` and `jobs` are None where the report has none."""

    cluster: str
    nodes: list[Any] | None
    jobs: list[Any] | None


def kind_of(value: Any) -> str:
    return _KINDS.get(type(value), "a number")


def read_report(plain: bytes) -> SlurmReport:
    """Raises MalformedBody and WriteTooLarge."""
    if len(plain) > MOST_BYTES:
        raise WriteTooLarge(f"more than {MOST_BYTES} bytes of JSON: send the nodes of one partition at once")
    objects = plain.count(b"{") + plain.count(b"[")
    if objects > _MOST_OBJECTS or plain.count(b",") > _MOST_ELEMENTS:
        raise WriteTooLarge(f"more than {_MOST_OBJECTS} objects and lists, or {_MOST_ELEMENTS} elements")
    if not plain.strip():
        raise MalformedBody("empty body")
    try:
        body = orjson.loads(plain)
    except orjson.JSONDecodeError as error:
        raise MalformedBody(f"not JSON: {error}"[:200]) from error
    if not isinstance(body, dict):
        raise MalformedBody(f"body is {kind_of(body)}, not an object")
    _refuse_errors(body.get("errors"))
    nodes, jobs = _list(body, "nodes"), _list(body, "jobs")
    if nodes is None and jobs is None:
        raise MalformedBody(
            "body has neither nodes nor jobs: send scontrol show nodes --json or squeue --json"
        )
    return SlurmReport(_cluster(body), nodes, jobs)


def _refuse_errors(errors: Any) -> None:
    """Slurm answers with a list of errors, and an empty list of nodes, where it could not ask its controller."""
    if errors is None or errors == []:
        return
    if not isinstance(errors, list):
        raise MalformedBody(f"errors is {kind_of(errors)}, not a list")
    first = errors[0]
    text = (first.get("error") or first.get("description")) if isinstance(first, dict) else first
    raise MalformedBody(f"errors[0]: Slurm could not answer: {str(text)[:_SHOWN]}")


def _list(body: Mapping[str, Any], name: str) -> list[Any] | None:
    if name not in body:
        return None
    value = body[name]
    if not isinstance(value, list):
        raise MalformedBody(f"{name} is {kind_of(value)}, not a list")
    return value


def _cluster(body: Mapping[str, Any]) -> str:
    """The name of the cluster, which versions since 23.11 state."""
    place: Any = body.get("meta")
    for name in (("slurm", "Slurm"), ("cluster",)):
        place = (
            next((place[each] for each in name if each in place), None) if isinstance(place, dict) else None
        )
    return place if isinstance(place, str) else ""


class Fields:
    """The fields of an object at a path. All methods raise FieldError."""

    def __init__(self, value: Any, path: str) -> None:
        self.path = path
        if not isinstance(value, dict):
            raise FieldError(f"{path} is {kind_of(value)}, not an object")
        self._value: Mapping[str, Any] = value

    def __contains__(self, name: str) -> bool:
        return self._value.get(name) is not None

    def error(self, name: str, says: str) -> FieldError:
        return FieldError(f"{self.path}.{name} {says}")

    def text(self, *names: str) -> str:
        """The first of these fields that is there; empty where none is."""
        for name in names:
            value = self._value.get(name)
            if value is None:
                continue
            if not isinstance(value, str):
                raise self.error(name, f"is {kind_of(value)}, not text")
            if value.strip():
                # A zero byte cannot be stored, and a line break is no part of a name or a reason.
                return " ".join(value.replace("\0", " ").split())
        return ""

    def words(self, name: str) -> list[str]:
        """A list of texts, or one text, as older versions write it."""
        value = self._value.get(name)
        if value is None:
            return []
        if isinstance(value, str):
            return [value]
        if not isinstance(value, list):
            raise self.error(name, f"is {kind_of(value)}, not text or a list of it")
        for place, each in enumerate(value):
            if not isinstance(each, str):
                raise self.error(f"{name}[{place}]", f"is {kind_of(each)}, not text")
        return value

    def number(self, name: str) -> int | None:
        """A whole number of 0 or more, plain or as `{set, infinite, number}`; None where it is not set."""
        value = self._value.get(name)
        if isinstance(value, dict):
            if value.get("set") is False or value.get("infinite") is True:
                return None
            if "number" not in value:
                raise self.error(name, "has no number")
            name, value = f"{name}.number", value["number"]
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(name, f"is {kind_of(value)}, not a number")
        if not 0 <= value < 2**53 or value != int(value):
            raise self.error(name, f"is {value}, not a whole number of 0 or more")
        return int(value)


class ReportSamples:
    """The samples of a report, all taken at its arrival, and what was refused of it."""

    def __init__(self, cluster: str, window: TakenTimes, limits: BodyLimits) -> None:
        self._cluster = {"cluster": cluster} if cluster else {}
        self._window = window
        self._limits = limits
        self._keys: list[bytes] = []
        self._values = array("d")
        self._refused: list[str] = []

    @property
    def now_s(self) -> int:
        return self._window.now_ms // 1000

    @property
    def is_whole(self) -> bool:
        return not self._refused

    def add(self, metric: str, value: float, **labels: str) -> None:
        """Raises FieldError where the labels cannot be stored."""
        pairs = {NAME: metric, **self._cluster, **labels}
        try:
            key = canonical_key(
                ((name.encode(), text.encode()) for name, text in pairs.items()), self._limits.labels
            )
        except BadSeries as error:
            raise FieldError(str(error)) from error
        self._keys.append(key)
        self._values.append(value)
        if len(self._keys) > self._limits.max_series:
            raise WriteTooLarge(f"more than {self._limits.max_series} series")

    def refuse(self, error: FieldError) -> None:
        self._refused.append(str(error))

    def columns(self) -> SampleColumns:
        rejected = Rejections()
        if self._refused:
            more = len(self._refused) - 1
            others = f"; and {more} more" if more else ""
            rejected.add(RefusalReason.BAD_POINT, len(self._refused), self._refused[0][:300] + others)
        ts_ms = np.full(len(self._keys), self._window.now_ms, np.int64)
        value = np.array(self._values, np.float64)
        return assemble(self._keys, ts_ms, value, window=self._window, rejected=rejected)
