"""Unit rules of a source: in which unit it sends a metric, and what becomes of a value that it sends."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from telemetry.core.conversions import Conversion, NoConversion, conversion
from telemetry.core.metric import Metric

STAR = "*"


@dataclass(frozen=True, slots=True)
class SentUnit:
    """Metrics whose names fit `pattern` are sent in `unit`. Without a unit, a sent value times `factor` plus `offset`
    is the value that Muster expects of the metric's exporter."""

    pattern: str
    unit: str = ""
    factor: float = 1.0
    offset: float = 0.0

    @property
    def precedence(self) -> tuple[bool, int, str]:
        """A rule for one name counts before patterns, and a longer pattern before a shorter one."""
        return (STAR not in self.pattern, len(self.pattern), self.pattern)

    def applies_to(self, name: str) -> bool:
        return name == self.pattern or (STAR in self.pattern and fnmatchcase(name, self.pattern))

    def conversion(self, metric: Metric | None) -> Conversion:
        """Convert a sent value to the stored unit. Raises NoConversion."""
        scale = metric.scale if metric else 1.0
        if not self.unit:
            return Conversion(self.factor * scale, self.offset * scale)
        if metric is None:
            raise NoConversion(f"Muster knows no unit of {self.pattern}, so it cannot convert {self.unit}")
        return conversion(self.unit, metric.unit)


@dataclass(frozen=True, slots=True)
class SourceUnits:
    """The unit rules of one source."""

    rules: tuple[SentUnit, ...] = ()

    def rule_for(self, name: str) -> SentUnit | None:
        fitting = (rule for rule in self.rules if rule.applies_to(name))
        return max(fitting, key=lambda rule: rule.precedence, default=None)

    def conversion(self, name: str, metric: Metric | None) -> Conversion:
        """Convert values that are sent by this name to the stored unit. A pattern says nothing of a metric that is
        stored in a unit of another kind: such values are read as usual."""
        usual = Conversion(metric.scale if metric else 1.0)
        rule = self.rule_for(name)
        if rule is None:
            return usual
        try:
            return rule.conversion(metric)
        except NoConversion:
            return usual
