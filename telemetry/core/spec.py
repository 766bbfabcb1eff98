"""The one structured query of telemetry.

It is compiled to SQL or PromQL elsewhere; here it is only checked. `aggregation` reduces the samples of each step
(start, start + step] of each series. With `group_by`, the lines of series that agree in those labels are then combined
into one (`combine`); without it each series is a line.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

# As many points per line as Prometheus allows.
MAX_POINTS = 11_000

# Allow all stored names: Prometheus 3 and OpenTelemetry use more than letters and digits.
_NAME = re.compile(r"[^\0{}\"]+")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"([0-9]{1,9})([smhdw])")
_RELATIVE = re.compile(r"now(?:([+-])([0-9]{1,9})([smhdw]))?")
_EPOCH = re.compile(r"-?[0-9]{1,15}")
# A plus in a query string arrives as a space.
_LOST_PLUS = re.compile(r"(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?) (\d\d:\d\d)")


class SpecError(ValueError):
    """An invalid query; `field` is the wrong parameter."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Aggregation(StrEnum):
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    SUM = "sum"
    COUNT = "count"
    LAST = "last"
    RATE = "rate"
    INCREASE = "increase"
    QUANTILE = "quantile"


_COMBINED_BY = {
    Aggregation.AVG: Aggregation.AVG,
    Aggregation.LAST: Aggregation.AVG,
    Aggregation.MIN: Aggregation.MIN,
    Aggregation.MAX: Aggregation.MAX,
    Aggregation.QUANTILE: Aggregation.QUANTILE,
}
# How lines may be combined otherwise: the mean of each feed's power, and the sum over feeds.
COMBINATIONS = (Aggregation.AVG, Aggregation.SUM, Aggregation.MIN, Aggregation.MAX)


class LabelOperator(StrEnum):
    IS = "="
    IS_NOT = "!="
    LIKE = "=~"
    NOT_LIKE = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on one label, by Prometheus' rules: an absent label is empty, an expression must match the whole
    value.

    Expressions are limited to what RE2, PostgreSQL and Python interpret alike and run quickly: no look-around, no
    back-reference, no repeated group.
    """

    label: str
    op: LabelOperator
    value: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.label):
            raise SpecError("matchers", f"{self.label!r} is not a label name")
        if self.op not in tuple(LabelOperator):
            raise SpecError("matchers", f"{self.op!r} is not one of {' '.join(LabelOperator)}")
        if "\0" in self.value:
            raise SpecError("matchers", "a value holds a zero byte")
        if self.op in (LabelOperator.LIKE, LabelOperator.NOT_LIKE):
            _check_expression(self.value)


def _check_expression(text: str) -> None:
    if len(text) > 256:
        raise SpecError("matchers", "an expression is longer than 256 characters")
    if re.search(r"\(\?|\\[1-9]|\\(?![dDsSwW])[a-zA-Z]|\)[*+?{]|[*+?}][*+?{]", text):
        raise SpecError("matchers", f"{text!r} uses more than a plain expression may")
    if len(re.findall(r"[*+{]", text)) > 4:
        raise SpecError("matchers", f"{text!r} repeats more than 4 times")
    try:
        re.compile(text)
    except (re.error, OverflowError) as error:
        raise SpecError("matchers", f"{text!r}: {error}") from error


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An inventory object: a kind of `matching.ObjectKind` and its id."""

    kind: str
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySpec:
    """Times in ms, start exclusive, end inclusive. `metric` may be an alias or an `hw.` name. `site_ids` None means
    every site, an empty tuple none. Raises SpecError."""

    metric: str
    start_ms: int
    end_ms: int
    step_s: int
    aggregation: Aggregation = Aggregation.AVG
    quantile: float | None = None
    matchers: tuple[Matcher, ...] = ()
    site_ids: tuple[int, ...] | None = None
    object: ObjectRef | None = None
    group_by: tuple[str, ...] | None = None
    combined_by: Aggregation | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.metric) or len(self.metric) > 200:
            raise SpecError("metric", f"{self.metric[:50]!r} is not a metric name")
        if self.end_ms <= self.start_ms:
            raise SpecError("end", "is not after start")
        if self.step_s < 1:
            raise SpecError("step", "is shorter than 1 s")
        if self.steps > MAX_POINTS:
            raise SpecError("step", f"makes {self.steps} points, more than {MAX_POINTS}: choose a longer one")
        if self.aggregation not in tuple(Aggregation):
            raise SpecError("aggregation", f"{self.aggregation!r} is not one of {', '.join(Aggregation)}")
        self._check_quantile()
        if bad := [label for label in self.group_by or () if not _NAME.fullmatch(label)]:
            raise SpecError("group_by", f"{bad[0]!r} is not a label name")
        if self.combined_by not in (None, *COMBINATIONS):
            raise SpecError("combine", f"{self.combined_by!r} is not one of {', '.join(COMBINATIONS)}")
        if self.combined_by is not None and self.aggregation == Aggregation.QUANTILE:
            raise SpecError("combine", "does not go with a quantile, which is one of all series of a line")

    def _check_quantile(self) -> None:
        needs_quantile = self.aggregation == Aggregation.QUANTILE
        if needs_quantile and (self.quantile is None or not 0 <= self.quantile <= 1):
            raise SpecError("quantile", "is not a number from 0 to 1")
        if not needs_quantile and self.quantile is not None:
            raise SpecError("quantile", f"does not go with aggregation {self.aggregation}")

    @property
    def steps(self) -> int:
        return -(-(self.end_ms - self.start_ms) // (self.step_s * 1000))

    @property
    def combine(self) -> Aggregation:
        """How lines of a group become one; by default a sum over time is also a sum over series."""
        return self.combined_by or _COMBINED_BY.get(self.aggregation, Aggregation.SUM)


def parse_time(text: str, now_ms: int, *, field: str = "start") -> int:
    """`now`, `now-7d`, ISO 8601 (UTC by default), or an epoch in ms (in s below 10^11). Raises SpecError."""
    text = text.strip()
    if relative := _RELATIVE.fullmatch(text):
        sign, count, unit = relative.groups()
        away = int(count) * _UNITS[unit] * 1000 if sign else 0
        return now_ms - away if sign == "-" else now_ms + away
    if _EPOCH.fullmatch(text):
        number = int(text)
        return number * 1000 if abs(number) < 10**11 else number
    try:
        instant = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", text))
        instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
        return round(instant.timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise SpecError(field, f"{text[:50]!r} is neither now-7d, ISO 8601 nor epoch ms") from error


def parse_step(text: str, *, field: str = "step") -> int:
    """Seconds of `30`, `30s`, `5m`, `1h`, `1d`, `1w`. Raises SpecError."""
    text = text.strip()
    duration = _DURATION.fullmatch(text + "s" if text.isdecimal() and text.isascii() else text)
    if not duration or int(duration[1]) == 0:
        raise SpecError(field, f"{text[:50]!r} is not a duration such as 30s, 5m or 1h")
    return int(duration[1]) * _UNITS[duration[2]]


def parse_matcher(text: str) -> Matcher:
    """`label=value`, `label!=value`, `label=~expression`, `label!~expression`. Raises SpecError."""
    parsed = re.fullmatch(r"([^=!~]+)(=~|!=|!~|=)(.*)", text.strip(), re.DOTALL)
    if not parsed:
        raise SpecError("matchers", f"{text[:50]!r} is not label, operator, value")
    return Matcher(parsed[1].strip(), LabelOperator(parsed[2]), parsed[3])
