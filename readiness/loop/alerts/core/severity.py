"""How severe an alert is: by what is wrong, and whether anything is at stake at its site."""

from dataclasses import dataclass

from readiness.loop.alerts.core.kinds import AlertSeverity


@dataclass(frozen=True, slots=True)
class Stake:
    """The load of a site: deployed capacity, and the number of workload classes placed there."""

    kw: float = 0.0
    workloads: int = 0

    def __bool__(self) -> bool:
        return self.kw > 0 or self.workloads > 0


def weighed(severity: AlertSeverity, stake: Stake) -> AlertSeverity:
    """One step less where nothing is at stake, so that a site without load wakes nobody."""
    if stake or severity is AlertSeverity.INFO:
        return severity
    return list(AlertSeverity)[severity.rank + 1]
