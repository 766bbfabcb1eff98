"""Records of interoperability in a table: which tests two ends passed, and how a row names them.

A row's measure is `interop/link-fec`, `interop/incast`, `interop/failover` or `interop/telemetry`; its value is 1 for
passed and 0 for failed. Its subject names the two ends: `leaf-1 -- spine-1` by device names, or `Arista|7060X6|EOS
4.33.1F|2.1 -- NVIDIA|DGX H100||24.09` by vendor, model, software and firmware.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from readiness.assessment.evidence.core.parsed import Figure

CHECK = "p1-multivendor-interop"
PREFIX = "interop/"
ASPECTS = ("link-fec", "incast", "failover", "telemetry")
"""Link and FEC, PFC and ECN under incast, failover of a link, telemetry of both ends."""
BETWEEN = " -- "
FIELDS = 4


@dataclass(frozen=True, slots=True, order=True)
class End:
    """A product at its versions. For switches `software` is the operating system; for hosts it is empty, because the
    driver does not affect interoperability."""

    vendor: str
    model: str
    software: str = ""
    firmware: str = ""

    @property
    def is_known(self) -> bool:
        """Whether any version is known; an unknown version cannot match a tested one."""
        return bool(self.software or self.firmware)

    @property
    def product(self) -> tuple[str, str]:
        return self.vendor.lower(), self.model.lower()

    @property
    def key(self) -> tuple[str, ...]:
        """Ignores case, because vendors write their own versions in several ways."""
        return (*self.product, self.software.lower(), self.firmware.lower())

    @property
    def versions(self) -> str:
        versions = [self.software, f"firmware {self.firmware}" if self.firmware else ""]
        return ", ".join(each for each in versions if each) or "no version"

    def __str__(self) -> str:
        return f"{self.vendor} {self.model} ({self.versions})"


def is_record(name: str) -> bool:
    return name.startswith(PREFIX)


def ends_of(subject: str) -> tuple[str | End, str | End] | None:
    first, separator, second = subject.partition(BETWEEN)
    ends = [_end(each.strip()) for each in (first, second)]
    if not separator or BETWEEN in second or ends[0] is None or ends[1] is None:
        return None
    return ends[0], ends[1]


def _end(text: str) -> str | End | None:
    if "|" not in text:
        return text or None
    fields = [each.strip() for each in text.split("|")]
    if len(fields) > FIELDS or len(fields) < 3 or not fields[0] or not fields[1]:
        return None
    return End(*fields)


def trouble(name: str, value: float, subject: str) -> str:
    aspect = name.removeprefix(PREFIX)
    if aspect not in ASPECTS:
        record_names = ", ".join(PREFIX + each for each in ASPECTS)
        return f"{name!r} is not a record of interoperability; the records are {record_names}."
    if value not in (0.0, 1.0):
        return f"The value of {name} is 1 where it passed and 0 where it failed."
    ends = ends_of(subject)
    if ends is None:
        forms = f"`device{BETWEEN}device`, or `vendor|model|software|firmware` for either"
        return f"The subject {subject!r} does not name two ends: {forms}."
    unknown = [end for end in ends if isinstance(end, End) and not end.is_known]
    return (
        f"{unknown[0].vendor} {unknown[0].model} has neither software nor firmware version."
        if unknown
        else ""
    )


def devices_named(figures: Iterable[Figure]) -> tuple[str, ...]:
    ends = (end for each in figures if is_record(each.name) for end in ends_of(each.subject) or ())
    return tuple(dict.fromkeys(end for end in ends if isinstance(end, str)))
