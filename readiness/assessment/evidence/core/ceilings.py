"""Physical ceilings of the hardware that a run was on: no clean run passes them.

A link's ceiling is its two-way rate: with in-network reduction a collective passes the one-way rate (8 x H100 reach
480 GB/s of 450 one way), never the two-way one (900). Between nodes the ports bound it too, unless the link goes on to
them (a rack of GB200). A bidirectional test of a port reaches twice the port's rate.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from inventory.catalogue import Ceiling, product_named
from readiness.assessment.evidence.core.identity import FileIdentity, InstalledDevice, InstalledPort, SeenRate
from readiness.assessment.evidence.core.proving.floors import COLLECTIVES

BYTE = 8
ROUNDING = 1.005
"""A tool counts payload in decimal units and rounds; half a per cent above a ceiling is its print."""
MEMORY_TOOLS = frozenset({"stream"})
PORT_TOOLS = frozenset({"perftest", "iperf3"})
PEAK_TOOLS = frozenset({"hpl", "hpl-mxp"})
BOTH_WAYS = ("bidirectional", "bibw")


@dataclass(frozen=True, slots=True)
class Bounded:
    """`reason` says that the rate is above its ceiling, with both; `remark` that no ceiling is known."""

    reason: str = ""
    remark: str = ""


def bounds_of(tool: str, file: FileIdentity, devices: Sequence[InstalledDevice]) -> Iterator[Bounded]:
    """Compare the file's rates with the ceilings of the devices; nothing for tools that no hardware figure bounds."""
    nodes = [device for device in devices if device.is_node]
    if not nodes:
        return
    is_across = (len(file.hosts) > 1 or len(nodes) > 1) and not all(map(_is_linked_across, nodes))
    for rate in file.rates:
        ceiling = _ceiling(tool, rate, nodes, is_across=is_across)
        if ceiling is None:
            if tool in COLLECTIVES | MEMORY_TOOLS | PORT_TOOLS | PEAK_TOOLS:
                yield Bounded(remark=_unknown(tool, nodes))
                return
        elif rate.value > ceiling.value * ROUNDING:
            yield Bounded(reason=_above(rate, ceiling))


def _ceiling(
    tool: str, rate: SeenRate, nodes: Sequence[InstalledDevice], *, is_across: bool
) -> Ceiling | None:
    if tool in COLLECTIVES and rate.name == "busbw":
        between = _least(_ports_ceiling(node) for node in nodes) if is_across else None
        return _least([_least(map(_link_ceiling, nodes)), between])
    if tool == "superbench" and rate.operation.endswith("_busbw"):
        return _least(map(_link_ceiling, nodes))
    if tool in PORT_TOOLS and rate.name == "bandwidth":
        # The tool runs on the first device that the sender names.
        return _port_ceiling(nodes[0], rate)
    if tool == "osu" and rate.name == "bandwidth" and is_across:
        # Several pairs, or one over several rails, use all ports; inside a node data cross no port.
        both = _ports_ceiling(nodes[0])
        is_one_way = both is not None and not any(word in rate.operation for word in BOTH_WAYS)
        return Ceiling(both.value / 2, both.unit, both.source) if both and is_one_way else both
    if tool in MEMORY_TOOLS and rate.name == "bandwidth":
        return _least(node.ceilings.get("memory_gbs") for node in nodes)
    if tool in PEAK_TOOLS and rate.name == "flops":
        return _total(node.ceilings.get("peak_tflops") or _accelerators_peak(node) for node in nodes)
    return None


def _is_linked_across(node: InstalledDevice) -> bool:
    """Whether the accelerators' link goes on to other nodes of a rack, so that data between them cross no port."""
    products = [product_named(model) for model in {each.model for each in node.accelerators.values()}]
    return bool(products) and all(each is not None and each.link_across for each in products)


def _link_ceiling(node: InstalledDevice) -> Ceiling | None:
    """The least of the accelerators' links; without such a link data cross PCIe, which has a rate for each way."""
    return _least(_accelerator_link(each.ceilings) for each in node.accelerators.values())


def _accelerator_link(ceilings: Mapping[str, Ceiling]) -> Ceiling | None:
    link, pcie = ceilings.get("interconnect_gbs"), ceilings.get("pcie_gbs")
    if link is not None:
        return link
    return None if pcie is None else Ceiling(2 * pcie.value, pcie.unit, f"PCIe, both ways ({pcie.source})")


def _ports_ceiling(node: InstalledDevice) -> Ceiling | None:
    """Both ways of the node's back-end ports together, else of its RDMA ports, else of all."""
    ports = list(node.ports.values())
    used = [each for each in ports if each.is_back_end] or [each for each in ports if each.is_rdma] or ports
    speeds = [each.gbps for each in used]
    if not speeds or None in speeds:
        return None
    total = sum(speed for speed in speeds if speed is not None)
    port_count = "1 port" if len(speeds) == 1 else f"{len(speeds)} ports"
    return Ceiling(2 * total / BYTE, "GB/s", f"{port_count} of {node.name}, {total:g} Gb/s each way")


def _port_ceiling(node: InstalledDevice, rate: SeenRate) -> Ceiling | None:
    port: InstalledPort | None = node.ports.get(rate.subject.lower())
    speeds = [each.gbps or 0 for each in node.ports.values()]
    if port is None and "bond" in rate.subject.lower():
        # Several ports joined to one, which bears another name than any of them.
        port = InstalledPort(gbps=sum(speeds))
    speed = port.gbps if port else max(speeds, default=0)
    if not speed:
        return None
    ways = 2 if any(word in rate.operation for word in BOTH_WAYS) else 1
    where = f"{node.name} {rate.subject}".strip() if port else f"the fastest port of {node.name}"
    return Ceiling(ways * speed / BYTE, "GB/s", f"{where}, {speed:g} Gb/s{' each way' if ways == 2 else ''}")


def _accelerators_peak(node: InstalledDevice) -> Ceiling | None:
    return _total(each.ceilings.get("peak_tflops") for each in node.accelerators.values())


def _least(ceilings: Iterable[Ceiling | None]) -> Ceiling | None:
    known_ceilings = [each for each in ceilings if each is not None]
    return min(known_ceilings, key=lambda each: each.value, default=None)


def _total(ceilings: Iterable[Ceiling | None]) -> Ceiling | None:
    every = list(ceilings)
    known_ceilings = [each for each in every if each is not None]
    if not known_ceilings or len(known_ceilings) < len(every):
        return None
    return Ceiling(
        sum(each.value for each in known_ceilings), known_ceilings[0].unit, known_ceilings[0].source
    )


def _above(rate: SeenRate, ceiling: Ceiling) -> str:
    what = " ".join(filter(None, [rate.operation.replace("_", " "), rate.subject])) or "run"
    if ceiling.unit == "GB/s" and rate.name == "bandwidth":
        value, most = f"{rate.value * BYTE:,.4g} Gb/s", f"{ceiling.value * BYTE:,.4g} Gb/s"
    else:
        value, most = f"{rate.value:,.4g} {ceiling.unit}", f"{ceiling.value:,.4g} {ceiling.unit}"
    return f"The {what} reached {value}, which is more than the hardware can do: {most} ({ceiling.source})."


def _unknown(tool: str, nodes: Sequence[InstalledDevice]) -> str:
    names = sorted({node.platform for node in nodes})
    return f"No ceiling is known for {', '.join(names)}, so the figures were not compared with the hardware."
