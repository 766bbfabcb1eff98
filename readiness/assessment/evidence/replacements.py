"""Parts that were replaced since a run was taken: accelerators by their place in a device, devices by name.

A run stands on the parts that were there when it was taken. The history knows them even if the file came later; the
basis kept at entry covers changes that the history dates by another clock. A part entered after the run was not there.
If the site itself was entered after the run, history does not reach back: parts entered before the run was entered then
count as present, and any change since the run was taken still voids.

Another serial number, UUID or type means another part, and so does a deleted and re-entered row, unless a number shows
that it is the same. Filling in an unknown number is not a change.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from inventory.models import Accelerator
from readiness.assessment.evidence.changes import HELD_BY, DatedChange, Reach
from readiness.assessment.evidence.core.proving.values import ALWAYS_VOIDS, WHOLE_DEVICE
from readiness.assessment.evidence.models import ValidationRun
from readiness.assessment.framework.core.vocabulary import Change
from telemetry.binary import fetched

ACCELERATORS = "accelerators"
"""Key in a run's basis: the accelerators in its devices, by device and number."""
DEVICES = "devices"
"""Key in a run's basis: the types and serial numbers of its devices."""
PARTS = frozenset({ACCELERATORS, DEVICES})
type Place = tuple[int, int]
"""A device and the number of an accelerator in it; WHOLE_DEVICE for the device itself."""


@dataclass(frozen=True, slots=True)
class Part:
    """A row of the inventory with its device type and numbers: serial number, and UUID of an accelerator."""

    row: int
    model: int
    numbers: tuple[str, ...]

    def is_same(self, later: "Part") -> bool:
        number_pairs = [pair for pair in zip(self.numbers, later.numbers, strict=True) if all(pair)]
        alike = all(was.casefold() == number.casefold() for was, number in number_pairs)
        return alike and self.model == later.model and (self.row == later.row or bool(number_pairs))

    def fill_numbers(self, earlier: "Part") -> "Part":
        """The same part, with numbers that were known earlier filled in."""
        number_pairs = zip(self.numbers, earlier.numbers, strict=True)
        return replace(self, numbers=tuple(number or was for number, was in number_pairs))


@dataclass(frozen=True, slots=True)
class PartStep:
    """From `at` on another part was in the place of `before`; None if nobody had entered an earlier one."""

    part: Part
    before: Part | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Replacement:
    run: ValidationRun
    change: Change
    place: Place
    at: datetime
    reason: str


_ENTRIES = f"""
SELECT entry.id, 'accelerator', object_id, entry.at, entry.after IS NULL OR part.status = 'retired',
    part.device_id, part.index, part.device_type_id, part.serial, part.uuid
FROM audit_entry AS entry CROSS JOIN LATERAL jsonb_to_record(coalesce(entry.after, entry.before))
    AS part (device_id bigint, index int, device_type_id bigint, serial text, uuid text, status text)
WHERE entry.lasts AND entry."table" = 'inventory_accelerator' AND {HELD_BY} = ANY(%(sites)s)
    AND part.device_id = ANY(%(devices)s)
    AND (entry.after IS NULL OR ROW(entry.before ->> 'device_id', entry.before ->> 'index',
            entry.before ->> 'device_type_id', entry.before ->> 'serial', entry.before ->> 'uuid',
            entry.before ->> 'status' = 'retired')
        IS DISTINCT FROM ROW(part.device_id::text, part.index::text, part.device_type_id::text, part.serial, part.uuid,
            part.status = 'retired'))
UNION ALL
SELECT entry.id, 'device', object_id, entry.at, entry.after IS NULL, part.site_id, NULL, part.device_type_id,
    part.serial, part.name
FROM audit_entry AS entry CROSS JOIN LATERAL jsonb_to_record(coalesce(entry.after, entry.before))
    AS part (site_id bigint, name text, device_type_id bigint, serial text)
WHERE entry.lasts AND entry."table" = 'inventory_device' AND {HELD_BY} = ANY(%(sites)s)
    AND (entry.after IS NULL OR ROW(entry.before ->> 'site_id', entry.before ->> 'name',
            entry.before ->> 'device_type_id', entry.before ->> 'serial')
        IS DISTINCT FROM ROW(part.site_id::text, part.name, part.device_type_id::text, part.serial))
UNION ALL
SELECT entry.id, 'site', object_id, entry.at, false, NULL, NULL, NULL, NULL, NULL FROM audit_entry AS entry
WHERE entry.lasts AND entry."table" = 'inventory_site' AND object_id = ANY(%(sites)s) AND action = 'created'
ORDER BY 1
"""


class PartHistory:
    """The parts in these devices and the devices at these sites, in the order of entry.

    `there` are the present ones; `began` is when each site was entered, before which there is no history.
    """

    def __init__(self, site_ids: Collection[int], device_ids: Collection[int]) -> None:
        self.steps: dict[Place, list[PartStep]] = defaultdict(list)
        self.there: dict[Place, Part] = {}
        self.names: dict[int, str] = {}
        self.began: dict[int, datetime] = {}
        self._last: dict[object, Part] = {}
        self._places: dict[int, Place] = {}
        parameters = {"sites": sorted(site_ids), "devices": sorted(device_ids)}
        for _, kind, row, at, is_gone, holder, number, model, serial, name in fetched(_ENTRIES, parameters):
            if kind == "site":
                self.began[row] = at
            elif kind == "device":
                self.names[row] = name
                self._enter(
                    (row, WHOLE_DEVICE), Part(row, model, (serial,)), (holder, name.lower()), at, is_gone
                )
            else:
                self.there.pop(self._places.get(row, (0, 0)), None)
                self._places[row] = (holder, number)
                self._enter((holder, number), Part(row, model, (serial, name)), None, at, is_gone)

    def _enter(self, place: Place, part: Part, name: object, at: datetime, is_gone: bool) -> None:
        """`name` identifies a device; another device may have had it before."""
        if is_gone:
            self.there.pop(place, None)
            return
        before = self._last.get(place, self._last.get(name))
        if before is not None and before.is_same(part):
            part = part.fill_numbers(before)
        else:
            self.steps[place].append(PartStep(part, before, at))
        self.there[place] = self._last[place] = part
        if name is not None:
            self._last[name] = part


