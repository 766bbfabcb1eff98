"""One comparison of every run with the inventory, the same for all tools.

The file outranks the sender, and nothing that either says outranks what is installed. A known other host, number,
model or count is a contradiction: an upload is refused, a stored run proves nothing, and both sides are named. A host
that nobody recorded is no contradiction: the device that the sender names then counts as named by the sender.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from inventory.bus_ids import bus_id
from inventory.catalogue import contradicts
from readiness.assessment.evidence.core.bearing import OF_ACCELERATORS
from readiness.assessment.evidence.core.ceilings import Bounded, bounds_of
from readiness.assessment.evidence.core.documents import is_loopback
from readiness.assessment.evidence.core.identity import (
    Claim,
    FileIdentity,
    InstalledDevice,
    Matches,
    SeenSoftware,
)
from readiness.assessment.evidence.core.parsed import SeenAccelerator
from readiness.assessment.evidence.core.proving.floors import COLLECTIVES
from readiness.assessment.evidence.core.proving.values import few

SOFTWARE = ("driver", "nos")
"""Versions in a file that the inventory keeps as the software version of a device."""
_VERSION = re.compile(r"\d+(?:\.\d+)+")


@dataclass(frozen=True, slots=True)
class Objection:
    """`field` is what an upload must correct: `file`, `devices`, `platform`, `site` or a version's name."""

    field: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """`devices` are those of the run, in the sender's order or the file's. `objections` contradict the sender or name
    another host; `mismatch` is a sentence if the file names other hardware than is installed, `implausible` if its
    figures cannot be: either way the run proves nothing. `is_sender_named` says that only the sender names a device.
    """

    devices: tuple[InstalledDevice, ...]
    platform: str
    is_sender_named: bool
    objections: tuple[Objection, ...]
    mismatch: str
    implausible: str
    remarks: tuple[str, ...]
    software: tuple[SeenSoftware, ...]


def reconciled(tool: str, file: FileIdentity, claim: Claim, matches: Matches) -> Reconciled:
    seen = _seen_devices(file, matches)
    devices = claim.devices or tuple(dict.fromkeys(seen.values()))
    nodes = [device for device in devices if device.is_node]
    objections = [
        *_other_places(file, matches),
        *_other_devices(claim, seen),
        *_other_count(tool, file, claim),
        *_other_platform(claim, nodes, matches),
        *_other_versions(file, claim),
    ]
    platform = _platform(nodes, matches)
    bounds = list(bounds_of(tool, file, devices))
    above = next((each.reason for each in bounds if each.reason), "")
    software = tuple(_software(file, devices))
    return Reconciled(
        devices=devices,
        platform=platform,
        is_sender_named=bool({device.id for device in claim.devices} - {each.id for each in seen.values()}),
        objections=tuple(objections),
        mismatch=next(_other_hardware(tool, file, nodes, seen), ""),
        implausible=file.contradiction or above,
        remarks=tuple(_remarks(file, seen, bounds, software, devices)),
        software=software,
    )


def _seen_devices(file: FileIdentity, matches: Matches) -> dict[str, InstalledDevice]:
    """The devices of the site that the file itself names, by the host or number that names them."""
    names = [*file.hosts, *(number for each in file.accelerators for number in numbers_of(each))]
    return {name: matches.here[name.lower()] for name in names if name.lower() in matches.here}


def numbers_of(accelerator: SeenAccelerator) -> list[str]:
    return [number for number in (accelerator.uuid, accelerator.serial) if number]


def _other_places(file: FileIdentity, matches: Matches) -> Iterator[Objection]:
    names = [*file.hosts, *(number for each in file.accelerators for number in numbers_of(each))]
    others = [name for name in dict.fromkeys(names) if name.lower() in matches.elsewhere]
    if others:
        yield Objection("site", f"The file names {few(others)}, which the inventory has at another site.")


def _other_devices(claim: Claim, seen: dict[str, InstalledDevice]) -> Iterator[Objection]:
    claimed = {device.id for device in claim.devices}
    others = list(dict.fromkeys(device.name for device in seen.values() if device.id not in claimed))
    if claimed and others:
        claimed_names = few([device.name for device in claim.devices])
        yield Objection("devices", f"The file is of {few(others)}; the upload names {claimed_names}.")


def _other_count(tool: str, file: FileIdentity, claim: Claim) -> Iterator[Objection]:
    """These tools list every host, so that a run inside one node cannot stand for a pair."""
    nodes = [device.name for device in claim.devices if device.is_node]
    if tool in COLLECTIVES and file.hosts and nodes and len(nodes) != len(file.hosts):
        counted = "1 host" if len(file.hosts) == 1 else f"{len(file.hosts)} hosts"
        reason = f"The file lists {counted} ({few(file.hosts)}); the upload names {few(nodes)}."
        yield Objection("devices", reason)


def _other_platform(claim: Claim, nodes: Sequence[InstalledDevice], matches: Matches) -> Iterator[Objection]:
    installed = {device.platform for device in nodes} or set(matches.platforms)
    if claim.platform and claim.platform.casefold() not in {each.casefold() for each in installed}:
        has = few(sorted(installed)) or "no node"
        reason = (
            f"The upload names {claim.platform}; the inventory has {has}. Floors come from the inventory."
        )
        yield Objection("platform", reason)


def _other_versions(file: FileIdentity, claim: Claim) -> Iterator[Objection]:
    in_file = dict(file.versions)
    for name, version in claim.versions.items():
        if version and in_file.get(name) and _digits(in_file[name]) != _digits(version):
            yield Objection(name, f"The file says {name} {in_file[name]}; the upload says {version}.")


