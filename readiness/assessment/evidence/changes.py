"""Changes of the inventory that affect evidence, read from the change history: what changed, and when.

The history also has changes that were undone before anybody looked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from readiness.assessment.evidence.ground import ACCELERATORS, NETWORK_ROLES
from readiness.assessment.evidence.models import ValidationRun
from readiness.assessment.evidence.models.records import Record
from readiness.assessment.framework.core.vocabulary import Change
from telemetry.binary import fetched
from web.audit import AuditEntry
from web.units import instant

_DONE = {
    AuditEntry.Action.CREATED.value: "was entered",
    AuditEntry.Action.CHANGED.value: "was changed",
    AuditEntry.Action.DELETED.value: "was removed",
}
# The site of an object; an index uses this expression.
_ROW = "coalesce(entry.after, entry.before)"
HELD_BY = f"coalesce({_ROW} ->> 'site_id', {_ROW} ->> 'site_a_id')::bigint"


@dataclass(frozen=True, slots=True)
class ChangeScope:
    site_id: int
    kind: str


@dataclass(frozen=True, slots=True)
class DatedChange:
    """One change and its time. The actor is a name, which the history shows only to those who may see names."""

    what: str
    at: datetime

    def when(self) -> str:
        return f" ({instant(self.at)})."

    def sentence(self) -> str:
        return f"{self.what[:1].upper()}{self.what[1:]}{self.when()}"


@dataclass(frozen=True, slots=True)
class GroundStep:
    change: DatedChange
    devices: frozenset[int]
    net: int


@dataclass(frozen=True, slots=True)
class _GroundHistory:
    """How to read the history of one kind of ground. `columns` are the columns to read. `state` is the part that
    evidence depends on, null if there is none; a step is a change of that state."""

    table: str
    columns: str
    state: str
    devices: str
    noun: str
    site: str = HELD_BY
    name: str = "event.name"
    joined: str = ""


_ROLES = ", ".join(f"'{role}'" for role in sorted(NETWORK_ROLES))
_OF_DEVICE = {
    "table": "inventory_device",
    "columns": "name text, role text, firmware_version text, software_version text",
    "devices": "ARRAY[entry.object_id]",
}
_OF_ACCELERATOR = {
    "table": "inventory_accelerator",
    "columns": "device_id bigint, status text, firmware_version text",
    "devices": "ARRAY[event.device_id]",
    "name": "device.name",
    "joined": "JOIN inventory_device AS device ON device.id = event.device_id",
}
_NO_DEVICES = "'{}'::bigint[]"
_KEPT: Mapping[str, _GroundHistory] = {
    Change.TOPOLOGY.value: _GroundHistory(
        table="inventory_link",
        columns="name text, kind text, port_a_id bigint, port_b_id bigint",
        state="CASE WHEN event.kind <> 'wan' THEN ROW(event.port_a_id, event.port_b_id)::text END",
        devices="(SELECT array_agg(port.device_id) FROM inventory_port AS port"
        " WHERE port.id IN (event.port_a_id, event.port_b_id))",
        noun="link",
    ),
    Change.EXPANSION.value: _GroundHistory(
        **_OF_ACCELERATOR, state="CASE WHEN event.status <> 'retired' THEN '' END", noun="accelerator of"
    ),
    ACCELERATORS: _GroundHistory(
        **_OF_ACCELERATOR, state="NULLIF(event.firmware_version, '')", noun="firmware of"
    ),
    Change.POWER_TOPOLOGY.value: _GroundHistory(
        table="inventory_powerfeed",
        columns="name text, rack_id bigint, device_id bigint, leg text, rated_kw text, breaker_rating_a text,"
        " voltage_v text, phases text",
        state="ROW(event.rack_id, event.device_id, event.leg, event.rated_kw, event.breaker_rating_a,"
        " event.voltage_v, event.phases)::text",
        devices=_NO_DEVICES,
        noun="power feed",
    ),
    Change.COOLING_TOPOLOGY.value: _GroundHistory(
        table="inventory_coolingunit",
        columns="name text, medium text, capacity_kw text",
        state="ROW(event.medium, event.capacity_kw)::text",
        devices=_NO_DEVICES,
        noun="cooling unit",
    ),
    Change.FIRMWARE.value: _GroundHistory(
        **_OF_DEVICE, state="NULLIF(event.firmware_version, '')", noun="firmware of"
    ),
    Change.DRIVER.value: _GroundHistory(
        **_OF_DEVICE,
        state=f"CASE WHEN event.role NOT IN ({_ROLES}) THEN NULLIF(event.software_version, '') END",
        noun="driver of",
    ),
    Change.NOS.value: _GroundHistory(
        **_OF_DEVICE,
        state=f"CASE WHEN event.role IN ({_ROLES}) THEN NULLIF(event.software_version, '') END",
        noun="NOS of",
    ),
    Change.PLACEMENT_POLICY.value: _GroundHistory(
        table="workloads_placement",
        columns="workload_class_id bigint, started_on text, ended_on text",
        state="ROW(event.workload_class_id, event.started_on, event.ended_on)::text",
        devices=_NO_DEVICES,
        noun="placement of",
        name="workload_class.name",
        joined="LEFT JOIN workloads_workloadclass AS workload_class ON workload_class.id = event.workload_class_id",
    ),
}
_STEPS = f"""
SELECT '{{kind}}' AS kind, site_id, at, action, name, coalesce(devices || before_devices, '{{{{}}}}'),
    (state IS NOT NULL)::int - (before IS NOT NULL)::int
