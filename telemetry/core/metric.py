"""The types of the registry's YAML: everything that Muster knows about one metric."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from telemetry.core.matching import MatchingRule


class MetricKind(StrEnum):
    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"
    STATE = "state"


def guess_kind(name: str) -> MetricKind:
    """Guess a metric's kind by the naming rules of Prometheus. `_bucket`, `_sum` and `_count` count as
    parts of a histogram or summary, which all count up. So do metrics below `counters` in OpenConfig's models, and
    driver statistics from ethtool."""
    if name.endswith("_bucket"):
        return MetricKind.HISTOGRAM
    if name.endswith(("_total", "_sum", "_count", "_octets", "_pkts")) or "_counters_" in name:
        return MetricKind.COUNTER
    if name.startswith("node_ethtool_") and not name.endswith("_info"):
        return MetricKind.COUNTER
    if name.endswith(("_state", "_status", "_state_id", "_info", "_up")) or name in ("up", "probe_success"):
        return MetricKind.STATE
    return MetricKind.GAUGE


def per_second(unit: str) -> tuple[float, str]:
    """The unit of a counter's rate, and the factor from growth per second to that unit. Energy over time is power: 1
    kWh/s is 3,600 kW."""
    return (3600.0, "kW") if unit == "kWh" else (1.0, f"{unit or '1'}/s")


type Judgement = Literal["ok", "warn", "critical"]


class MetricDomain(StrEnum):
    COMPUTE = "compute"
    NETWORK = "network"
    ENERGY = "energy"


class MetricObject(StrEnum):
    ACCELERATOR = "accelerator"
    NODE = "node"
    SWITCH = "switch"
    PORT = "port"
    FEED = "feed"
    PDU = "pdu"
    UPS = "ups"
    COOLING_UNIT = "cooling-unit"
    LINK = "link"
    SITE = "site"


# An instant, as seconds since 1970 in UTC; pages show it as a date.
UNIX_TIME = "s since 1970"
# Units of stored values. A share is always in %, electrical energy in kWh, a round trip in ms, a rate of a
# line in Gb/s.
UNITS = frozenset(
    {
        *("", "%", "°C", "W", "kWh", "V", "VA", "A", "Hz", "MHz", "rpm", "bytes", "Gb/s", "packets", "ms"),
        *("s", UNIX_TIME, "min", "tokens", "l/min", "kPa"),
    }
)


class LimitTest(StrEnum):
    """How a value is compared with a rule's limits: strictly above, strictly below, one of, or none of."""

    ABOVE = "above"
    BELOW = "below"
    ONE_OF = "one_of"
    OTHER_THAN = "other_than"


class ComparedValue(StrEnum):
    """The value that a rule compares: the latest value, the latest value if it changed within the window, or the
    counter's increase within it."""

    VALUE = "value"
    CHANGED = "changed"
    INCREASE = "increase"


class Precondition(StrEnum):
    """A rule judges an object only if this is true of it, by the inventory or other metrics.

    A port is in use: active and linked, or up within 7 days, and not switched off by an operator. A file system is
    writable now, or was within 7 days. A cooling unit cools a liquid loop, or air.
    """

    PORT_IN_USE = "port-in-use"
    WRITABLE = "writable"
    WAS_WRITABLE = "was-writable"
    LIQUID = "liquid"
    AIR = "air"


