"""Which hardware the labels of series name, compared with what the inventory says of the same places. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from inventory.bus_ids import bus_id
from inventory.catalogue import contradicts, product_with_pci_id
from telemetry.core.matching import uuid_form
from telemetry.core.reading import read_yaml
from telemetry.core.registry import DATA

WHOLE = -1
"""The index of a device itself, beside those of its accelerators."""
BEHIND = timedelta(minutes=10)
"""How far behind roll-ups may be."""


class IdentityField(StrEnum):
    MODEL = "model"
    UUID = "uuid"
    SERIAL = "serial"
    BUS_ID = "bus-id"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class HardwarePlace:
    device_id: int
    index: int


@dataclass(frozen=True, slots=True, order=True)
class DriftKey:
    """One field at one place."""

    device_id: int
    index: int
    field: str


@dataclass(frozen=True, slots=True)
class IdentityReport:
    """One source's labels about one place; `heard_at` is the time of its newest sample."""

    place: HardwarePlace
    source_id: int
    values: Mapping[str, str]
    heard_at: datetime
    interval: timedelta


@dataclass(frozen=True, slots=True)
class IdentityComparison:
    """Both sides of one field. The inventory's is empty if it does not say."""

    entered: str
    reported: str
    source_id: int
    heard_at: datetime
    agrees: bool


@dataclass(frozen=True, slots=True)
class AcceleratorCount:
    """How many accelerators of a device must report, and how many may."""

    least: int
    most: int

    def __str__(self) -> str:
        return str(self.least) if self.least == self.most else f"{self.least} to {self.most}"


@cache
def identity() -> Mapping[str, Any]:
    return dict(read_yaml(DATA / "identity.yaml"))


def values_of(labels: Mapping[str, str], kind: str) -> dict[str, str]:
    """Return what labels say of an `accelerator` or a `device`, by field; nothing of a part of an accelerator."""
    plain: dict[str, str] = {}
    for name in sorted(labels, key=lambda name: not name.lower().startswith("exported_")):
        if labels[name].strip():
            plain.setdefault(name.lower().removeprefix("exported_"), labels[name].strip())
    rule = identity()["partitioned"]
    if plain.get(rule["label"], rule["whole"][0]).lower() not in rule["whole"]:
        return {}
    values = {}
    for field, names in identity()["labels"][kind].items():
        text = next((plain[name] for name in names if name in plain), "")
        if text and not (field == "serial" and text.lower() in identity()["no_serial"]):
            values[field.replace("_", "-")] = _product(text) if field == "model" else text
    return values


def _product(text: str) -> str:
    """AMD's exporter may name a card by its PCI device id."""
    product = product_with_pci_id(text) if text.lower().startswith("0x") else None
    return product.name if product else text


def agree(field: str, entered: str, reported: str) -> bool:
    compare = _AGREE.get(field)
    return compare(entered, reported) if compare else entered.strip().lower() == reported.strip().lower()


_AGREE: Mapping[str, Callable[[str, str], bool]] = {
    IdentityField.MODEL: lambda entered, reported: not contradicts(entered, reported),
    IdentityField.UUID: lambda entered, reported: uuid_form(entered) == uuid_form(reported),
    IdentityField.BUS_ID: lambda entered, reported: bus_id(entered) == bus_id(reported),
}


def comparisons(
    reports: Iterable[IdentityReport],
    entered: Mapping[HardwarePlace, Mapping[str, str]],
    counts: Mapping[int, AcceleratorCount],
    *,
    now: datetime,
) -> dict[DriftKey, IdentityComparison]:
    """Every field of every place that a live source describes.

    A source that says nothing now is left out: silence neither opens nor ends a contradiction. Of several sources that
    describe one place, one that contradicts the inventory counts.
    """
    live = _live(reports, now)
    compared: dict[DriftKey, IdentityComparison] = {}
    for report in live:
        for field, value in report.values.items():
            text = entered.get(report.place, {}).get(field, "")
            agrees = not text or agree(field, text, value)
            _keep(
                compared,
                report,
                field,
                IdentityComparison(text, value, report.source_id, report.heard_at, agrees),
            )
    for whole in _counted(live):
        count, number = counts.get(whole.place.device_id), int(whole.values[IdentityField.COUNT])
        agrees = count is None or count.least <= number <= count.most
        text = str(count) if count else ""
        comparison = IdentityComparison(text, str(number), whole.source_id, whole.heard_at, agrees)
        _keep(compared, whole, IdentityField.COUNT, comparison)
    return compared


def _keep(
    compared: dict[DriftKey, IdentityComparison],
    report: IdentityReport,
    field: str,
    comparison: IdentityComparison,
) -> None:
    key = DriftKey(report.place.device_id, report.place.index, field)
    other = compared.get(key)
    if other is None or (other.agrees, comparison.heard_at) > (comparison.agrees, other.heard_at):
        compared[key] = comparison


def _live(reports: Iterable[IdentityReport], now: datetime) -> list[IdentityReport]:
    """The newest report of each source on each place, if it is among the newest of the source on the device."""
    by_device: dict[tuple[int, int], list[IdentityReport]] = defaultdict(list)
    for report in reports:
        by_device[report.source_id, report.place.device_id].append(report)
    live: list[IdentityReport] = []
    for alike in by_device.values():
        newest_at = max(report.heard_at for report in alike)
        if now - newest_at > alike[0].interval + BEHIND:
            continue
        newest: dict[HardwarePlace, IdentityReport] = {}
        for report in sorted(alike, key=lambda report: report.heard_at):
            other = newest.get(report.place)
            values = dict(report.values)
            if other is not None and other.heard_at == report.heard_at:
                values = {**other.values, **values}
            newest[report.place] = IdentityReport(
                report.place, report.source_id, values, report.heard_at, report.interval
            )
        live += [report for report in newest.values() if newest_at - report.heard_at <= report.interval]
    return live


def _counted(live: Iterable[IdentityReport]) -> list[IdentityReport]:
    """The number of accelerators that each source sees in each device."""
    by_device: dict[tuple[int, int], list[IdentityReport]] = defaultdict(list)
    for report in live:
        if report.place.index != WHOLE:
            by_device[report.source_id, report.place.device_id].append(report)
    return [
        IdentityReport(
            HardwarePlace(device_id, WHOLE),
            source_id,
            {IdentityField.COUNT: str(len(alike))},
            max(each.heard_at for each in alike),
            alike[0].interval,
        )
        for (source_id, device_id), alike in by_device.items()
    ]