def accelerators_of(device_ids: Collection[int]) -> dict[str, dict[str, list[Any]]]:
    """Return row, type, serial number and UUID of the accelerators in these devices, by device and number."""
    by_device: dict[str, dict[str, list[Any]]] = {str(device): {} for device in sorted(device_ids)}
    working = Accelerator.objects.exclude(status=Accelerator.Status.RETIRED).filter(
        device_id__in=sorted(device_ids)
    )
    for device, number, serial, uuid, model, row in working.order_by("device_id", "index").values_list(
        "device_id", "index", "serial", "uuid", "device_type_id", "id"
    ):
        by_device[str(device)][str(number)] = [row, model, serial, uuid]
    return by_device


def devices_kept(runs: Iterable[ValidationRun]) -> set[int]:
    return {device for run in runs for device in _kept(run).devices}


def replacements(
    runs: Iterable[ValidationRun], history: PartHistory, reaches: Mapping[int, Reach], *, now: datetime
) -> list[Replacement]:
    """Each part of these runs that has been replaced since, even if only for a time; `reaches` by run."""
    places: dict[int, set[Place]] = defaultdict(set)
    for place in history.steps:
        places[place[0]].add(place)
    findings = []
    for run in runs:
        basis = _kept(run)
        minded = {place for device in basis.devices for place in places[device] if basis.mind(place)}
        for place in sorted(minded - _voided(run)):
            steps, part_now = history.steps[place], history.there.get(place)
            step = _first_other(steps, basis.by_place.get(place), part_now, reaches[run.pk], now)
            if step is not None:
                name = history.names.get(place[0], "a node")
                findings.append(_replacement(run, place, step, name, is_last=step is steps[-1]))
    return findings


def _first_other(
    steps: Sequence[PartStep], part_then: Part | None, part_now: Part | None, reach: Reach, now: datetime
) -> PartStep | None:
    """The first other part in a place since the run was taken, even if it was put back; None if there was none.

    A removed part needs no proof. If a clock is ahead, the basis kept at entry shows a change before the run was
    entered.
    """
    for step in steps:
        if step.before is None:
            if part_now is not None and step.at > reach.entered:
                return step
        elif step.at > reach.changed:
            return step
    if part_now is None or (part_then is not None and part_then.is_same(part_now)):
        return None
    return steps[-1] if steps[-1].part.row == part_now.row else PartStep(part_now, part_then, now)


@dataclass(frozen=True, slots=True)
class _KeptParts:
    """`holders` are the devices whose accelerators a run keeps, and the devices that it keeps themselves."""

    by_place: Mapping[Place, Part]
    holders: Mapping[bool, frozenset[int]]

    @property
    def devices(self) -> frozenset[int]:
        return self.holders[False] | self.holders[True]

    def mind(self, place: Place) -> bool:
        device, number = place
        return device in self.holders[number == WHOLE_DEVICE]


def _kept(run: ValidationRun) -> _KeptParts:
    accelerators, devices = run.basis.get(ACCELERATORS, {}), run.basis.get(DEVICES, {})
    by_place = {
        (int(device), int(number)): Part(row, model, tuple(numbers))
        for device, of_device in accelerators.items()
        for number, (row, model, *numbers) in of_device.items()
    }
    by_place |= {
        (int(row), WHOLE_DEVICE): Part(int(row), model, (serial,)) for row, (model, serial) in devices.items()
    }
    holders = {False: frozenset(map(int, accelerators)), True: frozenset(map(int, devices))}
    return _KeptParts(by_place, holders)


def _voided(run: ValidationRun) -> set[Place]:
    places = [place for kind in ALWAYS_VOIDS for place in run.voids.get(kind.value, {}).get("places", {})]
    parted = [place.partition(":") for place in places]
    return {(int(device), int(number)) for device, _, number in parted}


def _replacement(
    run: ValidationRun, place: Place, step: PartStep, device: str, *, is_last: bool
) -> Replacement:
    is_device = place[1] == WHOLE_DEVICE
    what = "device" if is_device else "accelerator"
    name = device if is_device else f"{device} GPU {place[1]}"
    change = DatedChange(_numbers(step), step.at)
    if step.before is None:
        text = f"{name} was entered after the run was taken{change.when()}"
    else:
        became = f"is another {what}" if is_last else f"was another {what} for a time"
        text = f"{name} {became}: {change.what}{change.when()}"
    return Replacement(run, Change.DEVICE if is_device else Change.ACCELERATOR, place, step.at, text)


def _numbers(step: PartStep) -> str:
    """The serial number is the printed one; boards without one have the UUID."""
    before = step.before.numbers if step.before else ("",) * len(step.part.numbers)
    pairs = [pair for pair in zip(before, step.part.numbers, strict=True) if pair[0] != pair[1]]
    if step.before and step.before.model != step.part.model:
        return "of another type"
    if not pairs:
        return "it was removed and entered again"
    was, number = pairs[0]
    return f"{was or 'unknown'} → {number or 'unknown'}"