def _digits(version: str) -> str:
    """NCCL prints `2.27.3+cuda12.9`, and senders write `NCCL 2.27.3`."""
    matched = _VERSION.search(version)
    return matched[0] if matched else version.strip().casefold()


def _platform(nodes: Sequence[InstalledDevice], matches: Matches) -> str:
    platforms = {device.platform for device in nodes} if nodes else matches.platforms
    return next(iter(platforms)) if len(platforms) == 1 else ""


def _other_hardware(
    tool: str, file: FileIdentity, nodes: Sequence[InstalledDevice], seen: dict[str, InstalledDevice]
) -> Iterator[str]:
    """Sentences about hardware in the file that is not the installed one."""
    seen_devices = [seen[host] for host in file.hosts if host in seen]
    known_ids = {device.id for device in seen_devices}
    if tool in {*COLLECTIVES, "iperf3"} and len(seen_devices) > len(known_ids):
        yield f"The file lists {few(file.hosts)}; the inventory has one device for two of these names."
    if tool not in OF_ACCELERATORS:
        return
    bare = [node.name for node in nodes if not node.accelerators]
    if bare:
        yield f"The inventory has no accelerators in {few(bare)}: nothing installed proves nothing."
        return
    installed = sum(len(node.accelerators) for node in nodes)
    if nodes and file.ranks.get("", 0) > installed:
        names = few([node.name for node in nodes])
        yield f"The file counts {file.ranks['']} accelerators; the inventory has {installed} in {names}."
    by_host = _host_accelerators(file)
    for host, accelerators in by_host.items():
        device = seen.get(host)
        # An unknown host is one of the nodes that no known host is, so it must contradict all of them.
        candidates = [device] if device else [node for node in nodes if node.id not in known_ids]
        reasons = [next(_contradictions(tool, host, accelerators, file, node), "") for node in candidates]
        if reasons and all(reasons):
            yield reasons[0]
    # The other way round: each node that no known host is must be one of the unknown hosts.
    unknown = {host: each for host, each in by_host.items() if host not in seen}
    for node in nodes if tool in COLLECTIVES and unknown else ():
        others = (next(_contradictions(tool, host, each, file, node), "") for host, each in unknown.items())
        if node.id not in known_ids and (reason := next(others)) and all(others):
            yield reason


def _host_accelerators(file: FileIdentity) -> dict[str, list[SeenAccelerator]]:
    by_host: dict[str, list[SeenAccelerator]] = {host: [] for host in file.ranks if host}
    for accelerator in file.accelerators:
        by_host.setdefault(accelerator.host, []).append(accelerator)
    return by_host


def _contradictions(
    tool: str, host: str, accelerators: Sequence[SeenAccelerator], file: FileIdentity, node: InstalledDevice
) -> Iterator[str]:
    listed = len({each.bus_id or each.uuid or str(each.index) for each in accelerators})
    count, installed = file.ranks.get(host, listed), len(node.accelerators)
    if count > installed:
        where = f"on {host}" if host else "in all"
        yield f"The file counts {count} accelerators {where}; the inventory has {installed} in {node.name}."
    yield from _other_models(tool, node, accelerators)
    yield from _other_buses(node, accelerators)


def _other_models(tool: str, node: InstalledDevice, accelerators: Sequence[SeenAccelerator]) -> Iterator[str]:
    """A diagnostic is compared accelerator by accelerator where it is proved."""
    models = list(dict.fromkeys(each.model for each in node.accelerators.values()))
    if tool not in COLLECTIVES or not models:
        return
    for accelerator in accelerators:
        if accelerator.model and all(contradicts(accelerator.model, model) for model in models):
            yield f"The file names {accelerator.model}; the inventory has {few(models)} in {node.name}."


def _other_buses(node: InstalledDevice, accelerators: Sequence[SeenAccelerator]) -> Iterator[str]:
    """Only if all accelerators of the node have a bus id in the inventory, and the file prints whole ones."""
    installed = {bus_id(each.bus_id) for each in node.accelerators.values() if each.bus_id}
    printed = {bus_id(each.bus_id): each.bus_id for each in accelerators if each.bus_id.count(":")}
    others = [text for each, text in printed.items() if each not in installed]
    if others and installed and len(installed) == len(node.accelerators):
        yield f"The file names the bus id {few(others)}; the inventory has {few(sorted(installed))} in {node.name}."


def _software(file: FileIdentity, devices: Iterable[InstalledDevice]) -> Iterator[SeenSoftware]:
    in_file = [version for name, version in file.versions if name in SOFTWARE and version]
    for device in devices if in_file else ():
        if device.is_node and device.software:
            yield SeenSoftware(device.id, device.software, in_file[0])


def _remarks(
    file: FileIdentity,
    seen: dict[str, InstalledDevice],
    bounds: Sequence[Bounded],
    software: Sequence[SeenSoftware],
    devices: Sequence[InstalledDevice],
) -> Iterator[str]:
    unknown = [host for host in file.hosts if host not in seen and not is_loopback(host)]
    if unknown:
        yield f"No device of this site is named {few(unknown)}."
    names = {device.id: device.name for device in devices}
    for each in software:
        if not each.agrees:
            name = names[each.device_id]
            yield f"The file names software {each.seen}; the inventory has {each.inventory} for {name}."
    yield from (bound.remark for bound in bounds if bound.remark)
