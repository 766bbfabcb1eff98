"""Changes of the inventory that evidence stands on, as the change history tells them: what changed, and when.

The history knows what the inventory of now does not: a change that was undone before anybody looked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from readiness.evidence.ground import ACCELERATORS, NETWORK_ROLES
from readiness.framework.core.vocabulary import Change
from telemetry.binary import binary_cursor

__all__ = [
    "Change",
    "Made",
    "Place",
    "Step",
    "VersionStep",
    "steps_at",
    "version_steps",
]

_DONE = {"insert": "was entered", "update": "was changed", "delete": "was removed"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a change is looked for; `kind` is a kind of change, or ACCELERATORS of a run's basis."""

    site_id: int
    kind: str


@dataclass(frozen=True, slots=True)
class Made:
    """One change: what was done, and when. By whom is a name, which history tells to those who may see it."""

    what: str
    at: datetime

    def when(self) -> str:
        return f" ({self.at:%Y-%m-%d %H:%M} UTC)."

    def sentence(self) -> str:
        return f"{self.what[:1].upper()}{self.what[1:]}{self.when()}"


@dataclass(frozen=True, slots=True)
class Step:
    """A change at a site. `devices` are those that it touched, `net` how many objects more there were after it."""

    made: Made
    devices: frozenset[int]
    net: int


@dataclass(frozen=True, slots=True)
class _Kept:
    """How one kind of ground is read out of the history.

    `state` is what evidence sees of an object, null where that is nothing; a step is where it became another one.
    """

    events: str
    site: str
    state: str
    devices: str
    noun: str
    name: str = "event.name"
    joined: str = ""


_ROLES = ", ".join(f"'{role}'" for role in sorted(NETWORK_ROLES))
_OF_DEVICE = {
    "events": "inventory_deviceevent",
    "site": "event.site_id",
    "devices": "ARRAY[event.pgh_obj_id]",
}
_OF_ACCELERATOR = {
    "events": "inventory_acceleratorevent",
    "site": "device.site_id",
    "devices": "ARRAY[event.device_id]",
    "name": "device.name",
    "joined": "JOIN inventory_device AS device ON device.id = event.device_id",
}
_OF_SITE = {"site": "event.site_id", "devices": "'{}'::bigint[]"}
_KEPT: Mapping[str, _Kept] = {
    Change.TOPOLOGY.value: _Kept(
        events="inventory_linkevent",
        site="event.site_a_id",
        state="CASE WHEN event.kind <> 'wan' THEN ROW(event.port_a_id, event.port_b_id)::text END",
        devices="(SELECT array_agg(port.device_id) FROM inventory_port AS port"
        " WHERE port.id IN (event.port_a_id, event.port_b_id))",
        noun="link",
    ),
    Change.EXPANSION.value: _Kept(
        **_OF_ACCELERATOR, state="CASE WHEN event.status <> 'retired' THEN '' END", noun="accelerator of"
    ),
    ACCELERATORS: _Kept(**_OF_ACCELERATOR, state="NULLIF(event.firmware_version, '')", noun="firmware of"),
    Change.POWER_TOPOLOGY.value: _Kept(
        **_OF_SITE,
        events="inventory_powerfeedevent",
        state="ROW(event.rack_id, event.device_id, event.leg, event.rated_kw, event.breaker_rating_a,"
        " event.voltage_v, event.phases)::text",
        noun="power feed",
    ),
    Change.COOLING_TOPOLOGY.value: _Kept(
        **_OF_SITE,
        events="inventory_coolingunitevent",
        state="ROW(event.medium, event.capacity_kw)::text",
        noun="cooling unit",
    ),
    Change.FIRMWARE.value: _Kept(
        **_OF_DEVICE, state="NULLIF(event.firmware_version, '')", noun="firmware of"
    ),
    Change.DRIVER.value: _Kept(
        **_OF_DEVICE,
        state=f"CASE WHEN event.role NOT IN ({_ROLES}) THEN NULLIF(event.software_version, '') END",
        noun="driver of",
    ),
    Change.NOS.value: _Kept(
        **_OF_DEVICE,
        state=f"CASE WHEN event.role IN ({_ROLES}) THEN NULLIF(event.software_version, '') END",
        noun="NOS of",
    ),
    Change.PLACEMENT_POLICY.value: _Kept(
        **_OF_SITE,
        events="workloads_placementevent",
        state="ROW(event.workload_class_id, event.started_on, event.ended_on)::text",
        noun="placement of",
        name="workload_class.name",
        joined="LEFT JOIN workloads_workloadclass AS workload_class ON workload_class.id = event.workload_class_id",
    ),
}
_STEPS = """
SELECT '{kind}' AS kind, site_id, at, label, name, coalesce(devices || before_devices, '{{}}'),
    (state IS NOT NULL)::int - (before IS NOT NULL)::int
FROM (
    SELECT *, row_number() OVER (PARTITION BY site_id ORDER BY id DESC) AS newest
    FROM (
        SELECT *, lag(state) OVER of_object AS before, lag(devices) OVER of_object AS before_devices
        FROM (
            SELECT event.pgh_id AS id, event.pgh_obj_id AS object_id, {site} AS site_id, event.pgh_created_at AS at,
                event.pgh_label AS label, {name} AS name, {devices} AS devices,
                CASE WHEN event.pgh_label <> 'delete' THEN {state} END AS state
            FROM {events} AS event {joined}
            WHERE {site} = ANY(%(sites)s)
        ) AS event
        WINDOW of_object AS (PARTITION BY object_id ORDER BY id)
    ) AS event
    WHERE state IS DISTINCT FROM before
) AS step
WHERE newest = 1 OR at > %(since)s
"""