FROM (
    SELECT *, row_number() OVER (PARTITION BY site_id ORDER BY id DESC) AS newest
    FROM (
        SELECT *, lag(state) OVER of_object AS before, lag(devices) OVER of_object AS before_devices
        FROM (
            SELECT entry.id, entry.object_id, {{site}} AS site_id, entry.at, entry.action, {{name}} AS name,
                {{devices}} AS devices, CASE WHEN entry.after IS NOT NULL THEN {{state}} END AS state
            FROM audit_entry AS entry CROSS JOIN LATERAL jsonb_to_record({_ROW}) AS event ({{columns}}) {{joined}}
            WHERE entry.lasts AND entry."table" = '{{table}}' AND {{site}} = ANY(%(sites)s)
        ) AS entry
        WINDOW of_object AS (PARTITION BY object_id ORDER BY id)
    ) AS entry
    WHERE state IS DISTINCT FROM before
) AS step
WHERE newest = 1 OR at > %(entered)s OR (at > %(changed)s AND before IS NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class Reach:
    """Since when changes void evidence: changes of existing objects count from `changed` on, new objects from `entered`
    on."""

    changed: datetime
    entered: datetime

    @classmethod
    def measure(cls, evidence: ValidationRun | Record, began: Mapping[int, datetime]) -> Reach:
        """Changes count from the time the evidence was taken. If its site was entered later, objects entered before the
        evidence was entered count as having been there: entering an inventory changes nothing at the site."""
        changed = min(evidence.taken_at, evidence.recorded_at)
        begun_at = began.get(evidence.site_id)
        return cls(changed, changed if begun_at is not None and begun_at <= changed else evidence.recorded_at)


def steps_at(places: Collection[ChangeScope], *, since: Reach) -> dict[ChangeScope, list[GroundStep]]:
    """The steps since then, oldest first, and the newest step of each place, however old. One statement."""
    kinds = sorted({place.kind for place in places} & _KEPT.keys())
    if not kinds:
        return {}
    branches = [_STEPS.format(kind=kind, **asdict(_KEPT[kind])) for kind in kinds]
    parameters = {
        "sites": sorted({place.site_id for place in places}),
        "changed": since.changed,
        "entered": since.entered,
    }
    steps: dict[ChangeScope, list[GroundStep]] = defaultdict(list)
    rows = fetched(f"{' UNION ALL '.join(branches)} ORDER BY 3", parameters)
    for kind, site_id, at, action, name, devices, net in rows:
        what = f"{_KEPT[kind].noun} {name} {_DONE[action]}"
        steps[ChangeScope(site_id, kind)].append(
            GroundStep(DatedChange(what, at), frozenset(devices.tolist()), net)
        )
    return dict(steps)


@dataclass(frozen=True, slots=True)
class VersionStep:
    run_id: int
    device: str
    role: str
    column: str
    before: str
    after: str
    at: datetime


# A version that was never entered tells nothing; one that was entered later and changed then was that of before. Where
# clocks differ, what a device has now counts in any case. Each device's
# entries are looked up by themselves: without statistics, the planner would read those of all for each run.
_VERSIONS = """
WITH tested AS MATERIALIZED (
    SELECT DISTINCT device_id FROM evidence_rundevice WHERE run_id = ANY(%(runs)s)
), changed AS MATERIALIZED (
    SELECT tested.device_id, entry.* FROM tested CROSS JOIN LATERAL (
        SELECT id, at, after ->> 'firmware_version' AS firmware_version,
            after ->> 'software_version' AS software_version, before ->> 'firmware_version' AS firmware_before,
            before ->> 'software_version' AS software_before
        FROM audit_entry
        WHERE lasts AND "table" = 'inventory_device' AND object_id = tested.device_id AND after IS NOT NULL
            AND (before ->> 'firmware_version', before ->> 'software_version')
                IS DISTINCT FROM (after ->> 'firmware_version', after ->> 'software_version')
        OFFSET 0
    ) AS entry
)
SELECT DISTINCT ON (run.id, device.id, version.name)
    run.id, device.name, device.role, version.name, version.before, version.after, changed.at
FROM changed
JOIN inventory_device AS device ON device.id = changed.device_id
JOIN evidence_rundevice AS here ON here.device_id = device.id
JOIN evidence_validationrun AS run ON run.id = here.run_id
CROSS JOIN LATERAL (VALUES
    ('firmware_version', here.firmware_version, changed.firmware_before, changed.firmware_version,
        device.firmware_version),
    ('software_version', here.software_version, changed.software_before, changed.software_version,
        device.software_version)
) AS entered (name, kept, before, after, now)
CROSS JOIN LATERAL (
    SELECT entered.name, entered.after, entered.now, CASE WHEN entered.kept = '' AND changed.at > run.taken_at
        THEN coalesce(entered.before, '') ELSE entered.kept END AS before
) AS version
WHERE run.id = ANY(%(runs)s) AND version.before <> '' AND version.after <> '' AND version.after <> version.before
    AND (changed.at > run.taken_at OR version.after = version.now)
ORDER BY run.id, device.id, version.name, changed.at > run.taken_at DESC, changed.id
"""


def version_steps(run_ids: Collection[int]) -> list[VersionStep]:
    """The first version of each device of these runs that differs from the run's, since it was taken; one statement."""
    if not run_ids:
        return []
    return [VersionStep(*row) for row in fetched(_VERSIONS, {"runs": sorted(run_ids)})]
