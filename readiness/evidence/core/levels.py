"""Which meters add up to a site, and what they added up to.

The power of a site may be metered at several levels, one behind the other: at the supply, at the UPS, at
the PDUs, in the nodes. One level is added up, never two, or the same kilowatt would count twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from readiness.evidence.core.load import Windows, complete_sum


class MeteringLevel(StrEnum):
    """Levels from the supply inwards; the outermost that is complete is taken."""

    METER = "meter"
    UPS = "ups"
    ROOM_PDU = "room-pdu"
    RACK_PDU = "rack-pdu"
    NODE = "node"

    @property
    def sees_everything(self) -> bool:
        """Whether cooling and losses are in it: behind the meter nothing else is."""
        return self is MeteringLevel.METER


@dataclass(frozen=True, slots=True)
class MeteredLevel:
    """`expected` are the meters in service at this level, by any key, `windows` the kW of those that sent
    any."""

    level: MeteringLevel
    expected: frozenset[int]
    windows: Mapping[int, Windows]

    @property
    def missing(self) -> int:
        return len(self.expected - self.windows.keys())


@dataclass(frozen=True, slots=True)
class SiteLoad:
    """Windows of the whole site's kW at one level; `level` None with a reason where no level is complete."""

    level: MeteringLevel | None
    windows: Windows
    reason: str = ""


def site_load(levels: Sequence[MeteredLevel]) -> SiteLoad | None:
    """The outermost level whose every device sent power in some window; None if nothing sends any."""
    reason = ""
    for metered in sorted(levels, key=lambda each: list(MeteringLevel).index(each.level)):
        if not metered.windows:
            continue
        if metered.missing:
            reason = reason or _incomplete(metered)
            continue
        total = complete_sum(np.vstack(list(metered.windows.values())))
        if np.isfinite(total).any():
            return SiteLoad(metered.level, total)
        reason = reason or f"Never in one window did every {WORDS[metered.level]} send power."
    return SiteLoad(None, np.empty(0), reason=reason) if reason else None


def _incomplete(metered: MeteredLevel) -> str:
    return f"{metered.missing} of {len(metered.expected)} {WORDS[metered.level]}s sent no power."


WORDS = {
    MeteringLevel.METER: "site meter",
    MeteringLevel.UPS: "UPS",
    MeteringLevel.ROOM_PDU: "room PDU",
    MeteringLevel.RACK_PDU: "rack PDU",
    MeteringLevel.NODE: "node",
}