def steps_at(places: Collection[Place], *, since: datetime) -> dict[Place, list[Step]]:
    """The steps since then, oldest first. Each place also has its newest step, however old. One statement."""
    kinds = sorted({place.kind for place in places} & _KEPT.keys())
    if not kinds:
        return {}
    branches = [_STEPS.format(kind=kind, **_columns(_KEPT[kind])) for kind in kinds]
    asked = {"sites": sorted({place.site_id for place in places}), "since": since}
    steps: dict[Place, list[Step]] = defaultdict(list)
    with binary_cursor() as cursor:
        rows = cursor.execute(f"{' UNION ALL '.join(branches)} ORDER BY 3", asked).fetchall()
    for kind, site_id, at, label, name, devices, net in rows:
        what = f"{_KEPT[kind].noun} {name} {_DONE.get(label, 'was changed')}"
        steps[Place(site_id, kind)].append(Step(Made(what, at), frozenset(devices.tolist()), net))
    return dict(steps)


def _columns(kept: _Kept) -> dict[str, str]:
    return {name: getattr(kept, name) for name in ("events", "site", "state", "devices", "name", "joined")}


@dataclass(frozen=True, slots=True)
class VersionStep:
    """A device of a run was given another version than it had when the run was taken."""

    run_id: int
    device: str
    role: str
    column: str
    before: str
    after: str
    at: datetime


# A version that was never entered tells nothing. Where clocks differ, what a device has now counts in any case.
_VERSIONS = """
SELECT DISTINCT ON (run.id, device.id, version.name)
    run.id, device.name, device.role, version.name, version.before, version.after, event.at
FROM evidence_rundevice AS here
JOIN evidence_validationrun AS run ON run.id = here.run_id
JOIN inventory_device AS device ON device.id = here.device_id
JOIN (
    SELECT *, lag(ROW(firmware_version, software_version)::text) OVER of_device AS before,
        ROW(firmware_version, software_version)::text AS state
    FROM (
        SELECT pgh_id AS id, pgh_obj_id AS device_id, pgh_created_at AS at, firmware_version, software_version
        FROM inventory_deviceevent
        WHERE pgh_label IN ('insert', 'update')
            AND pgh_obj_id IN (SELECT device_id FROM evidence_rundevice WHERE run_id = ANY(%(runs)s))
    ) AS event
    WINDOW of_device AS (PARTITION BY device_id ORDER BY id)
) AS event ON event.device_id = device.id AND event.state IS DISTINCT FROM event.before
CROSS JOIN LATERAL (VALUES
    ('firmware_version', here.firmware_version, event.firmware_version, device.firmware_version),
    ('software_version', here.software_version, event.software_version, device.software_version)
) AS version (name, before, after, now)
WHERE run.id = ANY(%(runs)s) AND version.before <> '' AND version.after <> '' AND version.after <> version.before
    AND (event.at > run.taken_at OR version.after = version.now)
ORDER BY run.id, device.id, version.name, event.at > run.taken_at DESC, event.id
"""


def version_steps(run_ids: Collection[int]) -> list[VersionStep]:
    """The first other version of each device of these runs since they were taken, if it has had one; one statement."""
    if not run_ids:
        return []
    with binary_cursor() as cursor:
        return [VersionStep(*row) for row in cursor.execute(_VERSIONS, {"runs": sorted(run_ids)}).fetchall()]


@dataclass(frozen=True, slots=True)
class IdentityStep:
    """A place was given this accelerator: serial number and UUID. `before` is the one that was there, if any."""

    identity: tuple[str, str]
    before: tuple[str, str] | None
    at: datetime

    def made(self) -> Made:
        """The serial number is what is printed on it; boards without one have the UUID."""
        (was, now), *_ = [
            pair for pair in zip(self.before or ("", ""), self.identity, strict=True) if pair[0] != pair[1]
        ] or [("", "")]
        return Made(f"{was or 'unknown'} → {now or 'unknown'}", self.at)


_IDENTITIES = """
SELECT device_id, index, serial, uuid, before_serial, before_uuid, at FROM (
    SELECT pgh_id AS id, device_id, index, serial, uuid, pgh_created_at AS at,
        lag(serial) OVER of_place AS before_serial, lag(uuid) OVER of_place AS before_uuid
    FROM inventory_acceleratorevent
    WHERE device_id = ANY(%(devices)s) AND pgh_label IN ('insert', 'update')
    WINDOW of_place AS (PARTITION BY device_id, index ORDER BY pgh_id)
) AS event
WHERE (serial, uuid) IS DISTINCT FROM (before_serial, before_uuid) ORDER BY id
"""


def identity_steps(device_ids: Collection[int]) -> dict[tuple[int, int], list[IdentityStep]]:
    """The accelerators that each place (device and number) has held, oldest first; one statement."""
    steps: dict[tuple[int, int], list[IdentityStep]] = defaultdict(list)
    with binary_cursor() as cursor:
        rows = cursor.execute(_IDENTITIES, {"devices": sorted(device_ids)}).fetchall()
    for device, number, serial, uuid, before_serial, before_uuid, at in rows:
        before = None if before_serial is None else (before_serial, before_uuid)
        steps[device, number].append(IdentityStep((serial, uuid), before, at))
    return dict(steps)
