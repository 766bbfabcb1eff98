"""Rules for doubting what is sent (`telemetry/data/trust.yaml`), and how they judge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from statistics import median

from telemetry.core.reading import Field, read_yaml
from telemetry.core.registry import DATA, registry

DURATIONS = {"30s": 30, "60s": 60, "120s": 120, "300s": 300}


class SkewDirection(StrEnum):
    AGREES = "agrees"
    AHEAD = "ahead"
    BEHIND = "behind"


ENOUGH_SOURCES = 3


@dataclass(frozen=True, slots=True)
class ClockSkew:
    """`seconds` is the time of newest samples less that of their receipt: positive if they come from the future."""

    direction: SkewDirection
    seconds: float


@dataclass(frozen=True, slots=True)
class SharedSkew:
    """So many of the heard sources are ahead or behind by about `seconds`."""

    direction: SkewDirection
    seconds: float
    sources: int
    heard: int


@dataclass(frozen=True, slots=True)
class ClockRule:
    """Limits of a source's clock skew, s, judged over a number of periods of five minutes."""

    ahead_s: int
    behind_s: int
    periods: int
    source: str

    def limit_s(self, direction: SkewDirection, *, cadence_s: int) -> int:
        return self.ahead_s if direction is SkewDirection.AHEAD else max(self.behind_s, cadence_s)

    def judge(self, skews_s: Sequence[float], *, cadence_s: int) -> ClockSkew | None:
        """Judge the greatest skew of each of the last periods; None before there are enough.

        Bodies that wait for their turn, or are sent again after an outage, make a source look behind; a clock keeps its
        distance meanwhile, and such a queue does not. So a source is behind only if the distance stays the same, and
        agrees only by a period within the limits: a queue answers nothing.
        """
        last = skews_s[: self.periods]
        if len(last) < self.periods:
            return None
        if min(last) > self.ahead_s:
            return ClockSkew(SkewDirection.AHEAD, min(last))
        behind_s = self.limit_s(SkewDirection.BEHIND, cadence_s=cadence_s)
        if max(last) < -behind_s and max(last) - min(last) <= behind_s:
            return ClockSkew(SkewDirection.BEHIND, max(last))
        within = [skew_s for skew_s in last if -behind_s <= skew_s <= self.ahead_s]
        return ClockSkew(SkewDirection.AGREES, median(within)) if within else None

    def shared_skew(self, skews: Sequence[ClockSkew]) -> SharedSkew | None:
        """Return by how much most of three or more sources are ahead, or behind, if it is nearly the same.

        That many clocks hardly go wrong together; Muster's own does so alone.
        """
        if len(skews) < ENOUGH_SOURCES:
            return None
        for direction in (SkewDirection.AHEAD, SkewDirection.BEHIND):
            differing = [skew.seconds for skew in skews if skew.direction is direction]
            if 2 * len(differing) <= len(skews):
                continue
            middle_s = median(differing)
            alike = sum(abs(seconds - middle_s) <= self.ahead_s for seconds in differing)
            if 2 * alike > len(skews):
                return SharedSkew(direction, middle_s, alike, len(skews))
        return None


@dataclass(frozen=True, slots=True)
class SensorRule:
    """A sensor of these metrics that gave the same value in each of so many hours is stuck."""

    hours: int
    metrics: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class MeterDistance:
    """How far a meter is above the sum behind it (negative: below it), in percent of the sum; of the meter's own
    reading if the sum is not above 0. At the limit it neither contradicts nor agrees."""

    percent: float
    contradicts: bool
    agrees: bool


@dataclass(frozen=True, slots=True)
class MeterRule:
    """Two meters contradict each other from so many percent on, if the larger reading is not below `least_kw`. They
    agree below that by the hysteresis."""

    percent: int
    hysteresis: int
    least_kw: int
    source: str

    def judge(self, kw: float, behind_kw: float, *, is_whole: bool) -> MeterDistance | None:
        """Compare a meter with the sum behind it; None if so little power says nothing.

        No meter reads less than what is behind it. Only one of which all loads are metered (`is_whole`) reads no more.
        """
        if max(kw, behind_kw) < self.least_kw or (behind_kw <= 0 and not is_whole):
            return None
        percent = 100 * (kw - behind_kw) / (behind_kw if behind_kw > 0 else kw)
        excess = abs(percent) if is_whole else -percent
        return MeterDistance(percent, excess >= self.percent, excess < self.percent - self.hysteresis)


@dataclass(frozen=True, slots=True)
class TrustRules:
    clock: ClockRule
    sensors: tuple[SensorRule, ...]
    meters: MeterRule

    @property
    def rule_by_metric(self) -> Mapping[str, SensorRule]:
        """The rule of each name that a metric has."""
        return {
            name: rule
            for rule in self.sensors
            for metric in rule.metrics
            for name in registry().expand(metric)
        }


def load(path: Path = DATA / "trust.yaml") -> TrustRules:
    content = Field(path, "", read_yaml(path), frozenset({"clock", "sensors", "meters"}))
    meters = content.nested("meters", frozenset({"percent", "hysteresis", "least_kw", "source"}))
    clock = content.nested("clock", frozenset({"ahead", "behind", "periods", "source"}))
    sensors = (
        Field(path, f"sensors[{place}]", each, frozenset({"hours", "metrics", "source"}))
        for place, each in enumerate(content.items("sensors"))
    )
    return TrustRules(_clock(clock), tuple(map(_sensors, sensors)), _meters(meters))


def _clock(field: Field) -> ClockRule:
    return ClockRule(
        ahead_s=DURATIONS[field.one_of("ahead", DURATIONS)],
        behind_s=DURATIONS[field.one_of("behind", DURATIONS)],
        periods=_whole(field, "periods"),
        source=field.one_of("source", registry().sources),
    )


def _sensors(field: Field) -> SensorRule:
    metrics = field.texts("metrics")
    for metric in metrics:
        if metric not in registry().names:
            raise field.error("metrics", f"the registry has no metric {metric!r}")
    return SensorRule(_whole(field, "hours"), metrics, field.one_of("source", registry().sources))


def _meters(field: Field) -> MeterRule:
    percent, hysteresis = _whole(field, "percent"), _whole(field, "hysteresis")
    if hysteresis >= percent:
        raise field.error("hysteresis", f"{hysteresis} is not below {percent} percent")
    source = field.one_of("source", registry().sources)
    return MeterRule(percent, hysteresis, _whole(field, "least_kw"), source)


def _whole(field: Field, key: str) -> int:
    number = field.number(key, 0)
    if number < 1 or number != int(number):
        raise field.error(key, f"{number:g} is not a whole number from 1")
    return int(number)


@cache
def trust_rules() -> TrustRules:
    return load()