type Patterns = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class HealthRule:
    """Limits in the unit that is compared, and their source (`sources.yaml`; OD is an operator-set default: our own).

    `when` limits the rule to series whose labels match every pattern (`*`, in any case), and `unless` excludes those
    that match one. A state is entered beyond a limit and left when the value is back inside by `hysteresis`. A reason
    counts once its samples were beyond for `min_duration_s`. `title` says the problem in words, `action` what to do.

    The latest value may be compared in another form: as a share in % of the metric `share_of` with the same labels, as
    the `days_left` until the instant that it is, or as the one of `numbers` whose pattern fits the value of `label`
    first, 0 if none does.
    """

    direction: LimitTest
    warn: tuple[float, ...]
    critical: tuple[float, ...]
    source: str
    measure: ComparedValue = ComparedValue.VALUE
    window_s: int = 0
    when: Patterns = ()
    title: str = ""
    hysteresis: float = 0.0
    min_duration_s: int = 0
    action: str = ""
    unless: Patterns = ()
    only: Precondition | None = None
    share_of: str = ""
    days_left: bool = False
    label: str = ""
    numbers: tuple[tuple[str, float], ...] = ()

    @property
    def window(self) -> str:
        hours = self.window_s // 3600
        return f"{hours} h" if hours else f"{self.window_s // 60} min"

    def unit(self, unit: str) -> str:
        """The unit of the compared value: "packets in 24 h" for the increase of a metric in packets."""
        if self.measure is ComparedValue.INCREASE:
            return f"{unit} in {self.window}".lstrip()
        if self.share_of:
            return "%"
        if self.days_left:
            return "days"
        return "" if self.label else unit

    def applies_to(self, labels: Mapping[str, str]) -> bool:
        if not self.when and not self.unless:
            return True
        return all(_fits(labels, each) for each in self.when) and not any(
            _fits(labels, each) for each in self.unless
        )

    def number(self, labels: Mapping[str, str]) -> float:
        text = labels.get(self.label, "")
        return next((number for pattern, number in self.numbers if _matches(text, pattern)), 0.0)

    def word(self, number: float) -> str:
        """The word for a number of `numbers`: "drain" for the pattern `drain*`."""
        return next((pattern.strip("*") for pattern, each in self.numbers if each == number), "")

    def judge(self, value: float, standing: Judgement = "ok") -> Judgement | None:
        """Judge a value of an object that stands at `standing`; None if the value is not a number."""
        if math.isnan(value):
            return None
        if self.critical and self._beyond(value, self.critical, stays=standing == "critical"):
            return "critical"
        if self.warn and self._beyond(value, self.warn, stays=standing != "ok"):
            return "warn"
        return "ok"

    def _beyond(self, value: float, limits: tuple[float, ...], *, stays: bool) -> bool:
        slack = self.hysteresis if stays else 0.0
        match self.direction:
            case LimitTest.ABOVE:
                return value > limits[0] - slack
            case LimitTest.BELOW:
                return value < limits[0] + slack
            case LimitTest.ONE_OF:
                return value in limits
            case LimitTest.OTHER_THAN:
                return value not in limits


def _fits(labels: Mapping[str, str], pattern: tuple[str, str]) -> bool:
    name, text = pattern
    return _matches(labels.get(name, ""), text)


def _matches(text: str, pattern: str) -> bool:
    return fnmatchcase(text.lower(), pattern.lower())


_PART_CHARS, _TITLED_CHARS = 200, 60


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of one exporter.

    `unit` is the stored unit: the sent value times `scale`. `domain` is None if the object decides; `codes` is the
    table of its codes in telemetry.core.codes. The parts of a histogram are metrics of their own: in `_bucket` the
    values are counts, and `le` times `le_scale` is in `unit`; `family` is the histogram's name, else the metric's own.
    `parts` are labels that distinguish several parts of an object.
    """

    name: str
    title: str
    unit: str
    kind: MetricKind
    domain: MetricDomain | None
    object: MetricObject
    exporter: str
    source: str
    match: tuple[MatchingRule, ...]
    scale: float = 1.0
    le_scale: float = 1.0
    family: str = ""
    aliases: tuple[str, ...] = ()
    hw: str = ""
    missing_from: float = math.inf
    missing_below: float = -math.inf
    zero_is_missing: bool = False
    sketch: bool = False
    health: tuple[HealthRule, ...] = ()
    states: tuple[tuple[int, str], ...] = ()
    codes: str = ""
    note: str = ""
    parts: tuple[str, ...] = ()

    def part(self, labels: Mapping[str, str]) -> str:
        """The part of the object that a series describes; "" if the metric distinguishes none."""
        if not self.parts:
            return ""
        return " ".join(labels[name] for name in self.parts if labels.get(name))[:_PART_CHARS]

    def titled(self, title: str, labels: Mapping[str, str]) -> str:
        """The title with the part of the object: "Temperature (Inlet Temp)"."""
        part = self.part(labels)
        return f"{title} ({part[:_TITLED_CHARS]})" if part else title

    def rules_for(self, labels: Mapping[str, str]) -> tuple[HealthRule, ...]:
        return tuple(rule for rule in self.health if rule.applies_to(labels))

    @property
    def plain_rules(self) -> tuple[HealthRule, ...]:
        """The rules that compare the latest value of every series, as it is, with a limit above or below it."""
        return tuple(
            rule
            for rule in self.health
            if rule.measure is ComparedValue.VALUE
            and rule.direction in (LimitTest.ABOVE, LimitTest.BELOW)
            and not (rule.when or rule.share_of or rule.days_left or rule.numbers)
        )

    def state_name(self, value: float) -> str:
        return dict(self.states).get(int(value), "") if math.isfinite(value) and value == int(value) else ""
